"""System calls that reach for a network, whoever saw them; and which of them are attempts.

A socket that is not of the family AF_UNIX is an attempt from the moment when it is made. So is every way to another
program of this machine, which may have a network that we do not see, but for nscd: the C library asks it for names of
users. Pairs of connected sockets are none: they lead nowhere.
"""

from __future__ import annotations

from dataclasses import dataclass

UNIX = "AF_UNIX"
CALLS = ("socket", "connect", "sendto", "sendmsg", "sendmmsg", "io_uring_setup")

_NAMES_OF_USERS = ("/var/run/nscd/socket", "/run/nscd/socket")


@dataclass(frozen=True)
class Call:
    """One call: of which process, and where to. ``target`` is an address, a path, or what is known of a socket."""

    pid: int
    process: str
    call: str
    family: str
    target: str = ""

    @property
    def is_attempt(self) -> bool:
        """Whether it reaches for a network, or for somebody who may."""
        return self.family != UNIX or self.target not in _NAMES_OF_USERS

    def __str__(self) -> str:
        return f"{self.process or 'a process'} ({self.pid}): {self.call} {self.target or self.family}"


def internet_address(host: str, port: int) -> str:
    """Return an address of the internet protocols as it is shown."""
    return f"{host} port {port}"
