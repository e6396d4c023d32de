"""In the child: try what must not be possible, and tell what seemed to work; run by path with the JSON of canaries.

The host judges by its canaries and not by what is told here, but for what only the child can see.
"""

import json
import os
import socket
import sys
from collections.abc import Callable
from typing import Any


def main(argument: str) -> None:
    """Make every attempt, and write the names of those that raised no error to the event pipe."""
    canaries = json.loads(argument)
    done = [name for name, attempt in _ATTEMPTS.items() if _works(attempt, canaries)]
    os.write(canaries["event"], json.dumps(done).encode())


def _works(attempt: Callable[[dict[str, Any]], object], canaries: dict[str, Any]) -> bool:
    try:
        attempt(canaries)
    except OSError:
        return False
    return True


def _socket(_canaries: dict[str, Any]) -> None:
    socket.socket(socket.AF_UNIX, socket.SOCK_STREAM).close()


def _unix(canaries: dict[str, Any]) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
        sender.sendto(b"probe", canaries["unix"])


def _pair(canaries: dict[str, Any]) -> None:
    first, second = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    with first, second:
        first.sendto(b"probe", canaries["unix"])


def _read(canaries: dict[str, Any]) -> None:
    with open(canaries["secret"], "rb") as file:  # noqa: PTH123 - as few imports as possible
        file.read()


def _write(canaries: dict[str, Any]) -> None:
    with open(canaries["secret"], "ab") as file:  # noqa: PTH123
        file.write(b"probe")


def _create(canaries: dict[str, Any]) -> None:
    os.mkdir(canaries["created"])  # noqa: PTH102


def _chmod(canaries: dict[str, Any]) -> None:
    os.chmod(canaries["secret"], 0o777)  # noqa: S103, PTH101 - an attack


def _use_workspace(canaries: dict[str, Any]) -> None:
    os.close(os.open(canaries["workspace"], os.O_TMPFILE | os.O_RDWR, 0o600))


_ATTEMPTS = {
    "socket": _socket,
    "unix": _unix,
    "pair": _pair,
    "read": _read,
    "write": _write,
    "create": _create,
    "chmod": _chmod,
    "workspace": _use_workspace,
}


if __name__ == "__main__":
    main(sys.argv[1])
