"""On the host: whether a plan confines what it starts, found out by a child that tries to break out.

Judged by canaries of the host: a socket in a folder, a secret file outside the workspace and its mode. It takes some
tenths of a second; that a plan has passed is remembered until the machine starts anew.

It opens no socket of the internet protocols, so that this program is silent on the network from its first run on. None
is needed: the filter refuses sockets of all families by one rule, and a socket of another family shows that it holds.
"""

from __future__ import annotations

import hashlib
import json
import os
import socket
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from offline_interpreter.config import prefixes_folder
from offline_interpreter.kernel.sandbox.plan import Plan

PROBE = Path(__file__).with_name("probe.py")
PROBE_S = 20.0
MAX_PATH_CHARS = 80  # a socket's whole path has 107 at most
_SECRET = b"not for cells\n"
_ANSWER_BYTES = 1 << 16
_OUTSIDE_WRITE = {"read", "write", "create", "chmod"}


def reason_against(plan: Plan, *, anew: bool = False) -> str:
    """Return why ``plan`` cannot be relied on here, in words; an empty text if it can.

    ``anew`` makes the test even if such a plan has passed it.
    """
    record = _record(plan)
    if record is not None and record.exists() and not anew:
        return ""
    try:
        reason = _try(replace(plan, python=sys.executable))  # the cells' own may not even start
    except (OSError, ValueError) as error:
        return f"the self-test could not be made: {error}"
    if not reason and record is not None:
        with suppress(OSError):
            record.parent.mkdir(parents=True, exist_ok=True)
            record.touch()
    return reason


def forget(plan: Plan) -> None:
    """Have such a plan tested again: it could not be carried out although it had passed."""
    if (record := _record(plan)) is not None:
        with suppress(OSError):
            record.unlink()


def _record(plan: Plan) -> Path | None:
    """Return the file that stands for a passed test of such a plan; None where cells could write it."""
    folder = prefixes_folder().parent / "sandbox"
    if _is_in(folder, (plan.workspace, *plan.access.write)):
        return None
    files = sorted(Path(__file__).parent.glob("*.py"))
    key = [
        Path("/proc/sys/kernel/random/boot_id").read_text().strip(),
        os.getuid(),
        os.geteuid(),
        sys.executable,
        sys.version,
        repr((plan.layers, plan.access.network)),
        [(file.name, file.stat().st_mtime_ns) for file in files],
        plan.workspace.stat().st_dev,
    ]
    return folder / hashlib.sha256(json.dumps(key).encode()).hexdigest()[:32]


def _try(plan: Plan) -> str:
    with ExitStack() as stack:
        outside = Path(stack.enter_context(_folder_outside((plan.workspace, *plan.access.read, *plan.access.write))))
        unix = stack.enter_context(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM))
        unix.bind(str(outside / "socket"))
        unix.setblocking(False)
        secret = outside / "secret"
        secret.write_bytes(_SECRET)
        secret.chmod(0o600)
        answer = _ask(
            plan,
            {
                "unix": str(outside / "socket"),
                "secret": str(secret),
                "created": str(outside / "created"),
                "workspace": str(plan.workspace.resolve()),
            },
        )
        if isinstance(answer, str):
            return answer
        broken = {"socket", "read"} & set(answer)
        broken |= {"unix"} if _was_reached(unix) else set()
        broken |= {"write"} if secret.read_bytes() != _SECRET else set()
        broken |= {"chmod"} if stat.S_IMODE(secret.stat().st_mode) != 0o600 else set()
        broken |= {"create"} if (outside / "created").exists() else set()
    return _judge(plan, broken, answer)


def _judge(plan: Plan, broken: set[str], answer: list[str]) -> str:
    if not plan.layers.landlock:
        broken -= _OUTSIDE_WRITE
    if broken:
        return f"the self-test got through: {', '.join(sorted(broken))}"
    if "workspace" not in answer and os.access(plan.workspace, os.W_OK):
        return "the workspace could not be written to"
    return ""


def _folder_outside(allowed: Sequence[Path]) -> tempfile.TemporaryDirectory[str]:
    for parent in (prefixes_folder().parent, Path(tempfile.gettempdir()), Path("/var/tmp")):  # noqa: S108 - made safely
        if len(str(parent)) < MAX_PATH_CHARS and not _is_in(parent, allowed):
            with suppress(OSError):
                parent.mkdir(parents=True, exist_ok=True)
                return tempfile.TemporaryDirectory(prefix="probe-", dir=parent)
    raise OSError("no folder that is out of the reach of cells can be written to")


def _is_in(folder: Path, others: Sequence[Path]) -> bool:
    real = folder.resolve()
    return any(real.is_relative_to(other.resolve()) for other in others)


def _was_reached(canary: socket.socket) -> bool:
    try:
        canary.recv(100)
    except OSError:
        return False
    return True


def _ask(plan: Plan, canaries: dict[str, Any]) -> list[str] | str:
    """Run the probe; return the attempts that it believes to have worked, or why there is no answer."""
    with _pipe() as (reader, event), _pipe() as (lifetime, _):
        program = [sys.executable, "-I", "-S", str(PROBE), json.dumps({**canaries, "event": event})]
        with plan.launch(program, {"event": event, "lifetime": lifetime}) as (command, plan_file):
            done = subprocess.run(
                command,
                cwd="/",
                env={"PATH": os.defpath},
                pass_fds=[event, lifetime, plan_file],
                stdin=subprocess.DEVNULL,
                capture_output=True,
                start_new_session=True,
                timeout=PROBE_S,
                check=False,
            )
        os.set_blocking(reader, False)
        said = b""
        with suppress(BlockingIOError):
            said = os.read(reader, _ANSWER_BYTES)
    return _read_answer(said, done.stderr)


def _read_answer(said: bytes, errors: bytes) -> list[str] | str:
    try:
        answer = json.loads(said)
    except ValueError:
        return errors.decode("utf-8", "replace").strip().rpartition("\n")[2] or "the probe did not answer"
    if isinstance(answer, dict):
        return str(answer.get("text"))
    return [str(name) for name in answer]


@contextmanager
def _pipe() -> Iterator[tuple[int, int]]:
    reader, writer = os.pipe()
    try:
        yield reader, writer
    finally:
        os.close(reader)
        os.close(writer)
