"""All wiring in one place: from options to a session that is ready for its first turn.

Nothing here prints or asks; who opens a session gives the two callbacks through which the person is asked.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import date
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING

from offline_interpreter import __version__, prompt
from offline_interpreter.cancel import Cancel
from offline_interpreter.cell_log import SessionFolder
from offline_interpreter.cells import Cells
from offline_interpreter.config import (
    STARTER,
    Options,
    byte_count,
    gpu_layer_count,
    models_folder,
    prefixes_folder,
    state_folder,
)
from offline_interpreter.errors import ApprovalRequired, EngineError, ModelMissing, TranscriptBroken, UsageError
from offline_interpreter.kernel.manager import Kernel
from offline_interpreter.kernel.packages import installed_packages
from offline_interpreter.kernel.sandbox.places import refuse_workspace
from offline_interpreter.kernel.sandbox.plan import Access
from offline_interpreter.models.catalogue import known_models
from offline_interpreter.models.store import Store
from offline_interpreter.models.verify import check_before_load, check_sizes
from offline_interpreter.models.work import Work
from offline_interpreter.records import (
    Approve,
    AskInput,
    Code,
    Decision,
    Limits,
    Message,
    Progress,
    Run,
    Sampling,
    StepProtocol,
)
from offline_interpreter.session import Session, Settings
from offline_interpreter.steps import closing_messages
from offline_interpreter.transcript import Transcript, fold_history, message_record, read_transcript
from offline_interpreter.workspace.scan import Workspace

if TYPE_CHECKING:
    from offline_interpreter.engines.base import Engine, OnProgress
    from offline_interpreter.engines.fenced import FencedEngine
    from offline_interpreter.engines.llama.engine import LlamaEngine

UNATTENDED_TIMEOUT_S = 600.0  # how long a cell may run when nobody sits at a terminal

LEAST_KEPT_MODEL_BYTES = 32 << 20  # a smaller model reads a prompt about as fast as the disk gives it back

_INTERRUPTED = "The session ended before this turn did."


def find_model(name: str) -> Path:
    """Return the GGUF that ``name`` means: ``starter``, a path, or the id of a model in the store.

    Raises ``ModelMissing``, also for a model that is not complete.
    """
    if name == STARTER:
        return Path(str(resources.files("offline_interpreter").joinpath("data/starter.gguf")))
    path = Path(name).expanduser()
    if path.suffix == ".gguf" or path.is_file():
        if path.is_file():
            return path
        raise ModelMissing(f"There is no file {name!r}.", "Name a GGUF file by its path.")
    held = Store().find(name)
    if held is None:
        raise _model_missing(name)
    check_sizes(held)
    return held.path


def _model_missing(name: str) -> ModelMissing:
    if any(entry.id == name for entry in known_models()):
        return ModelMissing(
            f"No model {name!r} in the store.",
            f"Run `offline-interpreter models pull {name}` on a connected machine, "
            "or `offline-interpreter models import FILE`.",
        )
    return ModelMissing(
        f"No model {name!r}: it is neither a file, nor in the store, nor in the catalogue.",
        "`offline-interpreter models list` shows them; any GGUF can be named by its path.",
    )


def open_session(
    options: Options | None = None,
    *,
    approve: Approve | None = None,
    ask_input: AskInput | None = None,
    engine: Engine | None = None,
    messages: Sequence[Message] = (),
    resume: Path | None = None,
    folder: SessionFolder | None = None,
    progress: OnProgress | None = None,
    cancel: Cancel | None = None,
) -> Session:
    """Start the kernel, load the model meanwhile, begin the transcript.

    ``approve`` is asked before a cell runs unless ``options.approval`` decides; without it code raises
    ``ApprovalRequired``. ``engine`` replaces the one that ``options.model`` names and stays its maker's. ``messages``
    are an earlier history to go on from; ``resume`` is the folder of a recorded session, whose history and system
    prompt are taken over (its variables are gone). ``folder`` holds what is recorded of a new session, instead of one
    among the person's. ``cancel`` stops the loading of a model.
    """
    options = options or Options()
    if engine is None:
        find_model(options.model)  # before anything is started for it
    refuse_workspace(options.workspace, kept=(models_folder(), sessions_folder()), anyway=options.workspace_anyway)
    folder = SessionFolder(resume) if resume else folder or new_session_folder()
    ran_before = _count_cells(folder.transcript) if resume else 0
    kernel = _start_kernel(options, folder, ran_before, keeps_spare=ask_input is not None)
    try:
        engine = engine or load_engine(options, progress=progress, cancel=cancel)
    except BaseException:
        kernel.close()
        if not resume:
            folder.keep_figures_only()
        raise
    transcript = Transcript(folder.transcript)
    workspace = Workspace(options.workspace)
    _record_opening(transcript, options, engine.name, kernel.confinement.message)
    return Session(
        engine=engine,
        cells=Cells(kernel, workspace, folder, limits=limits_of(options), ran_before=ran_before),
        transcript=transcript,
        approve=approval_of(options, approve),
        ask_input=ask_input,
        settings=_settings(options, attended=ask_input is not None),
        messages=_resumed(transcript) if resume else _begun(transcript, _opening(options, engine, messages)),
    )


def open_cells(options: Options) -> FreeCells:
    """Start the kernel that ``options`` name, for cells without a model: with no transcript, and nothing to undo.

    All of their output is shown, and none of it kept but figures, in a session folder that is there only with some.
    """
    refuse_workspace(options.workspace, kept=(models_folder(), sessions_folder()), anyway=options.workspace_anyway)
    folder = new_session_folder()
    limits = replace(limits_of(options), shown_chars=sys.maxsize, stored_bytes=0)
    try:
        return FreeCells(
            _start_kernel(options, folder, 0), Workspace(options.workspace), folder, limits=limits, undoable=False
        )
    except BaseException:
        folder.keep_figures_only()
        raise


class FreeCells(Cells):
    """Cells that belong to no session; of their folder only figures stay."""

    def close(self) -> None:
        """End the kernel; keep the folder only if there are figures in it."""
        super().close()
        self.folder.keep_figures_only()


def _start_kernel(options: Options, folder: SessionFolder, ran_before: int, *, keeps_spare: bool = False) -> Kernel:
    for path in (folder.outputs, folder.packages):
        path.mkdir(parents=True, exist_ok=True)
    access = Access((folder.outputs, *options.allow_read), options.allow_write, network=options.allow_network)
    kernel = Kernel(
        options.workspace,
        limits=limits_of(options),
        python=options.python,
        packages_dir=folder.packages,
        wheelhouse=options.wheelhouse,
        ran_before=ran_before,
        sandbox=options.sandbox,
        access=access,
        keeps_spare=keeps_spare,
    )
    kernel.start()
    return kernel


def limits_of(options: Options) -> Limits:
    """Return what a cell may use; its time is a matter of who sits there, and of each call."""
    return Limits(
        memory_bytes=byte_count("memory", options.memory),
        processes=options.processes,
        disk_bytes=byte_count("disk", options.disk),
        stored_bytes=byte_count("output_limit", options.output_limit),
    )


def load_engine(
    options: Options, *, progress: OnProgress | None = None, cancel: Cancel | None = None, keep: bool = True
) -> LlamaEngine | FencedEngine:
    """Load the model that ``options`` name into an engine of its own; weights are shared per file.

    ``keep`` False: what it evaluates is neither kept on disk for later processes nor taken from there.
    """
    path = find_model(options.model)
    _check_held(path, progress or _ignore, cancel)
    from offline_interpreter.engines.llama.engine import LlamaEngine

    engine = LlamaEngine(
        path,
        context_tokens=options.context,
        threads=options.threads,
        gpu_layers=gpu_layer_count(options.gpu_layers),
        prefixes=prefixes_folder() if keep and path.stat().st_size >= LEAST_KEPT_MODEL_BYTES else None,
        progress=progress or _ignore,
        cancel=cancel,
    )
    if protocol_of(options) == "json":
        return engine
    from offline_interpreter.engines.fenced import FencedEngine

    return FencedEngine(engine)


def protocol_of(options: Options) -> StepProtocol:
    """Return how the model that ``options`` name is to write code."""
    if options.protocol != "auto":
        return options.protocol
    if options.model == STARTER:
        return "json"
    from offline_interpreter.models.catalogue import load_catalogue

    entry = next((entry for entry in load_catalogue() if entry.id == options.model), None)
    return entry.protocol if entry else "json"


def _check_held(path: Path, progress: OnProgress, cancel: Cancel | None) -> None:
    """Hash a model of the store that was not hashed yet, or has changed since."""
    model = Store().owner(path)
    if model is None:
        return

    def show(work: Work) -> None:
        progress(Progress("check", work.done_bytes, work.total_bytes))
        if cancel is not None and cancel.requested:
            raise EngineError("Loading the model was stopped.")

    check_before_load(model, show)


def _ignore(_progress: Progress) -> None:
    """Nobody wants to know."""


def default_system_prompt(options: Options) -> str:
    """Return the system prompt of a new session: the same for every folder and every day."""
    return prompt.system_prompt(installed_packages(options.python), options.custom_instructions)


def cell_time_s(options: Options, *, attended: bool) -> float:
    """Return how long a cell may run, 0 for ever; ``attended``: somebody sits there who can stop it."""
    if options.timeout_s is not None:
        return options.timeout_s
    return 0.0 if attended else UNATTENDED_TIMEOUT_S


def _settings(options: Options, *, attended: bool) -> Settings:
    timeout_s = cell_time_s(options, attended=attended)
    names = ("temperature", "min_p", "top_p", "repetition_penalty", "seed", "max_tokens")
    sampling = Sampling(**{name: getattr(options, name) for name in names})
    return Settings(options.max_steps, timeout_s, sampling)


def approval_of(options: Options, approve: Approve | None) -> Approve:
    """Return who decides over code: the options, else ``approve``, else nobody (which raises ``ApprovalRequired``)."""
    if options.approval == "auto":
        return lambda step: Run(step.code)
    if options.approval == "never":
        return _refuse_all
    return approve or _nobody_there


def _refuse_all(_step: Code) -> Decision:
    raise ApprovalRequired("Code is shown and not run (approval: never).")


def _nobody_there(_step: Code) -> Decision:
    raise ApprovalRequired("Code wants to run, and nobody is there to allow it.", "Use -y (auto_run=True) to allow it.")


# -- sessions on disk ---------------------------------------------------------------------------------------------


def sessions_folder() -> Path:
    """Return the folder that holds one folder a session."""
    return state_folder() / "sessions"


def new_session_folder() -> SessionFolder:
    """Make and return the folder of a new session, named by the day and a number."""
    parent = sessions_folder()
    number = 1
    while True:
        path = parent / f"{date.today():%Y-%m-%d}-{number}"
        try:
            path.mkdir(parents=True, mode=0o700)
        except FileExistsError:
            number += 1
        except OSError as error:
            raise UsageError(
                f"No session folder can be made in {str(parent)!r}: {error.strerror}.",
                "Set OFFLINE_INTERPRETER_STATE to a folder that can be written to.",
            ) from error
        else:
            return SessionFolder(path)


def _record_opening(transcript: Transcript, options: Options, model: str, confinement: str) -> None:
    transcript.append(
        {
            "kind": "session",
            "version": __version__,
            "model": model,
            "workspace": str(options.workspace),
            "python": options.python,
            "confinement": confinement,
        }
    )


def _opening(options: Options, engine: Engine, messages: Sequence[Message]) -> list[Message]:
    if not engine.reads_system:
        return [message for message in messages if message.role != "system"]
    return list(messages) or [Message("system", default_system_prompt(options))]


def _begun(transcript: Transcript, opening: list[Message]) -> list[Message]:
    for message in opening:
        transcript.append(message_record(message))
    return opening


def _resumed(transcript: Transcript) -> list[Message]:
    messages = fold_history(read_transcript(transcript.path))
    for message in closing_messages(messages, _INTERRUPTED):
        messages.append(message)
        transcript.append(message_record(message))
    return messages


def _count_cells(transcript: Path) -> int:
    return sum(record.get("kind") == "cell_start" for record in read_transcript(transcript))


def last_session(workspace: Path) -> Path:
    """Return the folder of the session that was last written to of those in ``workspace``."""
    transcripts = sessions_folder().glob("*/transcript.jsonl")
    for path in sorted(transcripts, key=lambda path: path.stat().st_mtime_ns, reverse=True):
        with suppress(TranscriptBroken):
            if next(read_transcript(path), {}).get("workspace") == str(workspace):
                return path.parent
    raise UsageError(f"There is no session in {str(workspace)!r} to go on with.", "Start one without -c.")
