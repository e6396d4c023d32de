from __future__ import annotations

import json
import random
import resource
import subprocess
import sys
from collections.abc import Iterator
from importlib import resources
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from synthetic import write_model

from offline_interpreter.cancel import Cancel
from offline_interpreter.engines.llama.engine import LlamaEngine
from offline_interpreter.engines.llama.gbnf import GbnfConstraint, GbnfGrammar
from offline_interpreter.engines.llama.gbnf_text import BLOCK_CHARS, MOST_CHARS
from offline_interpreter.engines.llama.grammar import Constraint, GuidanceConstraint
from offline_interpreter.engines.llama.loader import Weights, acquire, release
from offline_interpreter.engines.llama.sampling import allowed_tokens
from offline_interpreter.engines.llama.vocabulary import Vocabulary
from offline_interpreter.errors import EngineError
from offline_interpreter.records import Answer, Code, Message, Progress, Sampling, Step
from offline_interpreter.steps import STEP_SCHEMA, parse_step, write_step


def an_object(**properties: Any) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


SHORT_SCHEMA = an_object(kind={"const": "note"}, text={"type": "string", "maxLength": 30})
SCHEMAS: dict[str, dict[str, Any]] = {
    "step": STEP_SCHEMA,
    "short": SHORT_SCHEMA,
    "blocks": {"type": "string", "minLength": BLOCK_CHARS - 1, "maxLength": 2 * BLOCK_CHARS + 1},
    "numbers": {"type": "array", "items": {"anyOf": [{"type": "number"}, {"type": "integer"}]}},
    "plain": {"anyOf": [{"type": "null"}, {"type": "boolean"}, an_object(a=an_object())]},
    "spaces": {"enum": ["a   b", "a     c"]},
    "chosen": an_object(é={"enum": ["é", "è", '"\\\n', "\x7f", 1.5, None, ["a", {"b": []}]]}),
}
STARTER = Path(str(resources.files("offline_interpreter").joinpath("data/starter.gguf")))
QUESTION = Message("user", "What is 37 * 481?")
CHARACTERS = ["x", "é", "東", "🎉", "\n", '"', "\\", "\x01"]  # written with one byte to four, or escaped


def ignore(progress: Progress) -> None:
    del progress


@pytest.fixture(scope="module", params=["starter", "bytes", "spaced"])
def weights(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Weights]:
    path = tmp_path_factory.mktemp("models") / "model.gguf"
    if request.param == "starter":
        path = STARTER
    else:
        write_model(path, spaced=request.param == "spaced")
    loaded = acquire(path, None, ignore, None)
    yield loaded
    release(loaded)


@pytest.fixture(scope="module")
def grammar(weights: Weights) -> GbnfGrammar:
    return GbnfGrammar(weights.vocabulary)


def written(weights: Weights, tokens: list[int]) -> str:
    return b"".join(weights.vocabulary.pieces[token] for token in tokens).decode()


def allowed(weights: Weights, constraint: Constraint) -> list[int]:
    return [int(token) for token in allowed_tokens(constraint.mask(), weights.vocabulary.size)]


def starting(weights: Weights, grammar: GbnfGrammar, schema: dict[str, Any], text: str) -> GbnfConstraint:
    constraint = grammar.constraint(schema)
    constraint.advance(weights.vocabulary.content_tokens(text))
    return constraint


def allows_text(weights: Weights, constraint: GbnfConstraint, text: str) -> bool:
    tokens = weights.vocabulary.content_tokens(text)
    return constraint.valid(tokens) == len(tokens)


def wander(weights: Weights, constraint: GbnfConstraint, seed: int, steps: int) -> Iterator[list[int]]:
    """Write tokens drawn among the allowed ones, closing texts now and then; yield each before it is taken."""
    draw = random.Random(seed)
    while not constraint.finished and steps:
        tokens = [token for token in allowed(weights, constraint) if token not in weights.vocabulary.end_tokens]
        quotes = [token for token in tokens if weights.vocabulary.pieces[token] == b'"']
        token = draw.choice(quotes if quotes and draw.random() < 0.1 else tokens)
        yield [token]
        constraint.advance([token])
        steps -= 1


# -- what is written follows the schema ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "step",
    [
        Code("Doubles x.", 'x = "a\\n" * 2\n\tprint(f"{x}")\n' + "    " * 20 + "pass"),
        Answer("**17797** — Größe: 東京 🎉"),
        Answer(""),
    ],
)
def test_every_step_can_be_written(weights: Weights, grammar: GbnfGrammar, step: Step) -> None:
    constraint = grammar.constraint(STEP_SCHEMA)
    text = write_step(step)
    done = written(weights, constraint.forced())
    assert text.startswith(done)
    constraint.advance(weights.vocabulary.content_tokens(text[len(done) :]))
    assert constraint.finished


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("name", ["short", "blocks", "plain", "spaces", "chosen"])
def test_noise_follows_its_schema(weights: Weights, grammar: GbnfGrammar, name: str, seed: int) -> None:
    constraint = grammar.constraint(SCHEMAS[name])
    tokens = [token for step in wander(weights, constraint, seed, steps=2_000) for token in step]
    assert constraint.finished
    Draft202012Validator(SCHEMAS[name]).validate(json.loads(written(weights, tokens)))


@pytest.mark.parametrize("seed", range(8))
def test_noise_is_a_step_when_it_is_complete(weights: Weights, grammar: GbnfGrammar, seed: int) -> None:
    constraint = grammar.constraint(STEP_SCHEMA)
    tokens = [token for step in wander(weights, constraint, seed, steps=500) for token in step]
    assert constraint.finished
    parse_step(written(weights, tokens))


@pytest.mark.parametrize("name", SCHEMAS)
def test_it_allows_what_llguidance_allows(weights: Weights, grammar: GbnfGrammar, name: str) -> None:
    constraint, other = grammar.constraint(SCHEMAS[name]), weights.grammar.constraint(SCHEMAS[name])
    for step in wander(weights, constraint, seed=5, steps=60):
        # Not its mask: where a text is forced, that holds the one token that it would write itself.
        assert allowed(weights, constraint) == [
            token for token in range(weights.vocabulary.size) if other.allows(token)
        ]
        other.advance(step)
    assert constraint.finished == other.finished


@pytest.mark.parametrize("name", SCHEMAS)
def test_it_forces_what_llguidance_forces(weights: Weights, grammar: GbnfGrammar, name: str) -> None:
    constraint, other = grammar.constraint(SCHEMAS[name]), weights.grammar.constraint(SCHEMAS[name])
    assert isinstance(other, GuidanceConstraint)
    assert constraint.forced() == other.forced()


@pytest.mark.parametrize("value", ["é東🎉", '"\\\n\x01\x7f\u2028', ["a", {"b": 1.5, "": None}], -1, True, {}])
def test_a_constant_is_forced(weights: Weights, grammar: GbnfGrammar, value: Any) -> None:
    constraint = grammar.constraint({"const": value})
    assert json.loads(written(weights, constraint.forced())) == value
    assert constraint.finished


# -- lengths ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("most", [0, 30, BLOCK_CHARS])
@pytest.mark.parametrize("char", CHARACTERS)
def test_a_text_has_no_more_characters_than_it_may(
    weights: Weights, grammar: GbnfGrammar, most: int, char: str
) -> None:
    char = json.dumps(char, ensure_ascii=False)[1:-1]
    constraint = starting(weights, grammar, {"type": "string", "maxLength": most}, '"' + char * most)
    assert not allows_text(weights, constraint, char)
    assert allows_text(weights, constraint, '"')


@pytest.mark.parametrize("least", [1, 30, BLOCK_CHARS, 3 * BLOCK_CHARS + 7])
def test_a_text_has_no_fewer_characters_than_it_must(weights: Weights, grammar: GbnfGrammar, least: int) -> None:
    constraint = starting(weights, grammar, {"type": "string", "minLength": least}, '"' + "x" * (least - 1))
    assert not allows_text(weights, constraint, '"')
    assert allows_text(weights, constraint, 'é"')


@pytest.mark.parametrize("most", [4_999, 5_000])
def test_a_long_text_may_be_as_long_as_it_may(weights: Weights, grammar: GbnfGrammar, most: int) -> None:
    constraint = starting(weights, grammar, {"type": "string", "maxLength": most}, '"' + "abcde" * 999)
    assert allows_text(weights, constraint, "é" * (most - 4_995) + '"')
    assert not allows_text(weights, constraint, "é" * (most - 4_995) + "x")


@pytest.mark.parametrize("weights", ["bytes"], indirect=True)
def test_the_longest_code_can_be_written_and_no_longer_one(weights: Weights, grammar: GbnfGrammar) -> None:
    beginning = write_step(Code("", " " * 39_000))[:-2]
    constraint = starting(weights, grammar, STEP_SCHEMA, beginning)
    assert allows_text(weights, constraint, " " * 1_000 + '"}')
    assert not allows_text(weights, constraint, " " * 1_001)


# -- tokens ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["step", "numbers", "chosen"])
def test_mask_and_question_agree(weights: Weights, grammar: GbnfGrammar, name: str) -> None:
    constraint = grammar.constraint(SCHEMAS[name])
    for count, _ in enumerate(wander(weights, constraint, seed=3, steps=22)):
        if count % 7 == 0:
            asked = [token for token in range(weights.vocabulary.size) if constraint.allows(token)]
            assert allowed(weights, constraint) == asked


@pytest.mark.parametrize("place", [0, 7, 25])
def test_what_is_valid_is_what_may_follow_one_by_one(weights: Weights, grammar: GbnfGrammar, place: int) -> None:
    tokens = weights.vocabulary.content_tokens(write_step(Answer("Größe: 東京, 🎉\n" * 3)))
    tokens[place] = weights.vocabulary.content_tokens("\t")[0]
    constraint = grammar.constraint(STEP_SCHEMA)
    assert constraint.valid(tokens) == place
    constraint.advance(tokens[:place])
    assert not constraint.allows(tokens[place])


def test_to_ask_changes_nothing(weights: Weights, grammar: GbnfGrammar) -> None:
    tokens = weights.vocabulary.content_tokens(write_step(Answer("é")))
    constraint = grammar.constraint(STEP_SCHEMA)
    assert [constraint.valid(tokens) for _ in range(2)] == [len(tokens)] * 2
    constraint.advance(tokens)


def test_no_special_token_is_ever_allowed(weights: Weights, grammar: GbnfGrammar) -> None:
    constraint = starting(weights, grammar, {"type": "string"}, '"inside a string')
    assert weights.vocabulary.unwritable.isdisjoint(allowed(weights, constraint))
    assert not any(constraint.allows(token) for token in weights.vocabulary.unwritable)


@pytest.mark.parametrize("token", [-1, 1_000_000])
def test_a_token_that_does_not_exist_is_not_allowed(weights: Weights, grammar: GbnfGrammar, token: int) -> None:
    assert not grammar.constraint({"type": "string"}).allows(token)


@pytest.mark.parametrize("raw", ["\n", "\x00", "\x1f"])
def test_control_characters_must_be_escaped(weights: Weights, grammar: GbnfGrammar, raw: str) -> None:
    constraint = starting(weights, grammar, {"type": "string"}, '"')
    assert not allows_text(weights, constraint, raw)


@pytest.mark.parametrize("escape", ["\\ud83d", "\\ud83d\\ude00", "\\u00e9", "\\/", "\\x"])
def test_no_escape_but_those_that_are_needed(weights: Weights, grammar: GbnfGrammar, escape: str) -> None:
    constraint = starting(weights, grammar, {"type": "string"}, '"')
    assert not allows_text(weights, constraint, escape)


@pytest.mark.parametrize("data", [b"\xc0", b"\xe0\x9f", b"\xed\xa0", b"\xf4\x90", b"\xf5", b"\xe6\x9d\x22", b"\x80"])
def test_bytes_that_are_no_text_are_refused(weights: Weights, grammar: GbnfGrammar, data: bytes) -> None:
    constraint = starting(weights, grammar, {"type": "string"}, '"')
    single = {piece: token for token, piece in enumerate(weights.vocabulary.pieces)}
    assert constraint.valid([single[bytes([byte])] for byte in data]) == len(data) - 1


def test_the_end_may_come_where_the_value_can_end(weights: Weights, grammar: GbnfGrammar) -> None:
    end = weights.vocabulary.end_tokens[0]
    constraint = grammar.constraint({"type": "integer"})
    assert not constraint.allows(end)
    constraint.advance(weights.vocabulary.content_tokens("12"))
    assert (constraint.allows(end), constraint.finished) == (True, False)
    constraint.advance([end])
    assert (constraint.allows(end), constraint.finished) == (False, True)


def test_leaving_the_schema_is_an_error(weights: Weights, grammar: GbnfGrammar) -> None:
    constraint = grammar.constraint({"type": "boolean"})
    with pytest.raises(EngineError, match="left its schema"):
        constraint.advance(weights.vocabulary.content_tokens("{"))


@pytest.mark.parametrize("weights", ["bytes"], indirect=True)
def test_a_vocabulary_that_lacks_a_byte_is_looked_through(weights: Weights) -> None:
    vocabulary = Vocabulary(weights.vocabulary.pointer)
    vocabulary.unwritable |= {vocabulary.pieces.index(b" ")}  # there are tokens of two spaces
    constraint = GbnfGrammar(vocabulary).constraint({"enum": ["a  b", "a  c"]})
    assert written(weights, constraint.forced()) == '"a  '
    constraint.advance(vocabulary.content_tokens('c"'))
    assert constraint.finished


# -- schemas ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "schema",
    [
        {},
        {"type": "nonsense"},
        {"type": ["string", "null"]},
        {"type": "string", "pattern": "a"},
        {"type": "string", "minLength": -1},
        {"type": "string", "minLength": 3, "maxLength": 2},
        {"type": "string", "maxLength": MOST_CHARS + 1},
        {"type": "array"},
        {"type": "array", "items": {"const": 1}, "minItems": 2},
        {"type": "object", "properties": {"a": {"const": 1}}, "required": [], "additionalProperties": False},
        {"type": "object", "properties": {"a": {"const": 1}}, "required": ["a"]},
        an_object(a={"$ref": "#/nowhere"}),
        {"enum": []},
        {"anyOf": 3},
        {"const": float("nan")},
        {"const": "\ud800"},
        {"const": b"bytes"},
    ],
)
def test_a_schema_that_is_not_known_is_an_error(grammar: GbnfGrammar, schema: dict[str, Any]) -> None:
    with pytest.raises(EngineError, match="schema of the reply cannot be used: "):
        grammar.constraint(schema)


@pytest.mark.parametrize("gbnf", ["nothing", 'other ::= "x"', "root ::= root", "root ::= [a]{2001}"])
def test_a_grammar_that_llama_cpp_does_not_take_is_an_error(grammar: GbnfGrammar, gbnf: str) -> None:
    with pytest.raises(EngineError, match="cannot be constrained: "):
        grammar.start(gbnf)


# -- memory ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("weights", ["bytes"], indirect=True)
def test_what_is_asked_leaves_nothing_behind(weights: Weights, grammar: GbnfGrammar) -> None:
    constraint = grammar.constraint(STEP_SCHEMA)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for _ in range(3_000):  # copies, of more than 50 KB each
        constraint.valid([])
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 50_000  # KB


def test_a_constraint_may_go_after_its_model(tmp_path: Path) -> None:
    weights = acquire(write_model(tmp_path / "model.gguf"), None, ignore, None)
    constraint = GbnfGrammar(weights.vocabulary).constraint(STEP_SCHEMA)
    constraint.forced()
    release(weights)
    del constraint


# -- without llguidance ----------------------------------------------------------------------------------------------

WITHOUT = """
import sys
sys.modules["llguidance"] = None  # importing it fails
from importlib import resources
from pathlib import Path
from offline_interpreter.engines.llama.engine import LlamaEngine
from offline_interpreter.cancel import Cancel
from offline_interpreter.records import Message, Sampling
from offline_interpreter.steps import STEP_SCHEMA
engine = LlamaEngine(Path(str(resources.files("offline_interpreter").joinpath("data/starter.gguf"))))
question = [Message("user", "What is 37 * 481?")]
print(*engine.stream(question, STEP_SCHEMA, Sampling(max_tokens=400), Cancel(), lambda progress: None), sep="", end="")
engine.close()
"""


def test_without_llguidance_the_starter_writes_the_same_step() -> None:
    ran = subprocess.run([sys.executable, "-c", WITHOUT], capture_output=True, text=True, check=True)
    engine = LlamaEngine(STARTER)
    pieces = engine.stream([QUESTION], STEP_SCHEMA, Sampling(max_tokens=400), Cancel(), ignore)
    assert ran.stdout == "".join(pieces)
    assert ran.stderr == ""
    parse_step(ran.stdout)
    engine.close()
