"""Tokens a second of the same replies, written by our engine and by the stock binding in turns."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from measuring.players import OurPlayer, Part, Player, Run, StockPlayer, make_part, stock_model
from measuring.transcripts import TRANSCRIPTS
from offline_interpreter.engines.llama.context import Context
from offline_interpreter.engines.llama.loader import Weights
from offline_interpreter.steps import STEP_SCHEMA

RUN_S = 2.0  # of one reply, about: it is cut to what the stock binding writes in this time
LEAST_TOKENS, TRIED_TOKENS = 48, 12
GRAMMAR_TOKENS = 24  # of a reply, with the stock grammar: it takes up to 50 ms for each
WINDOW = 6144

Figures = dict[str, Any]


def measure_replies(weights: Weights, path: Path, repeats: int, threads: int) -> Figures:
    """Let the players write every transcript that fits the window; print rates and ratios, return all figures."""
    window = min(WINDOW, weights.trained_tokens)
    parts = [part for part in (make_part(weights, transcript) for transcript in TRANSCRIPTS) if _fits(part, window)]
    context = Context(weights, window, threads)
    stock = stock_model(str(path), threads, window)
    players: list[Player] = [
        StockPlayer("stock", stock),
        OurPlayer("ours", context, weights),
        OurPlayer("no drafts", context, weights, drafts=False),
        OurPlayer("nothing forced", context, weights, drafts=False, forced=False),
        OurPlayer("sampled", context, weights, drafts=False, heat=0.7),
        StockPlayer("stock grammar", stock, schema=STEP_SCHEMA, most_tokens=GRAMMAR_TOKENS),
    ]
    runs = {part.name: _rounds(_of_some_seconds(part, players[0]), players, repeats) for part in parts}
    context.free()
    stock.close()
    _print_replies(runs, [player.name for player in players])
    return {"replies": {part: _all_figures(by) for part, by in runs.items()}}


def _fits(part: Part, window: int) -> bool:
    fits = len(part.prompt) + len(part.reply) <= window
    if not fits:
        print(f"({part.name!r} does not fit into {window} tokens.)")
    return fits


def _of_some_seconds(part: Part, player: Player) -> Part:
    rate = player.play(part.cut(TRIED_TOKENS)).rate
    return part.cut(max(int(rate * RUN_S), LEAST_TOKENS))


def _rounds(part: Part, players: Sequence[Player], repeats: int) -> dict[str, list[Run]]:
    """Let the players write in turns; the first round, in which they read the conversation, does not count."""
    runs: dict[str, list[Run]] = {player.name: [] for player in players}
    for repeat in range(repeats + 1):
        for player in players:
            run = player.play(part)
            if repeat:
                runs[player.name].append(run)
    print(f"  {part.name}: {len(part.prompt)} tokens read, {len(part.reply)} written", flush=True)
    return runs


def _all_figures(by: Mapping[str, Sequence[Run]]) -> Figures:
    return {name: [_figures(run) for run in runs] for name, runs in by.items()}


def _figures(run: Run) -> Figures:
    return {
        "tokens": run.tokens,
        "seconds": run.seconds,
        "decode_s": run.decode_s,
        "drafted": run.drafted,
        "accepted": run.accepted,
        "gaps_ms": _percentiles(run.gaps_ms),
    }


def _percentiles(values: Sequence[float]) -> Mapping[str, float]:
    ordered = sorted(values)
    return {
        f"p{share}": ordered[min(len(ordered) * share // 100, len(ordered) - 1)] for share in (50, 95, 99) if ordered
    }


def _ratios(upper: Sequence[Run], lower: Sequence[Run]) -> str:
    ratios = [first.rate / second.rate for first, second in zip(upper, lower, strict=True)]
    return f"{statistics.median(ratios):.2f} ({min(ratios):.2f}–{max(ratios):.2f})"


def _outside_ms(runs: Sequence[Run]) -> float:
    return statistics.median(1e3 * (run.seconds - run.decode_s) / run.tokens for run in runs)


def _print_replies(runs: Mapping[str, Mapping[str, Sequence[Run]]], names: Sequence[str]) -> None:
    _print_row("reply", *(f"{name}, tok/s" for name in names))
    _print_row(*["---"] * (len(names) + 1))
    for part, by in runs.items():
        _print_row(part, *(f"{statistics.median(run.rate for run in by[name]):.1f}" for name in names))
    print()
    heads = (
        "ours ÷ stock",
        "ours ÷ its grammar",
        "drafts ÷ none",
        "forced ÷ not",
        "accepted",
        "outside, ms",
        "sampled",
    )
    _print_row("reply", *heads)
    _print_row(*["---"] * (len(heads) + 1))
    for part, by in runs.items():
        _print_row(part, *_ratio_cells(by))
    rounds = {name: [_sum(runs_) for runs_ in zip(*(by[name] for by in runs.values()), strict=True)] for name in names}
    _print_row("all", *_ratio_cells(rounds))


def _ratio_cells(by: Mapping[str, Sequence[Run]]) -> list[str]:
    ours, plain = by["ours"], by["no drafts"]
    return [
        _ratios(ours, by["stock"]),
        _ratios(ours, by["stock grammar"]),
        _ratios(ours, plain),
        _ratios(plain, by["nothing forced"]),
        f"{ours[0].accepted} of {ours[0].drafted}",
        f"{_outside_ms(plain):.3f}",
        f"{_outside_ms(by['sampled']):.3f}",
    ]


def _print_row(*cells: str) -> None:
    print(f"| {' | '.join(cells)} |", flush=True)


def _sum(runs: Sequence[Run]) -> Run:
    names = ("tokens", "seconds", "decode_s", "drafted", "accepted")
    return Run(*(sum(getattr(run, name) for run in runs) for name in names))
