"""Watch a command's network calls with strace: how it is started, and how its log is read.

strace sees a call before any filter of system calls does, and so also what code tries in a confined cell.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from offline_interpreter.doctor.calls import CALLS, UNIX, Call, internet_address

_LINE = re.compile(r"(?P<pid>\d+)(?:<(?P<process>.*?)>)? +(?P<call>\w+)\((?P<arguments>.*)")
_FAMILY = re.compile(r"sa_family=(\w+)")
_INTERNET = re.compile(r"htons\((\d+)\).*?(?:inet_addr\(|inet_pton\(AF_INET6, )\"([^\"]+)\"")
_PATH = re.compile(r"sun_path=(@?\"(?:[^\"\\]|\\.)*\")")


def command(program: str, log: Path, watched: Sequence[str]) -> list[str]:
    """Return the command that runs ``watched`` and all that it starts, and writes its network calls to ``log``.

    ``program`` is the path of strace, 5.15 or newer, which names processes (``-Y``). Texts that are sent do not come
    into the log.
    """
    traced = ",".join(CALLS)
    return [program, "-f", "-qq", "-Y", "-s", "0", "-e", f"trace={traced}", "-e", "signal=none", "-o", str(log), "--",
            *watched]  # fmt: skip


def read(lines: Iterable[str]) -> list[Call]:
    """Return the calls of a log that go anywhere; those to a connected socket say no address and are left out."""
    return [call for line in lines if (found := _LINE.match(line)) and (call := _call(found))]


def _call(found: re.Match[str]) -> Call | None:
    call, arguments = found["call"], found["arguments"]
    if call not in CALLS:
        return None
    family = arguments.partition(",")[0] if call == "socket" else _addressed(arguments)
    if call == "socket" and family == UNIX:
        return None  # where it leads is seen when it is connected
    if call in {"connect", "io_uring_setup"}:
        family = family or "unknown"
    if not family:
        return None
    return Call(int(found["pid"]), found["process"] or "", call, family, _target(arguments))


def _addressed(arguments: str) -> str:
    family = _FAMILY.search(arguments)
    return family[1] if family else ""


def _target(arguments: str) -> str:
    if internet := _INTERNET.search(arguments):
        return internet_address(internet[2], int(internet[1]))
    path = _PATH.search(arguments)
    return path[1].replace('"', "") if path else ""
