"""Tokens a second of the same replies, written by our engine and by the stock binding in turns."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from measuring.players import OurPlayer, Part, Player, Run, StockPlayer, make_part, stock_model
from measuring.targets import Rounds
from measuring.transcripts import Transcript
from offline_interpreter.engines.llama.context import Context
from offline_interpreter.engines.llama.loader import Weights
from offline_interpreter.steps import STEP_SCHEMA

TRIED_TOKENS = 12  # of a reply, to see how fast it is written
GRAMMAR_TOKENS = 16  # of a reply, with the stock grammar: it takes up to 50 ms for each
WINDOW = 6144

Figures = dict[str, Any]


class Pace(NamedTuple):
    """How much is measured: ``rounds``, of replies cut to what the stock binding writes in ``seconds`` of each."""

    rounds: int
    seconds: float


Runs = dict[str, dict[str, list[Run]]]  # part -> player -> a run each round


def measure_replies(
    weights: Weights, path: Path, transcripts: Sequence[Transcript], pace: Pace, threads: int
) -> tuple[Figures, Rounds]:
    """Let ours and the stock binding write every transcript; print rates, return all runs and the ratios."""
    context, stock = _contexts(weights, path, threads)
    players: list[Player] = [
        StockPlayer("stock", stock),
        OurPlayer("ours", context, weights),
        OurPlayer("no drafts", context, weights, drafts=False),
        StockPlayer("stock grammar", stock, schema=STEP_SCHEMA, most_tokens=GRAMMAR_TOKENS),
    ]
    runs = _play(_parts(weights, transcripts, context.tokens), players, pace)
    context.free()
    stock.close()
    rounds = {
        "ours ÷ stock": _ratios(_all(runs, "ours"), _all(runs, "stock")),
        "ours ÷ stock grammar": _ratios(_all(runs, "ours"), _all(runs, "stock grammar")),
    }
    for part, by in runs.items():
        rounds[f"{part}: ours ÷ stock"] = _ratios(by["ours"], by["stock"])
        rounds[f"{part}: drafts ÷ none"] = _ratios(by["ours"], by["no drafts"])
    return {"replies": _all_figures(runs)}, rounds


def measure_ablations(
    weights: Weights, path: Path, transcripts: Sequence[Transcript], pace: Pace, threads: int
) -> tuple[Figures, Rounds]:
    """Let ours write without guesses, also without what the schema forces, and by draws; return runs and ratios."""
    context, stock = _contexts(weights, path, threads)
    players: list[Player] = [
        StockPlayer("stock", stock),
        OurPlayer("no drafts", context, weights, drafts=False),
        OurPlayer("nothing forced", context, weights, drafts=False, forced=False),
        OurPlayer("sampled", context, weights, drafts=False, heat=0.7),
    ]
    runs = _play(_parts(weights, transcripts, context.tokens), players, pace)
    context.free()
    stock.close()
    plain, unforced = _all(runs, "no drafts"), _all(runs, "nothing forced")
    rounds = {
        "no drafts ÷ stock": _ratios(plain, _all(runs, "stock")),
        "nothing forced ÷ stock": _ratios(unforced, _all(runs, "stock")),
        "forced ÷ not": _ratios(plain, unforced),
        "outside the model, ms a token": _outside_ms(plain),
        "outside the model, sampled, ms a token": _outside_ms(_all(runs, "sampled")),
    }
    return {"ablations": _all_figures(runs)}, rounds


def _contexts(weights: Weights, path: Path, threads: int) -> tuple[Context, Any]:
    window = min(WINDOW, weights.trained_tokens)
    return Context(weights, window, threads), stock_model(str(path), threads, window)


def _parts(weights: Weights, transcripts: Iterable[Transcript], window: int) -> list[Part]:
    parts = [make_part(weights, transcript) for transcript in transcripts]
    for part in parts:
        if not _fits(part, window):
            print(f"({part.name!r} does not fit into {window} tokens.)")
    return [part for part in parts if _fits(part, window)]


def _fits(part: Part, window: int) -> bool:
    return len(part.prompt) + len(part.reply) <= window


def _play(parts: Sequence[Part], players: Sequence[Player], pace: Pace) -> Runs:
    runs = {part.name: _rounds(_cut(part, players[0], pace.seconds), players, pace.rounds) for part in parts}
    _print_rates(runs, [player.name for player in players])
    return runs


def _cut(part: Part, player: Player, seconds: float) -> Part:
    rate = player.play(part.cut(TRIED_TOKENS)).rate
    return part.cut(max(int(rate * seconds), part.least_tokens))


def _rounds(part: Part, players: Sequence[Player], count: int) -> dict[str, list[Run]]:
    """Let the players write in turns, after each has read the conversation and written a beginning."""
    for player in players:
        player.play(part.cut(TRIED_TOKENS))
    runs: dict[str, list[Run]] = {player.name: [] for player in players}
    for number in range(count):
        first = number % len(players)  # nobody always comes after the same one
        for player in [*players[first:], *players[:first]]:
            runs[player.name].append(player.play(part))
    print(f"  {part.name}: {len(part.prompt)} tokens read, {len(part.reply)} written", flush=True)
    return runs


# -- figures ----------------------------------------------------------------------------------------------------------


def _all(runs: Runs, player: str) -> list[Run]:
    """Return what a player took for all parts together, round by round."""
    return [_sum(of_round) for of_round in zip(*(by[player] for by in runs.values()), strict=True)]


def _sum(runs: Sequence[Run]) -> Run:
    names = ("tokens", "seconds", "decode_s", "drafted", "accepted")
    return Run(*(sum(getattr(run, name) for run in runs) for name in names))


def _ratios(upper: Sequence[Run], lower: Sequence[Run]) -> list[float]:
    return [first.rate / second.rate for first, second in zip(upper, lower, strict=True)]


def _outside_ms(runs: Sequence[Run]) -> list[float]:
    return [1e3 * (run.seconds - run.decode_s) / run.tokens for run in runs]


def _all_figures(runs: Runs) -> Figures:
    return {
        part: {name: [_figures(run) for run in of_name] for name, of_name in by.items()} for part, by in runs.items()
    }


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


def _print_rates(runs: Runs, names: Sequence[str]) -> None:
    _print_row("tokens/s", *names, "guesses")
    _print_row(*["---"] * (len(names) + 2))
    for part, by in runs.items():
        rates = (f"{statistics.median(run.rate for run in by[name]):.1f}" for name in names)
        best = max((by[name][0] for name in names), key=lambda run: run.drafted)
        _print_row(part, *rates, f"{best.accepted} of {best.drafted}")
    print(flush=True)


def _print_row(*cells: str) -> None:
    print(f"| {' | '.join(cells)} |", flush=True)
