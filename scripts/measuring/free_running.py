"""A real model's own replies, with drafts and without."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from measuring.targets import Rounds
from measuring.transcripts import TRANSCRIPTS
from measuring.waits import drain
from offline_interpreter.cancel import Cancel
from offline_interpreter.engines.llama.drafts import Drafts
from offline_interpreter.engines.llama.engine import LlamaEngine
from offline_interpreter.records import Reply, Sampling
from offline_interpreter.steps import STEP_SCHEMA

MOST_TOKENS = 300


def measure_free_running(path: Path, threads: int) -> tuple[dict[str, Any], Rounds]:
    """Let a real model reply to the conversations of the transcripts, with drafts and without."""
    replies: dict[bool, list[tuple[str, Reply]]] = {True: [], False: []}
    for able, said in replies.items():
        engine = LlamaEngine(path, threads=threads)
        if not able:
            engine._drafts = Drafts(cost=None)
        for transcript in TRANSCRIPTS:
            if sum(engine.count_tokens(message.text) for message in transcript.messages) < engine.context_tokens * 0.6:
                stream = engine.stream(
                    transcript.messages, STEP_SCHEMA, Sampling(max_tokens=MOST_TOKENS), Cancel(), lambda _: None
                )
                said.append(drain(stream))
        engine.close()
    with_, without = ([reply.stats for _, reply in replies[able]] for able in (True, False))
    equal = sum(first[0] == second[0] for first, second in zip(replies[True], replies[False], strict=True))
    figures = {
        "replies": len(with_),
        "equal_with_and_without_drafts": equal,
        "generated": sum(stats.generated_tokens for stats in with_),
        "forced": sum(stats.forced_tokens for stats in with_),
        "drafted": sum(stats.drafted_tokens for stats in with_),
        "accepted": sum(stats.accepted_tokens for stats in with_),
        "rate_with": _rate(with_),
        "rate_without": _rate(without),
    }
    print("\nFree-running: " + ", ".join(f"{name} {value:.5g}" for name, value in figures.items()))
    ratio = figures["rate_with"] / figures["rate_without"]
    differing = 1 - figures["equal_with_and_without_drafts"] / max(figures["replies"], 1)
    return {"free_running": figures}, {
        "free: drafts ÷ none": [ratio],
        "free: replies that differ by drafts": [differing],
    }


def _rate(stats: Sequence[Any]) -> float:
    seconds = sum(each.total_s - each.first_token_s for each in stats)
    return sum(each.generated_tokens for each in stats) / seconds
