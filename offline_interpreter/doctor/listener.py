"""Watch a command's network calls without strace: a filter that lets them wait until a listener has noted them.

It needs Linux 5.5 and no rights: the filter is bound to a thread that starts the command, and is inherited by all that
the command starts (seccomp_unotify(2)). The calls are made then. What code tries in a confined cell is not seen: the
cell's own filter refuses it before. Calls of 32-bit programs are told by their number alone.
"""

from __future__ import annotations

import fcntl
import os
import select
import socket
import struct
import subprocess
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from offline_interpreter.doctor.calls import UNIX, Call, internet_address
from offline_interpreter.kernel.sandbox.bpf import (
    AND,
    ARCHITECTURE,
    AUDIT_ARCH,
    EQUAL,
    NUMBER,
    Block,
    Program,
    allow,
    jump,
    load,
    load_argument,
    notify,
)
from offline_interpreter.kernel.sandbox.syscalls import MACHINES, NUMBERS
from offline_interpreter.kernel.sandbox.system import call, prctl

_PR_SET_NO_NEW_PRIVS = 38
_SET_MODE_FILTER, _NEW_LISTENER = 1, 8
_RECEIVE, _SEND, _CONTINUE = 0xC0502100, 0xC0182101, 1
_NOTICE = struct.Struct("=QIIiIQ6Q")  # id, pid, flags; number, architecture, place, arguments
_ANSWER = struct.Struct("=QqiI")  # id, value, error, flags
_ROOM_BYTES = 512  # newer kernels may tell more

_NOT_X32 = 0xFFFFFFFF ^ 0x40000000
_FOREIGN_NUMBERS = {"x86_64": (102, 359, 362), "aarch64": (281, 283)}  # socketcall, socket, connect; socket, connect
_ADDRESS_BYTES = 110
_ADDRESS_AT = {"connect": 1, "sendto": 4}
_POLL_S = 0.1


def build(machine: str) -> Block:
    """Return the filter that tells of calls that may reach for a network. Raises ``OSError`` for another machine."""
    if machine not in MACHINES:
        raise OSError(f"there is no filter for {machine}")
    foreign = [load(NUMBER)]
    for number in _FOREIGN_NUMBERS[machine]:
        foreign += [jump(EQUAL, number, 0, 1), notify()]
    foreign.append(allow())
    program = [load(ARCHITECTURE), jump(EQUAL, AUDIT_ARCH[machine], len(foreign), 0), *foreign, load(NUMBER)]
    if machine == "x86_64":
        program.append(jump(AND, _NOT_X32, 0, 0))
    for name, block in _BLOCKS.items():
        program += [jump(EQUAL, _number(name, machine), 0, len(block)), *block]
    return [*program, allow()]


def _number(name: str, machine: str) -> int:
    number = NUMBERS[name][MACHINES.index(machine)]
    assert number is not None  # both machines have all calls that are named here
    return number


_BLOCKS: dict[str, Block] = {
    "socket": [load_argument(0), jump(EQUAL, int(socket.AF_UNIX), 0, 1), allow(), notify()],
    "sendto": [
        load_argument(4),
        jump(EQUAL, 0, 0, 3),
        load_argument(4, high=True),
        jump(EQUAL, 0, 0, 1),
        allow(),
        notify(),
    ],
    "connect": [notify()],
    "sendmsg": [notify()],
    "sendmmsg": [notify()],
    "io_uring_setup": [notify()],
}


def run(start: Callable[[], subprocess.Popen[bytes]], timeout_s: float) -> list[Call]:
    """Start a process under the filter; return the calls that were seen until it ended or the time was over.

    Raises ``OSError`` where such a filter cannot be had.
    """
    process, listener = _started(start)
    try:
        return _listen(listener, process, time.monotonic() + timeout_s)
    finally:
        os.close(listener)


def _started(start: Callable[[], subprocess.Popen[bytes]]) -> tuple[subprocess.Popen[bytes], int]:
    """Start the process in a thread of its own, which alone the filter binds beside the process."""
    machine = os.uname().machine
    program = Program(build(machine))
    made: list[tuple[subprocess.Popen[bytes], int]] = []
    errors: list[OSError] = []

    def bind_and_start() -> None:
        try:
            prctl(_PR_SET_NO_NEW_PRIVS, 1)
            listener = call(_number("seccomp", machine), _SET_MODE_FILTER, _NEW_LISTENER, program.address)
            made.append((start(), listener))
        except OSError as error:
            errors.append(error)

    thread = threading.Thread(target=bind_and_start)
    thread.start()
    thread.join()
    if errors:
        raise errors[0]
    return made[0]


def _listen(listener: int, process: subprocess.Popen[bytes], ends_at: float) -> list[Call]:
    poll = select.poll()
    poll.register(listener, select.POLLIN)
    calls = []
    while time.monotonic() < ends_at:
        events = poll.poll(_POLL_S * 1000)
        if events and events[0][1] & select.POLLIN:
            if (seen := _take(listener)) is not None:
                calls.append(seen)
        elif process.poll() is not None:
            break
    return calls


def _take(listener: int) -> Call | None:
    """Read one notice, let its call go on, and return it if it goes anywhere."""
    room = bytearray(_ROOM_BYTES)
    try:
        fcntl.ioctl(listener, _RECEIVE, room)
    except OSError:  # the process was killed in the meantime
        return None
    ident, pid, _, number, architecture, _, *arguments = _NOTICE.unpack_from(room)
    try:
        return _read(pid, number, architecture, arguments)
    finally:
        with suppress(FileNotFoundError):  # it was killed while we looked
            fcntl.ioctl(listener, _SEND, bytearray(_ANSWER.pack(ident, 0, 0, _CONTINUE)))


# -- what a notice says -------------------------------------------------------------------------------------------


def _read(pid: int, number: int, architecture: int, arguments: list[int]) -> Call | None:
    machine = os.uname().machine
    process = _name(pid)
    if architecture != AUDIT_ARCH[machine]:
        return Call(pid, process, "a 32-bit call", "unknown", f"number {number}")
    name = next(name for name in _BLOCKS if _number(name, machine) == number & _NOT_X32)
    if name == "socket":
        return Call(pid, process, name, _family_name(arguments[0] & 0xFFFFFFFF))
    if name == "io_uring_setup":
        return Call(pid, process, name, "unknown")
    address = _memory(pid, *_place(pid, name, arguments))
    if not address:
        return Call(pid, process, name, "unknown") if name == "connect" else None
    return Call(pid, process, name, *_address(address))


def _place(pid: int, name: str, arguments: list[int]) -> tuple[int, int]:
    """Return where the address of a call lies, and its length; of several messages that of the first."""
    if name in _ADDRESS_AT:
        at = _ADDRESS_AT[name]
        return arguments[at], arguments[at + 1] & 0xFFFFFFFF
    header = _memory(pid, arguments[1], 12)
    place, length = struct.unpack("=QI", header) if len(header) == 12 else (0, 0)
    return place, length


def _memory(pid: int, place: int, length: int) -> bytes:
    """Return what a waiting process has in its memory, or nothing where it may not be seen."""
    if not place or not length:
        return b""
    try:
        with Path(f"/proc/{pid}/mem").open("rb", buffering=0) as memory:
            memory.seek(place)
            return memory.read(min(length, _ADDRESS_BYTES))
    except (OSError, ValueError, OverflowError):
        return b""


def _address(data: bytes) -> tuple[str, str]:
    """Return the family of an address, and the address as it is shown."""
    family = int.from_bytes(data[:2], "little")
    if family == socket.AF_UNIX:
        path, shown = data[2:], "@" if data[2:3] == b"\0" else ""
        return UNIX, shown + os.fsdecode(path.lstrip(b"\0").split(b"\0")[0])
    port = int.from_bytes(data[2:4], "big")
    if family == socket.AF_INET and len(data) >= 8:
        return "AF_INET", internet_address(socket.inet_ntop(socket.AF_INET, data[4:8]), port)
    if family == socket.AF_INET6 and len(data) >= 24:
        return "AF_INET6", internet_address(socket.inet_ntop(socket.AF_INET6, data[8:24]), port)
    return _family_name(family), ""


def _family_name(number: int) -> str:
    try:
        return socket.AddressFamily(number).name
    except ValueError:
        return f"family {number}"


def _name(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/comm").read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return ""
