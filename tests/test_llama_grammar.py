from __future__ import annotations

from collections.abc import Iterator
from importlib import resources
from pathlib import Path

import pytest
from synthetic import write_model

from offline_interpreter.engines.llama.loader import Weights, acquire, release
from offline_interpreter.engines.llama.sampling import allowed_tokens
from offline_interpreter.errors import EngineError
from offline_interpreter.records import Answer, Code, Progress, Step
from offline_interpreter.steps import STEP_SCHEMA, write_step


def ignore(progress: Progress) -> None:
    del progress


@pytest.fixture(scope="module", params=["starter", "bytes", "spaced"])
def weights(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Weights]:
    path = tmp_path_factory.mktemp("models") / "model.gguf"
    if request.param == "starter":
        path = Path(str(resources.files("offline_interpreter").joinpath("data/starter.gguf")))
    else:
        write_model(path, spaced=request.param == "spaced")
    loaded = acquire(path, None, ignore, None)
    yield loaded
    release(loaded)


def written(weights: Weights, tokens: list[int]) -> str:
    return b"".join(weights.vocabulary.pieces[token] for token in tokens).decode()


@pytest.mark.parametrize(
    "step",
    [
        Code("Doubles x.", 'x = "a\\n" * 2\n\tprint(f"{x}")\n' + "    " * 20 + "pass"),
        Answer("**17797** — Größe: 東京 🎉"),
        Answer(""),
    ],
)
def test_every_step_can_be_written(weights: Weights, step: Step) -> None:
    constraint = weights.grammar.constraint(STEP_SCHEMA)
    text = write_step(step)
    done = written(weights, constraint.forced())
    assert text.startswith(done)
    for token in weights.vocabulary.content_tokens(text[len(done) :]):
        assert constraint.allows(token)
        constraint.advance([token])
    assert constraint.finished


def test_a_step_begins_with_what_must_come_first(weights: Weights) -> None:
    constraint = weights.grammar.constraint(STEP_SCHEMA)
    assert '{"action": "'.startswith(written(weights, constraint.forced()))


def test_no_special_token_is_ever_allowed(weights: Weights) -> None:
    constraint = weights.grammar.constraint({"type": "string"})
    constraint.advance(weights.vocabulary.content_tokens('"inside a string'))
    allowed = allowed_tokens(constraint.mask(), weights.vocabulary.size)
    assert weights.vocabulary.unwritable.isdisjoint(allowed.tolist())
    assert not any(constraint.allows(token) for token in weights.vocabulary.unwritable)


def test_mask_and_question_agree(weights: Weights) -> None:
    constraint = weights.grammar.constraint(STEP_SCHEMA)
    constraint.forced()
    asked = [token for token in range(weights.vocabulary.size) if constraint.allows(token)]
    assert allowed_tokens(constraint.mask(), weights.vocabulary.size).tolist() == asked


@pytest.mark.parametrize("raw", ["\n", "\x00", "\x1f"])
def test_control_characters_must_be_escaped(weights: Weights, raw: str) -> None:
    constraint = weights.grammar.constraint({"type": "string"})
    constraint.advance(weights.vocabulary.content_tokens('"'))
    assert not constraint.allows(weights.vocabulary.content_tokens(raw)[0])


@pytest.mark.parametrize("schema", [{"type": "nonsense"}, {"type": "string", "pattern": "("}, {"$ref": "#/nowhere"}])
def test_a_schema_that_means_nothing_is_an_error(weights: Weights, schema: dict[str, str]) -> None:
    with pytest.raises(EngineError, match="constrained"):
        weights.grammar.constraint(schema)


def test_leaving_the_schema_is_an_error(weights: Weights) -> None:
    constraint = weights.grammar.constraint({"type": "boolean"})
    with pytest.raises(EngineError):
        constraint.advance(weights.vocabulary.content_tokens("{"))


def test_constraints_of_one_schema_know_nothing_of_each_other(weights: Weights) -> None:
    first = weights.grammar.constraint({"enum": ["ab", "cd"]})
    first.advance(weights.vocabulary.content_tokens('"ab"'))
    second = weights.grammar.constraint({"enum": ["ab", "cd"]})
    second.advance(weights.vocabulary.content_tokens('"cd"'))
    assert first.finished
    assert second.finished


def test_a_schema_that_changes_makes_another_constraint(weights: Weights) -> None:
    schema = {"const": "a"}
    weights.grammar.constraint(schema)
    schema["const"] = "b"
    assert written(weights, weights.grammar.constraint(schema).forced()) == '"b"'
