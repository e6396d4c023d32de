"""The exceptions that users of the package may see; each one says its cause and its remedy.

    OfflineInterpreterError
    ├── UsageError              an option, a configuration file or an argument is wrong
    │   └── WorkspaceRefused    the folder may not be given to cells
    ├── ModelMissing            the named model is not on this machine
    ├── ModelUnusable           the file is there, but it is no model that this build can load
    ├── PullFailed              a model could not be fetched
    ├── StoreError              the store of models cannot be changed
    ├── EngineError             the model could not be asked
    │   └── ContextFull         the messages do not fit into the model's window
    ├── StepInvalid             a reply is not a step
    ├── KernelError             the child that runs cells could not be started
    ├── ApprovalRequired        code wants to run, and nobody is there to allow it
    ├── BundleError             a bundle could not be made, or is not as it must be
    └── TranscriptBroken        a recorded session cannot be read

Foreign exceptions are mapped to these where the foreign library is called, chained with ``from``. Only the
command line turns them into exit codes.
"""

from __future__ import annotations


class OfflineInterpreterError(Exception):
    """Base of all errors of this package: ``cause`` says what and why, ``remedy`` what to do."""

    def __init__(self, cause: str, remedy: str = "") -> None:
        super().__init__(f"{cause} {remedy}" if remedy else cause)
        self.cause = cause
        self.remedy = remedy


class UsageError(OfflineInterpreterError):
    """An option, a configuration file or an argument is wrong."""


class WorkspaceRefused(UsageError):
    """The folder may not be given to cells."""


class ModelMissing(OfflineInterpreterError):
    """The named model is not on this machine."""


class ModelUnusable(OfflineInterpreterError):
    """The file is there, but it is no model that this build can load."""


class PullFailed(OfflineInterpreterError):
    """A model could not be fetched; what was got of it is kept, if it is of use."""


class StoreError(OfflineInterpreterError):
    """The store of models cannot be changed: it cannot be written to, or somebody uses the model."""


class EngineError(OfflineInterpreterError):
    """The model could not be asked."""


class ContextFull(EngineError):
    """The messages do not fit into the model's window; the engine never trims by itself.

    ``needed_tokens`` counts what was asked for, ``context_tokens`` what there is.
    """

    def __init__(self, needed_tokens: int, context_tokens: int) -> None:
        super().__init__(
            f"The conversation needs {needed_tokens} tokens and the model's window has {context_tokens}.",
            "Ask a shorter question, or raise --context.",
        )
        self.needed_tokens = needed_tokens
        self.context_tokens = context_tokens


class StepInvalid(OfflineInterpreterError):
    """A reply is not a step; ``cause`` is written so that the model can correct itself."""


class KernelError(OfflineInterpreterError):
    """The child that runs cells could not be started."""


class ApprovalRequired(OfflineInterpreterError):
    """Code wants to run, and nobody is there to allow it."""


class BundleError(OfflineInterpreterError):
    """A bundle could not be made, or is not as it must be."""


class TranscriptBroken(OfflineInterpreterError):
    """A recorded session cannot be read."""
