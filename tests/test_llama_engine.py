from __future__ import annotations

import json
from collections.abc import Callable, Generator, Iterator, Sequence
from importlib import resources
from pathlib import Path
from typing import Any

import pytest
from synthetic import CHATML, write_hybrid_model, write_model, write_recurrent_model

from offline_interpreter.cancel import Cancel
from offline_interpreter.engines.base import stream_in_thread
from offline_interpreter.engines.llama.engine import LlamaEngine
from offline_interpreter.engines.llama.gpus import gpu_is_usable
from offline_interpreter.errors import ContextFull, EngineError, ModelMissing
from offline_interpreter.models.fit import ALL_LAYERS
from offline_interpreter.records import Message, Progress, Reply, Sampling
from offline_interpreter.steps import STEP_SCHEMA, StepReader, close_step, parse_step

SYSTEM = Message("system", "Reply with one JSON object.\n" * 8)
QUESTION = [SYSTEM, Message("user", "What is 37 * 481?")]
GREEDY = Sampling(max_tokens=60)
SHORT_SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {"kind": {"const": "note"}, "text": {"type": "string", "maxLength": 30}},
    "required": ["kind", "text"],
    "additionalProperties": False,
}

ENDLESS_SCHEMA: dict[str, Any] = {"type": "string", "minLength": 9_999}


def ignore(progress: Progress) -> None:
    del progress


def start(
    engine: LlamaEngine,
    messages: Sequence[Message] = QUESTION,
    sampling: Sampling = GREEDY,
    *,
    schema: dict[str, Any] = STEP_SCHEMA,
    cancel: Cancel | None = None,
    progress: Callable[[Progress], None] = ignore,
) -> Generator[str, None, Reply]:
    return engine.stream(messages, schema, sampling, cancel or Cancel(), progress)


def finish(stream: Generator[str, None, Reply]) -> tuple[str, Reply]:
    text = ""
    while True:
        try:
            text += next(stream)
        except StopIteration as end:
            return text, end.value


def ask(engine: LlamaEngine, *arguments: Any, **options: Any) -> tuple[str, Reply]:
    return finish(start(engine, *arguments, **options))


def starter_path() -> Path:
    return Path(str(resources.files("offline_interpreter").joinpath("data/starter.gguf")))


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_model(tmp_path_factory.mktemp("models") / "noise.gguf")


@pytest.fixture
def engine(path: Path) -> Iterator[LlamaEngine]:
    engine = LlamaEngine(path)
    yield engine
    engine.close()


# -- replies follow their schema ------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("temperature", [1.0, 3.0])
def test_noise_is_a_step_when_it_is_complete(engine: LlamaEngine, seed: int, temperature: float) -> None:
    sampling = Sampling(temperature=temperature, min_p=0.0, seed=seed, max_tokens=1500)
    text, reply = ask(engine, QUESTION, sampling)
    if reply.finish == "complete":
        parse_step(text)
    else:
        reader = StepReader()
        reader.feed(text)
        assert reader.action in ("code", "answer")


@pytest.mark.parametrize("seed", range(20))
def test_noise_keeps_within_the_lengths_of_its_schema(engine: LlamaEngine, seed: int) -> None:
    text, reply = ask(
        engine, QUESTION, Sampling(temperature=2.0, min_p=0.0, seed=seed, max_tokens=500), schema=SHORT_SCHEMA
    )
    value = json.loads(text)
    assert reply.finish == "complete"
    assert value["kind"] == "note"
    assert len(value["text"]) <= 30


def test_the_starter_writes_steps() -> None:
    engine = LlamaEngine(starter_path())
    text, reply = ask(engine, [Message("user", "What is 37 * 481?")], Sampling(max_tokens=400))
    assert reply.finish == "complete"
    parse_step(text)
    engine.close()


def test_forced_text_costs_no_choice(engine: LlamaEngine) -> None:
    schema = {"const": "always the same"}
    text, reply = ask(engine, schema=schema)
    assert text == '"always the same"'
    assert reply.stats.forced_tokens == reply.stats.generated_tokens == len(text)


def test_a_schema_that_cannot_be_followed_is_an_error(engine: LlamaEngine) -> None:
    with pytest.raises(EngineError, match="cannot be constrained"):
        ask(engine, schema={"type": "nonsense"})


@pytest.mark.parametrize("opened", ["<think>\n", ""])
def test_a_model_that_thinks_writes_its_step_at_once(tmp_path: Path, opened: str) -> None:
    template = CHATML.replace("assistant\n{% endif %}", "assistant\n" + opened + "{% endif %}")
    thinker = LlamaEngine(write_model(tmp_path / "thinker.gguf", template=template))
    text, reply = ask(thinker)
    read = b"".join(thinker._weights.vocabulary.pieces[token] for token in thinker._context.held).decode(
        "utf-8", "ignore"
    )
    assert text.startswith('{"action": "')
    assert read.count("</think>") == (1 if opened else 0)
    assert read.index(text[:20]) > read.find("</think>")
    assert reply.stats.first_token_s > 0
    thinker.close()


# -- the cache ------------------------------------------------------------------------------------------------------


def test_a_conversation_that_goes_on_evaluates_what_is_new(engine: LlamaEngine) -> None:
    text, first = ask(engine)
    _, second = ask(engine, [*QUESTION, Message("assistant", text), Message("observation", "17797")])
    evaluated = second.stats.prompt_tokens - second.stats.cached_tokens
    assert second.stats.cached_tokens >= first.stats.prompt_tokens + first.stats.generated_tokens - 40
    assert evaluated < 100


@pytest.mark.parametrize("write", [write_recurrent_model, write_hybrid_model])
def test_a_model_that_cannot_take_back_goes_on_all_the_same(tmp_path: Path, write: Callable[[Path], Path]) -> None:
    engine = LlamaEngine(write(tmp_path / "state.gguf"))
    text, first = ask(engine)
    _, second = ask(engine, [*QUESTION, Message("assistant", text), Message("observation", "17797")])
    assert second.stats.cached_tokens >= first.stats.prompt_tokens + first.stats.generated_tokens - 40
    assert (first.stats.drafted_tokens, second.stats.drafted_tokens) == (0, 0)
    engine.close()


@pytest.mark.parametrize("name", ["noise", "starter"])
def test_a_reply_is_the_same_with_and_without_the_cache(path: Path, name: str) -> None:
    model = path if name == "noise" else starter_path()
    kept, fresh = LlamaEngine(model), LlamaEngine(model)
    text, _ = ask(kept)
    messages = [*QUESTION, Message("assistant", text), Message("observation", "17797")]
    reused, reply = ask(kept, messages)
    assert reply.stats.cached_tokens > 0
    assert reused == ask(fresh, messages)[0]
    kept.close()
    fresh.close()


def test_a_closed_reply_keeps_what_is_common(engine: LlamaEngine) -> None:
    text, first = ask(engine, QUESTION, Sampling(max_tokens=40))
    assert first.finish == "length"
    _, second = ask(engine, [*QUESTION, Message("assistant", close_step(text)), Message("user", "Go on.")])
    assert second.stats.cached_tokens >= first.stats.prompt_tokens + 20


def test_a_conversation_cut_and_regrown_is_answered_as_a_new_one(engine: LlamaEngine, path: Path) -> None:
    text, _ = ask(engine)
    ask(engine, [*QUESTION, Message("assistant", text), Message("observation", "17797")])
    other = [SYSTEM, Message("user", "What is 2 + 2?")]
    regrown, reply = ask(engine, other)
    fresh = LlamaEngine(path)
    assert reply.stats.cached_tokens > 200
    assert regrown == ask(fresh, other)[0]
    fresh.close()


def test_begun_anew_nothing_that_came_before_matters(path: Path) -> None:
    other = [SYSTEM, Message("user", "Something else, at length. " * 12)]
    replies = []
    for asked_before in ([], [other], [other, [other[1]], QUESTION]):
        engine = LlamaEngine(path, context_tokens=1024, threads=1)
        for messages in asked_before:
            engine.begin_anew(messages[:1])
            ask(engine, messages, Sampling(max_tokens=200))
        engine.begin_anew([SYSTEM])
        text, reply = ask(engine, QUESTION, Sampling(max_tokens=200))
        replies.append((text, reply.stats.cached_tokens, engine._context.logits().tobytes()))
        engine.close()
    assert replies[0] == replies[1] == replies[2]
    assert replies[0][1] > 64


def test_begun_anew_after_a_cancel_the_opening_is_held(engine: LlamaEngine) -> None:
    cancel = Cancel()
    cancel.request()
    ask(engine, QUESTION, cancel=cancel)
    engine.begin_anew([SYSTEM])
    assert ask(engine)[1].stats.cached_tokens > 64


def test_begun_anew_without_an_opening_all_is_forgotten(engine: LlamaEngine) -> None:
    ask(engine)
    engine.begin_anew([])
    assert ask(engine)[1].stats.cached_tokens == 0


def test_asking_again_evaluates_one_token_of_the_prompt(engine: LlamaEngine) -> None:
    first, _ = ask(engine)
    again, reply = ask(engine)
    assert again == first
    assert reply.stats.cached_tokens == reply.stats.prompt_tokens - 1


def test_two_engines_on_the_same_weights_take_turns(path: Path, engine: LlamaEngine) -> None:
    other = LlamaEngine(path)
    alone, _ = ask(engine)
    streams = [start(engine), start(other)]
    beginnings = [next(stream) for stream in streams]
    assert [beginning + finish(stream)[0] for beginning, stream in zip(beginnings, streams, strict=True)] == [alone] * 2
    other.close()
    assert ask(engine)[0] == alone


# -- sampling -------------------------------------------------------------------------------------------------------


def test_a_seed_repeats_its_reply(engine: LlamaEngine) -> None:
    drawn = [ask(engine, QUESTION, Sampling(temperature=1.5, seed=seed, max_tokens=80))[0] for seed in (1, 1, 2)]
    assert drawn[0] == drawn[1] != drawn[2]


# -- endings --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("max_tokens", [1, 5, 33, 60])
def test_a_reply_ends_at_its_bound(engine: LlamaEngine, max_tokens: int) -> None:
    _, reply = ask(engine, QUESTION, Sampling(max_tokens=max_tokens), schema=ENDLESS_SCHEMA)
    assert (reply.finish, reply.stats.generated_tokens) == ("length", max_tokens)


def test_forced_text_beyond_the_bound_is_no_complete_reply(engine: LlamaEngine) -> None:
    text, reply = ask(engine, QUESTION, Sampling(max_tokens=5), schema={"const": "always the same"})
    assert (text, reply.finish) == ('"alwa', "length")


def test_a_reply_ends_with_the_window(path: Path) -> None:
    engine = LlamaEngine(path, context_tokens=400)
    _, reply = ask(engine, QUESTION, Sampling(temperature=1.0, max_tokens=4000), schema=ENDLESS_SCHEMA)
    assert reply.finish == "length"
    assert reply.stats.prompt_tokens + reply.stats.generated_tokens in (400, 401)
    engine.close()


def test_a_prompt_that_leaves_no_room_is_refused(engine: LlamaEngine) -> None:
    with pytest.raises(ContextFull) as caught:
        ask(engine, [Message("user", "x" * 3000)])
    assert caught.value.context_tokens == engine.context_tokens == 2048
    assert caught.value.needed_tokens > 3000
    assert ask(engine)[1].stats.generated_tokens > 0


def test_going_round_in_a_circle_ends_the_reply(tmp_path: Path) -> None:
    indifferent = LlamaEngine(write_model(tmp_path / "zero.gguf", scale=0.0))  # takes the first token that may follow
    text, reply = ask(indifferent, QUESTION, Sampling(max_tokens=1500), schema={"type": "array", "items": {"const": 7}})
    assert reply.finish == "runaway"
    assert text.startswith("[7, 7, 7, 7, 7, ")
    assert reply.stats.generated_tokens < 400
    indifferent.close()


def test_the_model_ends_a_reply_that_could_go_on(tmp_path: Path) -> None:
    indifferent = LlamaEngine(write_model(tmp_path / "zero.gguf", scale=0.0))
    text, reply = ask(indifferent, schema={"type": "integer"})
    assert reply.finish == "complete"
    assert isinstance(json.loads(text), int)
    indifferent.close()


# -- cancel ---------------------------------------------------------------------------------------------------------


def test_a_cancel_while_the_prompt_is_read_stops_it(engine: LlamaEngine) -> None:
    cancel = Cancel()
    seen: list[Progress] = []

    def watch(progress: Progress) -> None:
        seen.append(progress)
        if progress.done:
            cancel.request()

    _, reply = ask(engine, [Message("user", "x" * 1500)], cancel=cancel, progress=watch)
    assert reply.finish == "cancelled"
    assert 0 < seen[-1].done < seen[-1].total


def test_after_a_cancel_the_engine_goes_on_where_it_stopped(engine: LlamaEngine) -> None:
    cancel = Cancel()
    messages = [Message("user", "x" * 1500)]
    ask(engine, messages, cancel=cancel, progress=lambda progress: cancel.request() if progress.done > 500 else None)
    _, reply = ask(engine, messages)
    assert reply.finish != "cancelled"
    assert 500 < reply.stats.cached_tokens < reply.stats.prompt_tokens


def test_a_cancel_while_the_reply_is_written_keeps_what_was_written(engine: LlamaEngine) -> None:
    whole, _ = ask(engine)
    cancel = Cancel()
    stream = start(engine, cancel=cancel)
    text = next(stream) + next(stream)
    cancel.request()
    rest, reply = finish(stream)
    assert reply.finish == "cancelled"
    assert whole.startswith(text + rest)


def test_a_stream_closed_early_does_no_harm(engine: LlamaEngine) -> None:
    whole, _ = ask(engine)
    stream = start(engine)
    next(stream)
    next(stream)
    stream.close()
    assert ask(engine)[0] == whole


# -- figures ----------------------------------------------------------------------------------------------------------


def test_figures_tell_what_was_done(engine: LlamaEngine) -> None:
    _, reply = ask(engine, schema=ENDLESS_SCHEMA)
    stats = reply.stats
    assert engine.load_s > 0
    assert 0 < stats.first_token_s <= stats.total_s
    assert 0 < stats.decode_s <= stats.total_s
    assert (stats.cached_tokens, stats.generated_tokens) == (0, GREEDY.max_tokens)
    assert stats.prompt_tokens > len(SYSTEM.text)
    assert stats.forced_tokens == 1  # the quote that a text begins with
    assert stats.accepted_tokens <= stats.drafted_tokens


# -- the rest -------------------------------------------------------------------------------------------------------


def test_progress_counts_the_prompt(engine: LlamaEngine) -> None:
    seen: list[Progress] = []
    _, reply = ask(engine, progress=seen.append)
    assert [progress.done for progress in seen] == sorted(progress.done for progress in seen)
    assert seen[0].done == 0
    assert seen[-1].done == seen[-1].total >= reply.stats.prompt_tokens


def test_it_runs_in_a_worker_thread(engine: LlamaEngine) -> None:
    pieces = [
        piece for piece in stream_in_thread(engine, QUESTION, STEP_SCHEMA, GREEDY, Cancel()) if isinstance(piece, str)
    ]
    assert "".join(pieces) == ask(engine)[0]


def test_characters_split_over_tokens_arrive_whole(engine: LlamaEngine) -> None:
    sampling = Sampling(temperature=2.0, min_p=0.0, max_tokens=400)
    pieces = list(start(engine, QUESTION, sampling, schema=ENDLESS_SCHEMA))
    assert any(not piece.isascii() for piece in pieces)
    assert "\ufffd" not in "".join(pieces)


def test_one_reply_at_a_time(engine: LlamaEngine) -> None:
    stream = start(engine)
    next(stream)
    with pytest.raises(EngineError, match="another reply"):
        next(start(engine))
    with pytest.raises(EngineError, match="Close its stream"):
        engine.close()
    stream.close()


def test_a_closed_engine_says_so(path: Path) -> None:
    engine = LlamaEngine(path)
    engine.close()
    engine.close()
    with pytest.raises(EngineError, match="closed"):
        ask(engine)
    with pytest.raises(EngineError, match="closed"):
        engine.count_tokens("x")


def test_no_message_is_an_error(engine: LlamaEngine) -> None:
    with pytest.raises(EngineError, match="no message"):
        ask(engine, [])


def test_tokens_of_a_content_are_counted(engine: LlamaEngine) -> None:
    assert [engine.count_tokens(text) for text in ("", "abc", " " * 64, "<|im_end|>")] == [0, 3, 1, 10]


def test_a_window_beyond_the_training_is_cut_and_said(path: Path) -> None:
    engine = LlamaEngine(path, context_tokens=1_000_000)
    assert engine.context_tokens == engine.trained_tokens == 2048
    assert "2048" in engine.notes[0]
    engine.close()


@pytest.mark.skipif(gpu_is_usable(), reason="a GPU is used here")
@pytest.mark.parametrize(("gpu_layers", "notes"), [(None, 0), (0, 0), (7, 1), (ALL_LAYERS, 1)])
def test_layers_for_a_gpu_that_is_not_there_run_on_the_cpu(path: Path, gpu_layers: int | None, notes: int) -> None:
    engine = LlamaEngine(path, gpu_layers=gpu_layers)
    assert ["no GPU support" in note for note in engine.notes] == [True] * notes
    engine.close()


def test_a_model_as_it_should_be_needs_no_notes(engine: LlamaEngine, path: Path) -> None:
    assert (engine.notes, engine.name, engine.path) == ((), "noise", path)


def test_a_model_without_a_template_says_so_and_works(tmp_path: Path) -> None:
    engine = LlamaEngine(write_model(tmp_path / "plain.gguf", template=None))
    assert "ChatML" in engine.notes[0]
    assert ask(engine, schema=ENDLESS_SCHEMA)[1].stats.generated_tokens == 60
    engine.close()


def test_a_damaged_model_is_an_error_and_no_crash(tmp_path: Path) -> None:
    engine = LlamaEngine(write_model(tmp_path / "damaged.gguf", scale=float("nan")))
    with pytest.raises(EngineError, match="damaged"):
        ask(engine)
    engine.close()


def test_a_missing_model_is_missing(tmp_path: Path) -> None:
    with pytest.raises(ModelMissing):
        LlamaEngine(tmp_path / "none.gguf")


def test_nothing_is_printed(path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    engine = LlamaEngine(path)
    ask(engine)
    engine.close()
    assert capfd.readouterr() == ("", "")
