"""Fenced replies leave the engine as the steps that they are, however they arrive and wherever they are cut."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from synthetic import write_model

from offline_interpreter.api import load_engine, protocol_of
from offline_interpreter.cancel import Cancel
from offline_interpreter.config import Options
from offline_interpreter.engines.fenced import (
    FENCED_FORM,
    FENCED_SCHEMA,
    FencedEngine,
    StepWriter,
    fenced_message,
    fenced_text,
)
from offline_interpreter.engines.llama.engine import LlamaEngine
from offline_interpreter.engines.llama.gbnf import GbnfGrammar
from offline_interpreter.errors import EngineError, UsageError
from offline_interpreter.prompt import system_prompt
from offline_interpreter.records import Answer, Code, Message, Reply, Sampling, Step
from offline_interpreter.steps import STEP_SCHEMA, close_step, parse_step, write_step

QUESTION = [Message("system", system_prompt([])), Message("user", "What is 37 * 481?")]

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=80)
CODES = st.text(st.sampled_from('ab\n`"\\{}\té漢🙂 '), max_size=60).filter(lambda code: "\n```" not in f"\n{code}")


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FencedEngine]:
    path = write_model(tmp_path_factory.mktemp("models") / "noise.gguf", context=4096)
    with closing(FencedEngine(LlamaEngine(path, threads=1))) as engine:
        yield engine


def ask(engine: FencedEngine, messages: list[Message], sampling: Sampling) -> tuple[str, Reply]:
    text = ""
    stream = engine.stream(messages, STEP_SCHEMA, sampling, Cancel(), lambda _: None)
    while True:
        try:
            text += next(stream)
        except StopIteration as end:
            return text, end.value


def rewritten(text: str, cuts: list[int]) -> str:
    writer = StepWriter()
    places = [0, *sorted(cut % (len(text) + 1) for cut in cuts), len(text)]
    return "".join(writer.feed(text[start:end]) for start, end in pairwise(places))


def test_the_form_is_what_one_would_write() -> None:
    code = Code('Prints "1".', 'print("1")\n\nx = 2')
    assert fenced_text(write_step(code)) == (
        '{"action": "code", "message": "Prints \\"1\\"."}\n```python\nprint("1")\n\nx = 2\n```'
    )
    assert fenced_text(write_step(Answer("It is 1."))) == '{"action": "answer", "message": "It is 1."}'


@given(step=st.one_of(st.builds(Code, TEXTS, CODES), st.builds(Answer, TEXTS)), cuts=st.lists(st.integers(0, 400)))
def test_a_step_comes_back_from_its_fenced_form_in_any_pieces(step: Step, cuts: list[int]) -> None:
    assert rewritten(fenced_text(write_step(step)), cuts) == write_step(step)


@given(code=CODES, end=st.integers(0, 200))
def test_a_reply_that_is_cut_keeps_the_code_so_far(code: str, end: int) -> None:
    header = '{"action": "code", "message": "Runs."}\n```python\n'
    step = parse_step(close_step(rewritten((header + code)[: len(header) + end], [])))
    assert isinstance(step, Code)
    assert code.startswith(step.code)
    assert len(code[:end]) - len(step.code) <= len("\n```")


def test_the_system_prompt_tells_of_the_form_that_is_meant() -> None:
    shown = fenced_message(QUESTION[0]).text
    assert FENCED_FORM in shown
    assert '"code": "' not in shown


def test_what_is_no_step_is_shown_as_it_is() -> None:
    assert fenced_text("no step") == "no step"
    assert fenced_message(Message("observation", "Output:\n1")) == Message("observation", "Output:\n1")


@pytest.mark.parametrize("seed", range(6))
def test_noise_is_a_step_however_it_ends(engine: FencedEngine, seed: int) -> None:
    text, reply = ask(engine, QUESTION, Sampling(temperature=1.5, seed=seed, max_tokens=120))
    step = parse_step(text if reply.finish == "complete" else close_step(text))
    assert isinstance(step, (Code, Answer))


def test_a_conversation_that_goes_on_evaluates_what_is_new(engine: FencedEngine) -> None:
    step = Code("Runs.", "x = 1\nprint(x)")
    told = [*QUESTION, Message("assistant", write_step(step)), Message("observation", "Output:\n1")]
    first = ask(engine, told, Sampling(max_tokens=30))[1].stats
    again = [*told, Message("assistant", write_step(Answer("1"))), Message("user", "And 2?")]
    second = ask(engine, again, Sampling(max_tokens=30))[1].stats
    assert second.cached_tokens >= first.prompt_tokens - 20


def test_begun_anew_the_opening_is_held(engine: FencedEngine) -> None:
    ask(engine, QUESTION, Sampling(max_tokens=30))
    engine.begin_anew(QUESTION[:1])
    assert ask(engine, QUESTION, Sampling(max_tokens=30))[1].stats.cached_tokens > 64


@pytest.mark.parametrize(("protocol", "kind"), [("fenced", FencedEngine), ("json", LlamaEngine), ("auto", LlamaEngine)])
def test_the_option_chooses(tmp_path: Path, protocol: str, kind: type) -> None:
    path = write_model(tmp_path / "noise.gguf")
    with closing(load_engine(Options(model=str(path), protocol=protocol))) as engine:  # type: ignore[arg-type]
        assert isinstance(engine, kind)


def test_without_llguidance_it_is_told_what_to_do(engine: FencedEngine) -> None:
    grammar = GbnfGrammar(engine._engine._weights.vocabulary)
    with pytest.raises(EngineError, match="Use protocol json"):
        grammar.constraint(FENCED_SCHEMA)


def test_the_starter_writes_json() -> None:
    assert protocol_of(Options()) == "json"


def test_another_protocol_is_refused() -> None:
    with pytest.raises(UsageError, match="auto, json or fenced"):
        Options(protocol="xml")  # type: ignore[arg-type]
