"""In the child: Landlock, which lets a process open files below named folders alone, and use no TCP.

It binds the calling thread and what that starts. It does not cover names and times of files, their modes, UDP, or
sockets in the file system; the other layers do. What an older Linux cannot restrict is left out (``abi_version``).
"""

from __future__ import annotations

import ctypes
import os
import stat

from .system import call, open_exactly, prctl

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

_NR_CREATE_RULESET, _NR_ADD_RULE, _NR_RESTRICT_SELF = 444, 445, 446
_GET_VERSION = 1
_PATH_BENEATH = 1
_PR_SET_NO_NEW_PRIVS = 38

_EXECUTE, _WRITE_FILE, _READ_FILE, _READ_DIR = 1 << 0, 1 << 1, 1 << 2, 1 << 3
_MAKE_CHAR, _MAKE_BLOCK = 1 << 6, 1 << 11
_REFER, _TRUNCATE, _IOCTL_DEV = 1 << 13, 1 << 14, 1 << 15
_RIGHTS_BY_ABI = ((5, (1 << 16) - 1), (3, (1 << 15) - 1), (2, (1 << 14) - 1), (1, (1 << 13) - 1))
_OF_FILES = _EXECUTE | _WRITE_FILE | _READ_FILE | _TRUNCATE | _IOCTL_DEV  # others of a file are refused with EINVAL
_TCP = 3  # bind and connect
_ABSTRACT_SOCKETS_AND_SIGNALS = 3


class _Ruleset(ctypes.Structure):
    _fields_ = (("files", ctypes.c_uint64), ("network", ctypes.c_uint64), ("scopes", ctypes.c_uint64))


class _PathRule(ctypes.Structure):
    _pack_ = 1
    _layout_ = "ms"
    _fields_ = (("allowed", ctypes.c_uint64), ("folder", ctypes.c_int32))


def abi_version() -> int:
    """Return the version of Landlock that this Linux offers; 0 if it is not built in or switched off."""
    try:
        return call(_NR_CREATE_RULESET, None, 0, _GET_VERSION)
    except OSError:
        return 0


def handled_rights(abi: int) -> int:
    """Return the rights to files that version ``abi`` knows."""
    return next((rights for least, rights in _RIGHTS_BY_ABI if abi >= least), 0)


def restrict(read: Iterable[str], write: Iterable[str], *, network: bool) -> None:
    """Confine this thread: files below ``read`` can be read and run, below ``write`` all can be done to them.

    Paths that do not exist are left out, and of ``write`` those that lead over links. ``network`` leaves TCP alone.
    Raises ``OSError`` where there is no Landlock.
    """
    abi = abi_version()
    rights = handled_rights(abi)
    wanted = _Ruleset(rights, 0 if network else _TCP, _ABSTRACT_SOCKETS_AND_SIGNALS)
    size_bytes = 8 if abi < 4 else 16 if abi < 6 else 24
    ruleset = call(_NR_CREATE_RULESET, ctypes.byref(wanted), size_bytes, 0)
    for path in read:
        try:
            place = os.open(path, os.O_PATH | os.O_CLOEXEC)
        except (FileNotFoundError, PermissionError):
            continue
        _allow(ruleset, place, rights & (_EXECUTE | _READ_FILE | _READ_DIR))
    for path in write:
        try:
            place = open_exactly(path)
        except OSError:
            continue
        _allow(ruleset, place, rights & ~(_MAKE_CHAR | _MAKE_BLOCK))
    prctl(_PR_SET_NO_NEW_PRIVS, 1)
    call(_NR_RESTRICT_SELF, ruleset, 0)
    os.close(ruleset)


def _allow(ruleset: int, place: int, rights: int) -> None:
    if not stat.S_ISDIR(os.fstat(place).st_mode):
        rights &= _OF_FILES
    rule = _PathRule(rights, place)
    call(_NR_ADD_RULE, ruleset, _PATH_BENEATH, ctypes.byref(rule), 0)
    os.close(place)
