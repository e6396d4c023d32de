"""In the child: all capabilities given up for good, those of root and those of a new user namespace alike."""

from __future__ import annotations

import ctypes
import errno

from .system import call, prctl

_NR_CAPSET = {"x86_64": 126, "aarch64": 91}
_PR_CAPBSET_DROP, _PR_SET_SECUREBITS, _PR_CAP_AMBIENT, _PR_CAP_AMBIENT_CLEAR_ALL = 24, 28, 47, 4
_NO_ROOT_FOR_EVER = 0xEF  # no capabilities by being root, none kept, none raised; all locked
_VERSION_3 = 0x20080522


class _Header(ctypes.Structure):
    _fields_ = (("version", ctypes.c_uint32), ("process", ctypes.c_int))


def drop(machine: str) -> None:
    """Drop every capability, so that no program regains one; raises ``OSError`` if one is left."""
    try:
        _drop_for_good()
    except PermissionError:  # who may not do this has none to lose
        pass
    try:
        prctl(_PR_CAP_AMBIENT, _PR_CAP_AMBIENT_CLEAR_ALL)
    except OSError:
        pass
    nothing = (ctypes.c_uint32 * 6)()
    call(_NR_CAPSET[machine], ctypes.byref(_Header(_VERSION_3, 0)), ctypes.byref(nothing))
    with open("/proc/self/status", encoding="utf-8") as status:
        for line in status:
            if line.startswith(("CapPrm", "CapEff", "CapInh")) and int(line.split()[1], 16):
                raise OSError(errno.EPERM, f"a capability is left: {line}")


def _drop_for_good() -> None:
    for number in range(64):
        try:
            prctl(_PR_CAPBSET_DROP, number)
        except OSError as error:
            if error.errno != errno.EINVAL:  # beyond the last one
                raise
            break
    prctl(_PR_SET_SECUREBITS, _NO_ROOT_FOR_EVER)
