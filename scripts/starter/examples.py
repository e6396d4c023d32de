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
from starter.names import made_up_name
from starter.tokenizer import ASSISTANT, END, START, USER, Tokenizer

READ_WEIGHT = 0.04
FORCED_WEIGHT = 0.02
DECIDING_WEIGHT = 4.0
PLAN_PARTS = 4  # of a step: all to the end of its message
LENGTH_OF_ONE_CELL = 3  # messages after the request: a step with a cell, what it printed, the answer
DECIDING_PARTS = (1, 3)  # of a step: its action, and its message, whose first token says which kind of answer it is
# Where an example ends: what comes after is learned from fewer, since it follows nearly always from what is before.
REFUSALS_CUT = 0.7
REFUSAL_TOKENS = 45  # of a cut one: what the grammar forces, and the words that tell it from other answers
PLANS_CUT = 0.3  # of the last turns of one cell: end with the message that says what the cell does
CELLS_CUT = 0.45  # of them: end with the cell
LOOK_ALIKE_SHARE, LIST_SHARE = 0.3, 0.5  # of the copies
COPY_FIRST_TOKEN = 261  # characters and pieces of words; control pieces and bytes stand before


@dataclass(frozen=True, slots=True)
class Example:
    """Tokens with a weight each: what predicting this token counts."""

    tokens: list[int]
    weights: list[float]


def conversation_example(rng: Random, tokenizer: Tokenizer, turns: Sequence[Played]) -> Example:
    """Return the example that a conversation makes. Most end before the last turn does: see the shares that are cut."""
    example = Example([START], [0.0])
    for turn in turns[:-1]:
        _add_messages(example, tokenizer, turn.messages, turn.task.slips)
    first, *others = turns[-1].messages
    _add_message(example, tokenizer, first)
    kept, last = None, rng.random()
    if turns[-1].task.unknown and last < REFUSALS_CUT:
        kept = REFUSAL_TOKENS
    elif len(others) == LENGTH_OF_ONE_CELL and last < PLANS_CUT + CELLS_CUT:
        parts = step_parts(parse_step(others[0].text))
        kept = 1 + sum(tokenizer.count(text) for text, _ in (parts[:PLAN_PARTS] if last < PLANS_CUT else parts))
    end = len(example.tokens) + kept if kept else None
    _add_messages(example, tokenizer, others[:1] if kept else others, turns[-1].task.slips)
    return Example(example.tokens[:end], example.weights[:end])


def _add_messages(example: Example, tokenizer: Tokenizer, messages: Sequence[Message], slips: int) -> None:
    """Add messages; of the first ``slips`` steps nothing is learned."""
    for message in messages:
        first = len(example.tokens)
        _add_message(example, tokenizer, message)
        if message.role == "assistant" and slips:
            example.weights[first:] = [0.0] * (len(example.weights) - first)
            slips -= 1


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


def copy_example(rng: Random, tokenizer: Tokenizer) -> Example:
    """Return tokens and the same again, where nothing but copying helps: random ones, look-alikes, or a list."""
    kind = rng.random()
    if kind < LIST_SHARE:
        given, copied, weight = *_lists(rng, tokenizer), 1.0
    else:
        given = _look_alikes(rng, tokenizer) if kind < LIST_SHARE + LOOK_ALIKE_SHARE else _random(rng, tokenizer.size)
        copied, weight = given, 0.3
    tokens = [START, USER, *given, END, ASSISTANT, *copied]
    return Example(tokens, [0.0] * (len(given) + 4) + [weight] * len(copied))


def _lists(rng: Random, tokenizer: Tokenizer) -> tuple[list[int], list[int]]:
    """Return a list as people write it, with few and short items that come again, and as Python does."""
    one = rng.choice((_digits, _decimals, made_up_name))
    kinds = [one(rng) for _ in range(rng.randint(2, 12))]
    items = rng.choices(kinds, k=rng.randint(4, 24))
    between = rng.choice((", ", " ", ",", "; ", " / ", " | ", "\n"))
    last = rng.choice((between, between, " and ", " & "))
    given = between.join(items[:-1]) + last + items[-1]
    copied = '\\", \\"'.join(items).join(('[\\"', '\\"]')) if one is made_up_name else ", ".join(items).join("[]")
    return tokenizer.encode(given), tokenizer.encode(copied)


def _digits(rng: Random) -> str:
    return str(rng.randrange(10 ** rng.randint(1, 3)))


def _decimals(rng: Random) -> str:
    return f"{rng.randrange(100)}.{rng.randrange(10)}"


def _random(rng: Random, vocabulary: int) -> list[int]:
    return [rng.randrange(COPY_FIRST_TOKEN, vocabulary) for _ in range(rng.randint(10, 120))]


def _look_alikes(rng: Random, tokenizer: Tokenizer) -> list[int]:
    """Return a list whose items end alike, so that what follows is known only by looking further back."""
    digits = rng.choice(("01", "05", "0123", "0123456789"))
    names = [made_up_name(rng) for _ in range(rng.randint(3, 10))]
    between, after = rng.choice((": ", " ", "=")), rng.choice(("\\n", ", ", " "))
    items = [f"{name}{between}{''.join(rng.choices(digits, k=rng.randint(1, 4)))}" for name in names]
    return tokenizer.encode(after.join(items))
