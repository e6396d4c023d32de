"""What the events of one turn say: its answer, what its cells did and printed, and its figures."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path

from offline_interpreter.bench.records import Record, Tokens
from offline_interpreter.records import (
    CellEnd,
    CellStart,
    Event,
    Notice,
    Output,
    OutputMade,
    ReplyStats,
    StepTaken,
    TurnEnd,
)


@dataclass(slots=True)
class Seen:
    """``repairs`` counts cells that failed; ``printed`` holds standard output and shown values, as they came."""

    status: str = ""
    answer: str = ""
    notice: str = ""
    repairs: int = 0
    cells: list[str] = field(default_factory=list)
    printed: list[str] = field(default_factory=list)
    figures: list[Path] = field(default_factory=list)
    replies: list[ReplyStats] = field(default_factory=list)
    valid_steps: int = 0
    steps: int = 0
    seconds: float = 0.0

    def take(self, event: Event) -> None:
        """Learn from one event."""
        match event:
            case StepTaken():
                self.replies.append(event.stats)
                self.valid_steps += not event.cut
            case CellStart():
                self.cells.append(event.code)
            case OutputMade():
                self._take_output(event.output)
            case CellEnd():
                self.repairs += event.status != "ok"
            case Notice():
                self.notice = event.text
            case TurnEnd():
                self.status, self.answer = event.status, event.answer
                self.steps, self.seconds = event.stats.steps, event.stats.seconds

    def _take_output(self, output: Output) -> None:
        if output.path:
            self.figures.append(Path(output.path))
        elif output.kind in ("display", "result"):
            self.printed.append(output.text.rstrip("\n") + "\n")
        elif output.kind == "stream" and output.name == "stdout":
            self.printed.append(output.text)

    def measured(self, record: Record) -> Record:
        """Return ``record`` with the figures that come of the turn."""
        return replace(
            record,
            repairs=self.repairs,
            steps=self.steps,
            valid_steps=self.valid_steps,
            answer_s=self.seconds,
            first_token_s=self.replies[0].first_token_s if self.replies else 0.0,
            tokens=_sum(self.replies),
        )


def _sum(replies: list[ReplyStats]) -> Tokens:
    return Tokens(
        prompt=sum(reply.prompt_tokens for reply in replies),
        cached=sum(reply.cached_tokens for reply in replies),
        generated=sum(reply.generated_tokens for reply in replies),
        forced=sum(reply.forced_tokens for reply in replies),
        drafted=sum(reply.drafted_tokens for reply in replies),
        accepted=sum(reply.accepted_tokens for reply in replies),
        prompt_s=sum(reply.first_token_s for reply in replies),
        generation_s=sum(max(reply.total_s - reply.first_token_s, 0.0) for reply in replies),
    )
