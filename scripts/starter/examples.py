"""Turns conversations into what the network learns from: tokens, and how much each of them counts.

What the grammar forces (braces, keys, separators) counts next to nothing: it need not be learned to be written. What
the person and the cells say counts a little, so that their words get meanings. All else that the model writes counts
fully, and the tokens that decide over the rest count several times.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

from offline_interpreter.records import Code, Message, Step
from offline_interpreter.steps import parse_step, write_step
from starter.dialogue import Played
from starter.tokenizer import ASSISTANT, END, START, USER, Tokenizer

READ_WEIGHT = 0.04
FORCED_WEIGHT = 0.02
DECIDING_WEIGHT = 4.0
DECIDING_PARTS = (1, 3)  # of a step: its action, and its message, whose first token says which kind of answer it is
COPY_FIRST_TOKEN = 261  # characters and pieces of words; control pieces and bytes stand before


@dataclass(frozen=True, slots=True)
class Example:
    """Tokens with a weight each: what predicting this token counts."""

    tokens: list[int]
    weights: list[float]


def conversation_example(tokenizer: Tokenizer, turns: Sequence[Played]) -> Example:
    """Return the example that a conversation makes."""
    example = Example([START], [0.0])
    for turn in turns:
        for message in turn.messages:
            _add_message(example, tokenizer, message)
    return example


def _add_message(example: Example, tokenizer: Tokenizer, message: Message) -> None:
    written = message.role == "assistant"
    parts = step_parts(parse_step(message.text)) if written else [(message.text, False)]
    _add(example, [ASSISTANT if written else USER], 0.0)
    for index, (text, forced) in enumerate(parts):
        first = len(example.tokens)
        _add(example, tokenizer.encode(text), (FORCED_WEIGHT if forced else 1.0) if written else READ_WEIGHT)
        if written and index in DECIDING_PARTS:
            example.weights[first] = DECIDING_WEIGHT
    _add(example, [END], FORCED_WEIGHT if written else 0.0)


def _add(example: Example, tokens: list[int], weight: float) -> None:
    example.tokens.extend(tokens)
    example.weights.extend([weight] * len(tokens))


def step_parts(step: Step) -> list[tuple[str, bool]]:
    """Return the text of a step in pieces, each with whether the grammar forces it."""
    action = "code" if isinstance(step, Code) else "answer"
    parts = [('{"action": "', True), (action, False), ('", "message": "', True), (_escaped(step.message) + '"', False)]
    if isinstance(step, Code):
        parts += [(', "code": "', True), (_escaped(step.code) + '"', False)]
    parts.append(("}", True))
    assert "".join(text for text, _ in parts) == write_step(step)
    return parts


def _escaped(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)[1:-1]


def copy_example(rng: Random, vocabulary: int) -> Example:
    """Return random tokens and the same again: nothing but copying helps."""
    copied = [rng.randrange(COPY_FIRST_TOKEN, vocabulary) for _ in range(rng.randint(10, 120))]
    tokens = [START, USER, *copied, END, ASSISTANT, *copied]
    return Example(tokens, [0.0] * (len(copied) + 4) + [0.3] * len(copied))
