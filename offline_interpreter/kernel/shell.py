"""In the child: one IPython shell, set up so that all that it shows leaves as messages.

The shell is configured and not subclassed, so that IPython is imported only where one is made. It keeps nothing on
disk, reads no configuration or start-up file, and knows nothing of pipes: it is given a function that sends. Works
with IPython 8.18 and later.
"""

from __future__ import annotations

import base64
import bdb
import contextlib
import importlib
import json
import linecache
import shutil
import subprocess
import sys
import tempfile
import types
import warnings
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from .figures import Figures
from .magics import Commands, prepare_environment, replace_magics
from .pip_command import Pip
from .protocol import MAX_MESSAGE_BYTES, Message, encode_message
from .short_traceback import short_traceback

MAX_BUNDLE_BYTES = MAX_MESSAGE_BYTES - 4096  # the rest is the message around it
MAX_PLAIN_CHARS = 1_000_000  # of a text that does not fit

_DEBUGGER_LEFT = "BdbQuit: The debugger was left, and the cell with it."

Send = Callable[[Message], None]

_to_json = json.JSONEncoder(default=str).encode  # bound before a cell can replace ``json.dumps``


class CellShell:
    """Runs cells; variables last as long as it does."""

    def __init__(self, send: Send, *, wheelhouse: str = "", packages_dir: str = "") -> None:
        """``wheelhouse`` and ``packages_dir`` are the folders that pip installs from and to."""
        self._send = send
        self._errors = 0
        pip = Pip(wheelhouse, packages_dir)
        self._commands = Commands(pip)
        prepare_environment(pip, packages_dir)
        self._shell = _new_shell()
        self._show_outputs()
        self._show_errors()
        self._run_commands()
        replace_magics(self._shell, pip)
        Figures(self._shell)

    def run(self, code: str, number: int) -> bool:
        """Run one cell under the number that the person sees; return whether it succeeded."""
        self._shell.execution_count = number
        self._errors = 0  # also those that IPython only shows: of a figure that cannot be drawn, of ``%run``
        result = self._shell.run_cell(code, store_history=True)
        error = result.error_before_exec or result.error_in_exec
        if isinstance(error, bdb.BdbQuit):  # which IPython keeps to itself
            self._errors += 1
            self._send({"type": "error", "name": "BdbQuit", "text": _DEBUGGER_LEFT})
        return not self._errors and (error is None or _is_plain_exit(error))

    # -- what is shown --------------------------------------------------------------------------------------------

    def _show_outputs(self) -> None:
        shell, hook = self._shell, self._shell.displayhook
        shell.display_pub.publish = self._publish
        shell.display_pub.clear_output = _do_nothing  # output that was shown stays shown
        hook.write_output_prompt = _do_nothing
        hook.write_format_data = self._send_result
        hook.log_output = _do_nothing

    def _publish(self, data: Mapping[str, Any], metadata: object = None, *_: Any, **__: Any) -> None:
        self._send_bundle("display", data)

    def _send_result(self, data: Mapping[str, Any], metadata: object = None) -> None:
        self._send_bundle("result", data)

    def _send_bundle(self, kind: str, data: Mapping[str, Any]) -> None:
        bundle = fit_bundle({str(mime): _as_text(value) for mime, value in data.items()})
        if bundle:
            self._send({"type": kind, "data": bundle})

    # -- errors ---------------------------------------------------------------------------------------------------

    def _show_errors(self) -> None:
        self._shell.showtraceback = self._show_error
        self._shell.showsyntaxerror = self._show_current_error
        self._shell.showindentationerror = self._show_current_error
        # Newer versions store a long traceback of each error, which takes a tenth of a second to make.
        self._shell._format_exception_for_storage = _do_nothing

    def _show_current_error(self, *_: Any, **__: Any) -> None:
        self._show_error()

    def _show_error(self, exc_tuple: Any = None, *_: Any, **__: Any) -> None:
        error = exc_tuple[1] if exc_tuple else sys.exc_info()[1] or getattr(sys, "last_value", None)
        if error is None or _is_plain_exit(error):
            return
        self._errors += 1
        sys.last_type, sys.last_value, sys.last_traceback = type(error), error, error.__traceback__  # for %debug
        self._send({"type": "error", "name": type(error).__name__, "text": short_traceback(error)})

    # -- commands -------------------------------------------------------------------------------------------------

    def _run_commands(self) -> None:
        shell = self._shell
        shell.system = shell.system_raw = shell.system_piped = self._run_command
        shell.enable_gui = _do_nothing  # ``%matplotlib inline`` asks for none
        shell.user_ns["exit"] = shell.user_ns["quit"] = sys.exit
        shell.user_ns_hidden.update(exit=sys.exit, quit=sys.exit)
        warnings.filterwarnings("ignore", message="To exit: use 'exit'", category=UserWarning)
        # Since Python 3.12; the other thread is ours and holds nothing at a fork.
        warnings.filterwarnings("ignore", message=".*multi-threaded, use of fork", category=DeprecationWarning)

    def _run_command(self, command: str) -> None:
        """Run ``!command`` on the cell's own descriptors; IPython would open a terminal for it."""
        sys.stdout.flush()
        expanded = self._shell.var_expand(command, depth=1)
        status = self._commands.run(expanded)
        if status is None:
            status = subprocess.call(expanded, shell=True, executable=shutil.which("bash"))  # noqa: S602 - meant
            importlib.invalidate_caches()  # it may have written modules
        self._shell.user_ns["_exit_code"] = status


@contextlib.contextmanager
def _logging_config_later() -> Iterator[None]:
    """Have traitlets import a stand-in for ``logging.config``, which takes a tenth of the time that a start takes.

    Only an application of IPython would call it, and gets the real one then.
    """
    name = "logging.config"
    if name in sys.modules:
        yield
        return
    stand_in = types.ModuleType(name)
    stand_in.dictConfig = _configure_logging  # type: ignore[attr-defined]
    sys.modules[name] = stand_in
    try:
        yield
    finally:
        sys.modules.pop(name, None)


def _configure_logging(config: Any) -> None:
    from logging.config import dictConfig

    dictConfig(config)


def _new_shell() -> Any:
    with _logging_config_later():
        from IPython.core import page as typeless_page
        from IPython.core.interactiveshell import InteractiveShell
        from IPython.core.profiledir import ProfileDir
        from traitlets.config import Config

    page: Any = typeless_page
    shell: Any
    config = Config()
    config.HistoryManager.enabled = False
    config.HistoryManager.hist_file = ":memory:"
    config.InteractiveShell.colors = "nocolor" if _ipython_version() >= 9 else "NoColor"
    config.InteractiveShell.warn_venv = False
    with tempfile.TemporaryDirectory() as folder:  # IPython wants one; nothing of it is used afterwards
        profile = ProfileDir(location=folder)
        shell = InteractiveShell.instance(config=config, ipython_dir=folder, profile_dir=profile)
    shell.db = {}
    shell._tee = _keep_nothing
    shell.compile.cache = _remember_source
    shell.set_hook("show_in_pager", page.as_hook(page.display_page), 90)
    return shell


def _ipython_version() -> int:
    import IPython

    return int(IPython.version_info[0])


def _remember_source(transformed_code: str, number: int = 0, raw_code: str | None = None) -> str:
    """Name a cell as ``short_traceback`` and warnings show it, with its lines as they were written."""
    name = f"<Cell {number}>"
    lines = transformed_code.splitlines(keepends=True)
    written = (raw_code or transformed_code).lstrip("\n").splitlines(keepends=True)
    if len(written) == len(lines) or (written[:1] and written[0].startswith("%%")):
        lines = written
    linecache.cache[name] = (len(transformed_code), None, lines, name)
    return name


def _keep_nothing(*_: Any, **__: Any) -> contextlib.AbstractContextManager[None]:
    """Stand in for what copies all that a cell prints into the shell's history."""
    return contextlib.nullcontext()


def _do_nothing(*_: Any, **__: Any) -> None:
    return None


def _is_plain_exit(error: BaseException) -> bool:
    """Tell ``sys.exit()``, which ends a cell as it would a script, from ``sys.exit("it failed")``."""
    return isinstance(error, SystemExit) and error.code in (None, 0)


# -- bundles ------------------------------------------------------------------------------------------------------


def _as_text(value: Any) -> str:
    if isinstance(value, bytes):
        return base64.b64encode(value).decode("ascii")
    return value if isinstance(value, str) else _to_json(value)


def fit_bundle(bundle: dict[str, str]) -> dict[str, str]:
    """Return the bundle, cut so that it fits into one message: the largest forms go, and the text says so."""
    omitted = []
    while _is_too_large(bundle):
        mime = max(bundle, key=lambda key: len(bundle[key]))
        if mime == "text/plain":
            bundle = {**bundle, mime: bundle[mime][:MAX_PLAIN_CHARS] + " …"}
        else:
            omitted.append(f"[{mime} of {len(bundle[mime]) / 1e6:.0f} MB left out: too large to show]")
            bundle = {key: text for key, text in bundle.items() if key != mime}
    if omitted:
        bundle = {**bundle, "text/plain": "\n".join([bundle.get("text/plain", ""), *omitted]).strip()}
    return bundle


def _is_too_large(bundle: dict[str, str]) -> bool:
    if sum(map(len, bundle.values())) * 6 < MAX_BUNDLE_BYTES:  # a character takes six bytes at most
        return False
    return len(encode_message(bundle)) > MAX_BUNDLE_BYTES
