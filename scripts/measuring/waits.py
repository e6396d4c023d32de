"""The time to the first chosen token, and to a stop: of the engine as a session uses it."""

from __future__ import annotations

import tempfile
import threading
import time
from collections.abc import Callable, Generator, Sequence
from pathlib import Path
from typing import Any

from measuring.targets import Rounds
from measuring.transcripts import SYSTEM
from offline_interpreter.cancel import Cancel
from offline_interpreter.engines.llama.context import BATCH_TOKENS
from offline_interpreter.engines.llama.engine import LlamaEngine
from offline_interpreter.records import Message, Reply, Sampling
from offline_interpreter.steps import STEP_SCHEMA

HISTORY_TOKENS, NEW_TOKENS = 2000, 16
AROUND_TOKENS = 40  # of the template, roughly
READING_S = 0.3  # before a cancel

_LINE = "Tell me about the revenue of the north by month, then of the south. "
_ONWARD = "and now only those of the north please, by month again, but without what was returned later"


def measure_waits(path: Path, repeats: int, threads: int) -> tuple[dict[str, Any], Rounds]:
    """Measure the time to the first chosen token: of a whole conversation, of one that goes on, of one on disk."""
    found: Rounds = {"full": [], "warm": [], "bare": [], "system": [], "restored": [], "cancel": []}
    for _ in range(repeats):
        with tempfile.TemporaryDirectory() as folder:
            if not _wait_once(path, threads, Path(folder), found):
                return {}, {}
    rounds = {
        "full prompt, s": found["full"],
        "warm turn, s": found["warm"],
        "warm turn ÷ full prompt": _ratios(found["warm"], found["full"]),
        "warm turn ÷ its tokens evaluated alone": _ratios(found["warm"], found["bare"]),
        "prefix from disk, s": found["restored"],
        "prefix from disk ÷ system prompt read": _ratios(found["restored"], found["system"]),
        "cancel, s": found["cancel"],
    }
    return {"waits_s": found}, {name: values for name, values in rounds.items() if values}


def _ratios(upper: Sequence[float], lower: Sequence[float]) -> list[float]:
    return [first / second for first, second in zip(upper, lower, strict=True)]


def _wait_once(path: Path, threads: int, folder: Path, found: Rounds) -> bool:
    """Measure each wait once; False where the window is too small for it."""
    engine = LlamaEngine(path, threads=threads, prefixes=folder)
    history = _history(engine)
    if not history:
        engine.close()
        print(f"\n(The window of {engine.context_tokens} tokens is too small for the waits.)")
        return False
    text, reply = _ask(engine, history)
    found["full"].append(reply.stats.first_token_s)
    onward = [*history, Message("assistant", text), Message("user", _beginning(engine, _ONWARD, NEW_TOKENS))]
    text, reply = _ask(engine, onward)
    found["warm"].append(reply.stats.first_token_s)
    found["bare"].append(_bare(engine, reply.stats.prompt_tokens - reply.stats.cached_tokens))
    found["system"].append(_timed(lambda: _evaluate_anew(engine, len(engine._log.entries[0].tokens))))
    engine.close()
    engine = LlamaEngine(path, threads=threads, prefixes=folder)
    found["restored"].append(_timed(lambda: engine._restore([SYSTEM, Message("user", "hello")])))
    found["cancel"] += _cancelled(engine, history)
    engine.close()
    return True


def _history(engine: LlamaEngine) -> list[Message]:
    """Return a conversation of about the wanted number of tokens, or nothing where it would not fit."""
    messages = [SYSTEM, Message("user", "")]
    while sum(engine.count_tokens(message.text) for message in messages) < HISTORY_TOKENS - AROUND_TOKENS:
        messages[1] = Message("user", messages[1].text + _LINE)
    return messages if engine.context_tokens > HISTORY_TOKENS * 1.3 else []


def _beginning(engine: LlamaEngine, text: str, tokens: int) -> str:
    """Return as much of a text as takes so many tokens."""
    return next(text[:end] for end in range(len(text)) if engine.count_tokens(text[:end]) == tokens)


def _ask(engine: LlamaEngine, messages: Sequence[Message], cancel: Cancel | None = None) -> tuple[str, Reply]:
    return drain(engine.stream(messages, STEP_SCHEMA, Sampling(max_tokens=24), cancel or Cancel(), lambda _: None))


def drain(stream: Generator[str, None, Reply]) -> tuple[str, Reply]:
    """Return a reply's text, and how it ended."""
    text = ""
    while True:
        try:
            text += next(stream)
        except StopIteration as end:
            return text, end.value


def _bare(engine: LlamaEngine, count: int) -> float:
    context = engine._context
    tokens = context.held[-count:]
    context.keep(len(context.held) - count)
    return _timed(lambda: (context.evaluate(tokens), context.logits()))


def _evaluate_anew(engine: LlamaEngine, count: int) -> None:
    context = engine._context
    tokens = context.held[:count]
    context.keep(0)
    for start in range(0, count, BATCH_TOKENS):
        context.evaluate(tokens[start : start + BATCH_TOKENS])
    context.logits()


def _cancelled(engine: LlamaEngine, history: Sequence[Message]) -> list[float]:
    """Return the seconds from a request to stop to the end of the reply; nothing if it had ended before."""
    cancel, asked = Cancel(), [0.0]

    def request() -> None:
        asked[0] = time.monotonic()
        cancel.request()

    timer = threading.Timer(READING_S, request)
    timer.start()
    _, reply = _ask(engine, [SYSTEM, Message("user", history[1].text[::-1])], cancel)
    ended = time.monotonic()
    timer.cancel()
    return [ended - asked[0]] if reply.finish == "cancelled" else []


def _timed(act: Callable[[], object]) -> float:
    started = time.perf_counter()
    act()
    return time.perf_counter() - started
