from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import Any

import pytest
from synthetic import WRITERS, write_hybrid_model, write_model, write_recurrent_model

from offline_interpreter.cancel import Cancel
from offline_interpreter.engines.llama.engine import LEAST_GROWTH_TOKENS, LlamaEngine
from offline_interpreter.engines.llama.prefixes import LARGEST_SHARE, PrefixStore, clear, model_key, stored
from offline_interpreter.engines.llama.tokens import Entry
from offline_interpreter.records import Message, Progress, Reply, Sampling
from offline_interpreter.steps import STEP_SCHEMA

SYSTEM = Message("system", "Reply with one JSON object.\n" * 8)
QUESTION = [SYSTEM, Message("user", "What is 37 * 481?")]
STORY = [SYSTEM, Message("user", "It was a dark and stormy night. " * (LEAST_GROWTH_TOKENS // 32 + 1))]


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_model(tmp_path_factory.mktemp("models") / "noise.gguf", context=4096)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "prefixes"


def answer(model: Path, folder: Path | None, messages: list[Message]) -> tuple[str, Reply]:
    engine = LlamaEngine(model, prefixes=folder)
    stream = engine.stream(messages, STEP_SCHEMA, Sampling(max_tokens=40), Cancel(), lambda _: None)
    text = ""
    try:
        while True:
            text += next(stream)
    except StopIteration as end:
        reply: Reply = end.value
    engine.close()
    return text, reply


def say(engine: LlamaEngine, messages: list[Message]) -> Reply:
    stream = engine.stream(messages, STEP_SCHEMA, Sampling(max_tokens=40), Cancel(), lambda _: None)
    while True:
        try:
            next(stream)
        except StopIteration as end:
            reply: Reply = end.value
            return reply


def only_file(folder: Path) -> Path:
    (path,) = folder.iterdir()
    return path


# -- the system prompt ------------------------------------------------------------------------------------------------


def test_a_system_prompt_is_evaluated_once_for_all_processes(model: Path, folder: Path) -> None:
    _, first = answer(model, folder, QUESTION)
    _, second = answer(model, folder, [SYSTEM, Message("user", "And 2 + 2?")])
    assert first.stats.cached_tokens == 0
    assert second.stats.cached_tokens >= len(SYSTEM.text)


def test_a_restored_prefix_changes_no_reply(model: Path, folder: Path) -> None:
    expected, _ = answer(model, None, QUESTION)
    answer(model, folder, QUESTION)
    assert answer(model, folder, QUESTION)[0] == expected


def test_a_short_system_prompt_is_not_kept(model: Path, folder: Path) -> None:
    answer(model, folder, [Message("system", "Be brief."), Message("user", "What is 37 * 481?")])
    assert not folder.exists()


def test_another_system_prompt_is_kept_beside_it(model: Path, folder: Path) -> None:
    answer(model, folder, QUESTION)
    answer(model, folder, [Message("system", SYSTEM.text.upper()), QUESTION[1]])
    assert len(list(folder.iterdir())) == 2


def test_another_model_takes_nothing_of_it(model: Path, folder: Path, tmp_path: Path) -> None:
    answer(model, folder, QUESTION)
    other = write_model(tmp_path / "noise.gguf", seed=1, context=4096)
    assert answer(other, folder, QUESTION)[1].stats.cached_tokens == 0


@pytest.mark.parametrize("write", [write_recurrent_model, write_hybrid_model])
def test_a_model_with_a_state_goes_on_from_it(folder: Path, tmp_path: Path, write: Any) -> None:
    model = write(tmp_path / "state.gguf")
    expected, _ = answer(model, None, QUESTION)
    answer(model, folder, QUESTION)
    text, reply = answer(model, folder, QUESTION)
    assert reply.stats.cached_tokens >= len(SYSTEM.text)
    assert text == expected


def test_nobody_else_may_read_what_people_said(model: Path, folder: Path) -> None:
    answer(model, folder, QUESTION)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert stat.S_IMODE(only_file(folder).stat().st_mode) == 0o600


@pytest.mark.parametrize("kind", WRITERS)
def test_an_engine_that_can_keep_nothing_looks_on_disk(folder: Path, tmp_path: Path, kind: str) -> None:
    write: Any = WRITERS[kind]
    engine = LlamaEngine(write(tmp_path / "noise.gguf", context=4096), prefixes=folder)
    say(engine, QUESTION)
    say(engine, [Message("system", SYSTEM.text.upper()), QUESTION[1]])
    reply = say(engine, [SYSTEM, Message("user", "And 2 + 2?")])
    assert reply.stats.cached_tokens >= len(SYSTEM.text)
    reply = say(engine, [Message("system", SYSTEM.text.upper()), Message("user", "And 2 + 2?")])
    assert reply.stats.cached_tokens >= len(SYSTEM.text)
    engine.close()
    assert len(list(folder.iterdir())) == 2


def test_what_others_keep_is_not_opened(model: Path, folder: Path) -> None:
    answer(model, folder, QUESTION)
    path = only_file(folder)
    for number in range(9):
        path.with_name(f"{path.name[:16]}-{number}.prefix").mkdir()  # would be an error, were it opened
    assert answer(model, folder, QUESTION)[1].stats.cached_tokens > 0


def test_a_long_request_that_was_stopped_leaves_the_system_prompt_as_it_was(model: Path, folder: Path) -> None:
    answer(model, folder, QUESTION)
    size = only_file(folder).stat().st_size
    engine, cancel = LlamaEngine(model, prefixes=folder), Cancel()

    def stop_late(progress: Progress) -> None:
        if progress.done > LEAST_GROWTH_TOKENS + 200:
            cancel.request()

    for _ in engine.stream([SYSTEM, Message("user", "x" * 2000)], STEP_SCHEMA, Sampling(), cancel, stop_late):
        pass
    assert len(engine._context.held) > len(SYSTEM.text) + LEAST_GROWTH_TOKENS
    engine.close()
    assert only_file(folder).stat().st_size == size


# -- the log of a session --------------------------------------------------------------------------------------------


def test_a_long_session_is_taken_up_where_it_ended(model: Path, folder: Path) -> None:
    text, first = answer(model, folder, STORY)
    resumed = [*STORY, Message("assistant", text), Message("user", "Go on.")]
    _, second = answer(model, folder, resumed)
    spent = first.stats.prompt_tokens + first.stats.generated_tokens
    assert second.stats.cached_tokens >= spent - 1
    assert second.stats.prompt_tokens - second.stats.cached_tokens < 60


def test_a_session_that_went_another_way_takes_what_is_common(model: Path, folder: Path) -> None:
    answer(model, folder, STORY)
    expected, _ = answer(model, None, [SYSTEM, Message("user", "And 2 + 2?")])
    text, reply = answer(model, folder, [SYSTEM, Message("user", "And 2 + 2?")])
    assert reply.stats.cached_tokens >= len(SYSTEM.text)
    assert text == expected


# -- files that are not as they should be ----------------------------------------------------------------------------


@pytest.mark.parametrize("place", [0, 9, 40, -1])
def test_a_damaged_file_is_not_used(model: Path, folder: Path, place: int) -> None:
    expected, _ = answer(model, folder, QUESTION)
    path = only_file(folder)
    content = bytearray(path.read_bytes())
    content[place] ^= 0x41
    path.write_bytes(content)
    text, reply = answer(model, folder, QUESTION)
    assert (text, reply.stats.cached_tokens) == (expected, 0)


def test_a_file_that_was_cut_short_is_not_used(model: Path, folder: Path) -> None:
    expected, _ = answer(model, folder, QUESTION)
    path = only_file(folder)
    path.write_bytes(path.read_bytes()[:-100])
    assert answer(model, folder, QUESTION)[0] == expected


def test_a_damaged_file_is_replaced(model: Path, folder: Path) -> None:
    answer(model, folder, QUESTION)
    path = only_file(folder)
    path.write_bytes(path.read_bytes()[:-1] + b"?")
    answer(model, folder, QUESTION)
    assert answer(model, folder, QUESTION)[1].stats.cached_tokens > 0


def test_a_folder_that_is_a_file_costs_only_time(model: Path, tmp_path: Path) -> None:
    (tmp_path / "prefixes").write_text("")
    assert answer(model, tmp_path / "prefixes", QUESTION)[1].stats.generated_tokens == 40


# -- the folder -----------------------------------------------------------------------------------------------------


class FixedState:
    """What a store asks of a context: some tokens, and a state of a given size."""

    def __init__(self, size: int) -> None:
        self.held = [1, 2, 3]
        self._size = size

    def state_bytes(self) -> int:
        return self._size

    def state(self) -> memoryview:
        return memoryview(bytes(self._size))


@pytest.fixture
def store(folder: Path) -> PrefixStore:
    return PrefixStore(folder, key="k", model="m.gguf", most_bytes=4000)


def save(store: PrefixStore, text: str, size: int = 500) -> bool:
    return store.save(FixedState(size), [Entry(Message("system", text), (1, 2, 3))])  # type: ignore[arg-type]


def test_what_was_not_used_for_longest_goes_first(store: PrefixStore, folder: Path) -> None:
    for index in range(5):
        save(store, str(index), 900)
        os.utime(next(p.path for p in stored(folder) if p.turns[0].text == str(index)), (index, index))
    save(store, "new", 900)
    texts = {prefix.turns[0].text for prefix in stored(folder)}
    assert "new" in texts
    assert "4" in texts
    assert "0" not in texts
    assert sum(path.stat().st_size for path in folder.iterdir()) <= 4000


def test_what_would_take_a_large_part_of_the_folder_is_not_kept(store: PrefixStore, folder: Path) -> None:
    assert not save(store, "large", 4000 // LARGEST_SHARE + 1)
    assert list(stored(folder)) == []


def test_the_longest_prefix_is_found(store: PrefixStore) -> None:
    turns = [Message("system", "a"), Message("user", "b"), Message("assistant", "c")]
    for length in (1, 3, 2):
        state = FixedState(10)
        state.held = [1] * length
        store.save(state, [Entry(turn, (1,)) for turn in turns[:length]])  # type: ignore[arg-type]
    found = store.find([*turns, Message("user", "d")])
    assert found is not None
    assert found.turns == turns
    assert store.find([Message("system", "other")]) is None


def test_clearing_removes_all_of_it_and_nothing_else(store: PrefixStore, folder: Path) -> None:
    save(store, "a")
    save(store, "b")
    (folder / ".left.prefix.part").write_bytes(b"12345")
    (folder / "notes.txt").write_text("mine")
    files, size = clear(folder)
    assert (files, size > 1000) == (3, True)
    assert [path.name for path in folder.iterdir()] == ["notes.txt"]


def test_clearing_what_is_not_there_is_nothing(tmp_path: Path) -> None:
    assert clear(tmp_path / "none") == (0, 0)


def test_a_model_is_known_by_its_content_and_its_use(tmp_path: Path) -> None:
    first, same, other = tmp_path / "a.gguf", tmp_path / "b.gguf", tmp_path / "c.gguf"
    content = bytes(range(256)) * 40_000
    first.write_bytes(content)
    same.write_bytes(content)
    other.write_bytes(content[:5_120_100] + b"\0\0\0\0" + content[5_120_104:])
    keys = [model_key([path], "0.3.36") for path in (first, same, other)]
    assert keys[0] == keys[1] != keys[2]
    assert model_key([first], "0.3.37") != keys[0]
