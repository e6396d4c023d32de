"""Proof of silence: a whole turn of this very command, with the built-in model, under a watch of its network calls.

Before it, a deliberate attempt is made under the same watch by a process of its own: a watch that does not see it
proves nothing and is not used. That attempt connects a datagram socket to an address that is kept for documentation
(RFC 5737), which sends nothing. The proof holds for this turn; of code that a larger model writes it says nothing.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from offline_interpreter.config import ENVIRONMENT_PREFIX, STARTER
from offline_interpreter.doctor.calls import Call, internet_address
from offline_interpreter.doctor.findings import Finding
from offline_interpreter.doctor.watch import WAYS, Unwatchable, Watched, Way, watch

NAME = "network"
REQUEST, PRINTED = "What is 37 * 481?", "17797"

_NOWHERE, _PORT = "192.0.2.1", 9
_DELIBERATE = f"""
import os, socket
child = os.fork()
if not child:
    try:
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM).connect(({_NOWHERE!r}, {_PORT}))
    finally:
        os._exit(0)
os.waitpid(child, 0)
"""
_LIMITS: dict[Way, str] = {
    "strace": "",
    "seccomp": " What the code of a cell tries is refused by the cell's own filter, before this watch could see it.",
}
_SHOWN_ATTEMPTS = 20
_CONTROL_S = 30.0


def check_silence() -> Iterator[Finding]:
    """Yield whether a turn leaves the network alone, by the first way of watching that works here."""
    reasons = []
    for way in WAYS:
        try:
            control = control_attempt(way)
            turn = watched_turn(way)
        except Unwatchable as error:
            reasons.append(str(error))
            continue
        yield judge(way, turn, control)
        return
    text = f"No watch of system calls works here ({'; '.join(reasons)}), so nothing is proved."
    yield Finding(NAME, "problem", text, "Install strace 5.15 or newer." if sys.platform == "linux" else "Use Linux.")


def control_attempt(way: Way) -> Call:
    """Make the deliberate attempt under a watch; return it as it was seen. Raises ``Unwatchable`` if it was not."""
    command = [sys.executable, "-I", "-S", "-c", _DELIBERATE]
    seen = watch(way, command, folder=Path("/"), environment={"PATH": os.defpath}, timeout_s=_CONTROL_S)
    for call in seen.attempts:
        if call.call == "connect" and call.target == internet_address(_NOWHERE, _PORT):
            return call
    complaint = seen.stderr.decode("utf-8", "replace").strip().partition("\n")[0]
    raise Unwatchable(f"{way} did not see a deliberate attempt{complaint and f': {complaint}'}")


def watched_turn(way: Way) -> Watched:
    """Let the starter answer a request in a process of its own, and watch it. Raises ``Unwatchable``."""
    with tempfile.TemporaryDirectory(prefix="doctor-") as own:
        folder = Path(own) / "workspace"
        folder.mkdir()
        # The person's own settings hold, but no session is left behind.
        environment = {**os.environ, f"{ENVIRONMENT_PREFIX}STATE": str(Path(own) / "state")}
        command = [sys.executable, "-m", "offline_interpreter", "ask", "-y", "--json", "-m", STARTER]
        turn = watch(way, [*command, "-w", str(folder), REQUEST], folder=folder, environment=environment)
        log = Path(own) / "state" / "errors.log"  # of a bug of ours, which would be lost with the folder
        return replace(turn, stderr=log.read_bytes()) if log.exists() else turn


def judge(way: Way, turn: Watched, control: Call) -> Finding:
    """Return what a watched turn proves; one that did not do its work proves nothing."""
    events = list(_events(turn.stdout))
    end = next((event for event in events if event["kind"] == "turn_end"), {})
    printed = any(event["kind"] == "output" and PRINTED in event["output"].get("text", "") for event in events)
    data: dict[str, Any] = {
        "way": way,
        "request": REQUEST,
        "status": end.get("status"),
        "attempts": [asdict(call) for call in turn.attempts],
        "local": [asdict(call) for call in turn.calls if not call.is_attempt],
        "control": asdict(control),
    }
    if turn.attempts:
        return _attempted(turn.attempts, data)
    if end.get("status") != "answered" or not printed:
        return Finding(NAME, "problem", _broken(turn), "Run the same request by itself.", (_typed(),), data)
    text = (
        f"0 attempts in a whole turn: the starter was asked {REQUEST!r}, wrote code, ran it and answered, watched "
        f"by {way}. A deliberate attempt before it was seen ({control.call} {control.target}, which sends nothing)."
    )
    return Finding(NAME, "ok", text + _LIMITS[way] + _local(turn), data=data)


def _attempted(attempts: tuple[Call, ...], data: dict[str, Any]) -> Finding:
    shown = "; ".join(map(str, attempts[:_SHOWN_ATTEMPTS]))
    more = f"; and {len(attempts) - _SHOWN_ATTEMPTS} more" if len(attempts) > _SHOWN_ATTEMPTS else ""
    plural = "s" * (len(attempts) != 1)
    text = f"{len(attempts)} attempt{plural} to reach a network in a turn with the starter: {shown}{more}."
    remedy = "This program makes none: look for settings, plugins or a changed Python that do, and report it."
    return Finding(NAME, "problem", text, remedy, data=data)


def _broken(turn: Watched) -> str:
    if turn.status is None:
        return "The watched turn did not end in time, so nothing is proved. No attempt was seen until then."
    last = turn.stderr.decode("utf-8", "replace").strip().rpartition("\n")[2]
    return (
        f"The watched turn failed (exit code {turn.status}), so nothing is proved. No attempt was seen. {last}".strip()
    )


def _typed() -> str:
    return f'offline-interpreter -y -m {STARTER} "{REQUEST}"'


def _local(turn: Watched) -> str:
    """Say which programs of this machine were asked, which is no attempt."""
    asked = Counter(call.target for call in turn.calls if not call.is_attempt)
    if not asked:
        return ""
    return f" For names of users the C library asked {', '.join(asked)}, a socket of this machine."


def _events(stdout: bytes) -> Iterator[dict[str, Any]]:
    for line in stdout.splitlines():
        try:
            event = json.loads(line)
        except ValueError:
            continue
        if isinstance(event, dict) and "kind" in event:
            yield event
