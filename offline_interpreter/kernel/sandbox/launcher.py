"""The entry of a confined child, run by path: ``python -I -S launcher.py FILE``.

FILE is the descriptor of a file that holds what ``plan.Plan`` wrote down, by ``marshal``.

It builds the layers in the order in which each is still possible, and starts the interpreter. If one fails it tells
the host through the event pipe, and nothing runs. It needs nothing of the package and imports nothing from the folder
it runs in. It and its layers import as little as they can: each start of a child waits for them. Linux only.
"""

from __future__ import annotations

import marshal
import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, NoReturn

_PACKAGE = "_offline_interpreter_sandbox"
_LAYERS = ("system", "namespaces", "supervisor", "view", "capabilities", "landlock", "seccomp", "limits")
_PR_SET_NO_NEW_PRIVS, _PR_SET_DUMPABLE = 38, 4


def _load(name: str) -> Any:
    if _PACKAGE not in sys.modules:
        package = type(sys)(_PACKAGE)
        package.__path__ = [os.path.dirname(os.path.abspath(__file__))]
        sys.modules[_PACKAGE] = package
    return __import__(f"{_PACKAGE}.{name}", fromlist=[name])


def main(argument: str) -> None:
    """Confine this process as the plan says, and become the interpreter."""
    with open(int(argument), "rb") as file:
        plan = marshal.loads(file.read())  # noqa: S302 - the host wrote it, in this very Python
    for name in _LAYERS:  # now, while the Python that runs this can still be seen
        _load(name)
    try:
        if plan["namespaces"]:
            _load("namespaces").enter(network=plan["network"])
            theirs = [descriptor for descriptor in plan["pipes"] if descriptor != plan["lifetime"]]
            _load("supervisor").start(
                lambda: _prepare(plan), lambda: _run(plan), theirs=theirs, lifetime=plan["lifetime"]
            )
        else:
            _confine(plan)
            _run(plan)
    except OSError as error:
        _fail(plan, error)


def _prepare(plan: dict[str, Any]) -> None:
    try:
        _load("view").build(plan["view"])
        _load("system").prctl(_PR_SET_DUMPABLE, 0)
        _confine(plan)
    except OSError as error:
        _fail(plan, error)


def _confine(plan: dict[str, Any]) -> None:
    machine = os.uname().machine
    _load("capabilities").drop(machine)
    _load("system").prctl(_PR_SET_NO_NEW_PRIVS, 1)
    if plan["landlock"]:
        _load("landlock").restrict(plan["landlock_read"], plan["landlock_write"], network=plan["network"])
    seccomp = _load("seccomp")
    seccomp.install(seccomp.build(machine, network=plan["network"], isolated=plan["namespaces"]))


def _run(plan: dict[str, Any]) -> NoReturn:
    command = plan["command"]
    try:
        os.chdir(plan["folder"])
        _load("limits").apply(plan["limits"])
        os.execv(command[0], command)  # noqa: S606 - this is its job
    except OSError as error:
        _fail(plan, error)


def _fail(plan: dict[str, Any], error: OSError) -> NoReturn:
    where, layer = error.__traceback__, ""
    while where is not None:
        name = os.path.basename(where.tb_frame.f_code.co_filename).removesuffix(".py")
        layer = layer if name == "system" else name
        where = where.tb_next
    path = f" ({error.filename})" if error.filename else ""
    text = f"{layer}: {error.strerror}{path}"
    import json

    message = json.dumps({"type": "unconfined", "text": text})
    os.write(plan["event"], f"\n{message}\n".encode())
    os._exit(70)


if __name__ == "__main__":
    main(sys.argv[1])
