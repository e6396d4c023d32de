"""The values that flow along the line: messages, steps, decisions, outputs, replies and events.

All are frozen and compared by value. ``event_json`` gives the one JSON form that the transcript, ``--json`` and the
web page share. Nothing here knows how a value comes about or how it is shown.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from typing import Any, ClassVar, Literal

from offline_interpreter.undone import Undone

Role = Literal["system", "user", "assistant", "observation"]
Approval = Literal["ask", "auto", "never"]
SandboxMode = Literal["auto", "strict", "network-only", "off"]
StepProtocol = Literal["json", "fenced"]  # how a model writes code: as a JSON string, or as a block


@dataclass(frozen=True, slots=True)
class Message:
    """One entry of the history that the model sees. Engines map ``observation`` to the model's user role."""

    role: Role
    text: str


# -- steps and decisions ------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Code:
    """A step that wants to run ``code``; ``message`` says in a sentence what it does."""

    message: str
    code: str


@dataclass(frozen=True, slots=True)
class Answer:
    """A step that ends the turn; ``message`` is Markdown."""

    message: str


Step = Code | Answer


@dataclass(frozen=True, slots=True)
class Run:
    """Run ``code``, which is the step's own or what the person made of it."""

    code: str


@dataclass(frozen=True, slots=True)
class Refuse:
    """Do not run it; the model is told ``reason`` and goes on."""

    reason: str = ""


@dataclass(frozen=True, slots=True)
class Stop:
    """Do not run it, and end the turn."""


Decision = Run | Refuse | Stop
Approve = Callable[[Code], Decision]
AskInput = Callable[[str, bool], str]  # prompt, secret -> what the person typed


# -- cells --------------------------------------------------------------------------------------------------------

OutputKind = Literal["stream", "display", "result", "error"]


@dataclass(frozen=True, slots=True)
class Output:
    """One thing that a cell put out, in Jupyter's words.

    ``stream``: ``name`` is ``stdout`` or ``stderr``, ``text`` a chunk as it came. ``display`` and ``result``: ``data``
    is the mime bundle (binary types in base64), ``text`` its plain form. ``error``: ``name`` is the exception's class,
    ``text`` the short traceback. ``path`` names the file that a figure was saved to, once the session has done so.
    """

    kind: OutputKind
    text: str = ""
    name: str = ""
    data: Mapping[str, str] = field(default_factory=dict)
    path: str = ""


CellStatus = Literal["ok", "error", "interrupted", "timeout", "died"]


@dataclass(frozen=True, slots=True)
class RunningLine:
    """The line that a cell is at, counted from 1, and its text."""

    line: int
    text: str


@dataclass(frozen=True, slots=True)
class CellResult:
    """How a cell ended. ``state_lost``: the child was replaced, so variables are gone."""

    status: CellStatus
    seconds: float
    state_lost: bool = False


@dataclass(frozen=True, slots=True)
class Artifact:
    """A file that a cell created, modified or deleted; ``path`` is relative to the workspace.

    ``preexisting``: the file was there before the session began.
    """

    path: str
    change: Literal["created", "modified", "deleted"]
    size_bytes: int
    preexisting: bool = False


@dataclass(frozen=True, slots=True)
class Limits:
    """What a cell may use. ``cell_time_s`` 0: no limit. ``grace_s``: from the interrupt to the kill.

    ``memory_bytes`` of each process, 0 for most of what is free, and ``processes`` hold where cells are confined.
    ``disk_bytes`` is what files may grow by while a cell runs, 0 for what the disk can spare.
    For undo, files of up to ``kept_file_bytes`` are copied, ``kept_bytes`` in all (0: none), in ``keeping_s`` a cell.
    """

    cell_time_s: float = 0.0
    grace_s: float = 2.0
    memory_bytes: int = 0
    processes: int = 512
    disk_bytes: int = 0
    shown_chars: int = 100_000
    stored_bytes: int = 1 << 30
    kept_file_bytes: int = 64_000_000
    kept_bytes: int = 1_000_000_000
    keeping_s: float = 10.0


# -- replies ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Sampling:
    """How tokens are chosen. ``temperature`` 0 is greedy. ``max_tokens`` bounds one reply.

    Drawn is among those with ``min_p`` of the best one's chance or more, and of these the likeliest that have ``top_p``
    of all chances. ``repetition_penalty`` above 1 makes the latest tokens less likely.
    """

    temperature: float = 0.0
    min_p: float = 0.05
    top_p: float = 1.0
    repetition_penalty: float = 1.0
    seed: int = 0
    max_tokens: int = 4096


@dataclass(frozen=True, slots=True)
class Progress:
    """What is waited for: per cent of a load, tokens of a prompt, bytes of a check; ``total`` 0: it is not known."""

    stage: Literal["load", "prompt", "check"]
    done: int
    total: int


Finish = Literal["complete", "length", "runaway", "cancelled"]


@dataclass(frozen=True, slots=True)
class ReplyStats:
    """Token counts and seconds of one reply. ``cached_tokens`` of the prompt were not evaluated again.

    The schema forced ``forced_tokens`` of the reply; of ``drafted_tokens`` that were guessed the model chose
    ``accepted_tokens``. ``decode_s`` was spent in it.
    """

    prompt_tokens: int = 0
    cached_tokens: int = 0
    generated_tokens: int = 0
    forced_tokens: int = 0
    drafted_tokens: int = 0
    accepted_tokens: int = 0
    first_token_s: float = 0.0
    decode_s: float = 0.0
    total_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Reply:
    """How a reply ended, and what it took."""

    finish: Finish
    stats: ReplyStats = field(default_factory=ReplyStats)


# -- events -------------------------------------------------------------------------------------------------------

TurnStatus = Literal["answered", "exhausted", "repeated", "refused", "approval_needed", "interrupted", "error"]


@dataclass(frozen=True, slots=True)
class TurnStart:
    """The person asked ``text``."""

    kind: ClassVar[str] = "turn_start"
    text: str
    turn: int


@dataclass(frozen=True, slots=True)
class ProgressMade:
    """A wait goes on: the model loads, or reads its prompt."""

    kind: ClassVar[str] = "progress"
    stage: str
    done: int
    total: int


@dataclass(frozen=True, slots=True)
class MessageDelta:
    """More of a step's message."""

    kind: ClassVar[str] = "message_delta"
    text: str


@dataclass(frozen=True, slots=True)
class CodeDelta:
    """More of a step's code."""

    kind: ClassVar[str] = "code_delta"
    text: str


@dataclass(frozen=True, slots=True)
class StepTaken:
    """A reply is complete. ``action`` is ``code`` or ``answer``; ``cut``: it was closed for the model."""

    kind: ClassVar[str] = "step"
    action: Literal["code", "answer"]
    message: str
    code: str
    cut: bool
    finish: Finish
    stats: ReplyStats


@dataclass(frozen=True, slots=True)
class Approved:
    """What was decided of a cell; ``code`` is what will run, if it does."""

    kind: ClassVar[str] = "approval"
    decision: Literal["run", "edited", "refused", "stopped", "needed"]
    code: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class CellStart:
    """A cell begins to run; cells are counted from 1 in a session."""

    kind: ClassVar[str] = "cell_start"
    cell: int
    code: str


@dataclass(frozen=True, slots=True)
class CellRunning:
    """A cell that takes its time is at this line of its code, counted from 1."""

    kind: ClassVar[str] = "cell_running"
    cell: int
    line: int
    text: str


@dataclass(frozen=True, slots=True)
class OutputMade:
    """A cell put something out. ``omitted``: the person's cap is reached, what follows is in the file only."""

    kind: ClassVar[str] = "output"
    cell: int
    output: Output
    omitted: bool = False


@dataclass(frozen=True, slots=True)
class InputRequested:
    """A cell asked the person for a line; the reply is not recorded."""

    kind: ClassVar[str] = "input_request"
    cell: int
    prompt: str
    secret: bool


@dataclass(frozen=True, slots=True)
class CellEnd:
    """A cell ended; ``output_path`` holds all of its text output, if there was any."""

    kind: ClassVar[str] = "cell_end"
    cell: int
    status: CellStatus
    seconds: float
    state_lost: bool
    output_path: str


@dataclass(frozen=True, slots=True)
class ArtifactFound:
    """A cell created, modified or deleted a file of the workspace."""

    kind: ClassVar[str] = "artifact"
    cell: int
    artifact: Artifact


@dataclass(frozen=True, slots=True)
class Notice:
    """A line to the person that is neither output nor answer."""

    kind: ClassVar[str] = "notice"
    text: str


@dataclass(frozen=True, slots=True)
class TurnStats:
    """Sums over a turn."""

    steps: int = 0
    cells: int = 0
    prompt_tokens: int = 0
    cached_tokens: int = 0
    generated_tokens: int = 0
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class TurnEnd:
    """The turn is over; ``answer`` is what its last message says. Nothing follows."""

    kind: ClassVar[str] = "turn_end"
    status: TurnStatus
    answer: str
    stats: TurnStats


Event = (
    TurnStart
    | ProgressMade
    | MessageDelta
    | CodeDelta
    | StepTaken
    | Approved
    | CellStart
    | OutputMade
    | InputRequested
    | CellEnd
    | ArtifactFound
    | Notice
    | TurnEnd
    | Undone
    | CellRunning
)

# Shown as they happen, never recorded.
LIVE_KINDS = frozenset({"progress", "message_delta", "code_delta", "cell_running"})


def value_json(value: Any) -> Any:
    """Turn a record, at any depth, into plain JSON values."""
    if hasattr(value, "__dataclass_fields__"):
        return {f.name: value_json(getattr(value, f.name)) for f in fields(value)}
    if isinstance(value, Mapping):
        return {key: value_json(item) for key, item in value.items()}
    if isinstance(value, tuple):
        return [value_json(item) for item in value]
    return value


def event_json(event: Event) -> dict[str, Any]:
    """Return the JSON form of an event: its ``kind`` and its fields; a figure that is in a file is only named."""
    value = {"kind": event.kind, **value_json(event)}
    if isinstance(event, OutputMade) and event.output.path:
        data = event.output.data
        value["output"]["data"] = {mime: text for mime, text in data.items() if not mime.startswith("image/")}
    return value
