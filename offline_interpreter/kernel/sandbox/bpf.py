"""Instructions of classic BPF, as filters of system calls are made of, for x86-64 and aarch64.

Who builds a filter decides what it does (``seccomp``, ``doctor.listener``); here it is only put together.
"""

from __future__ import annotations

import ctypes
import struct

AUDIT_ARCH = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}

LOAD, EQUAL, AT_LEAST, ANY_BIT, AND, RETURN = 0x20, 0x15, 0x35, 0x45, 0x54, 0x06
NUMBER, ARCHITECTURE = 0, 4  # offsets in what a filter is given of a call
_FIRST_ARGUMENT, _ARGUMENT_BYTES = 16, 8
ALLOW, NOTIFY, FAIL = 0x7FFF0000, 0x7FC00000, 0x00050000


# Code, how many instructions are skipped if it holds and if it does not, value.
Instruction = tuple[int, int, int, int]
Block = list[Instruction]


def load(offset: int) -> Instruction:
    """Load 32 bits of what is known of the call."""
    return LOAD, 0, 0, offset


def load_argument(index: int, *, high: bool = False) -> Instruction:
    """Load the low half of an argument, or its high half: both machines are little-endian."""
    return load(_FIRST_ARGUMENT + _ARGUMENT_BYTES * index + 4 * high)


def jump(code: int, value: int, if_true: int, if_false: int) -> Instruction:
    """Compare what was loaded with ``value``, or combine them."""
    return code, if_true, if_false, value


def allow() -> Instruction:
    """Let the call be made."""
    return RETURN, 0, 0, ALLOW


def notify() -> Instruction:
    """Let the call wait until the listener of the filter has answered."""
    return RETURN, 0, 0, NOTIFY


def fail(number: int) -> Instruction:
    """Do not make the call; return the error ``number``, or success for 0."""
    return RETURN, 0, 0, FAIL | number


class Program:
    """A filter laid out in memory as Linux wants it; ``address`` holds as long as the object lives."""

    def __init__(self, block: Block) -> None:
        packed = b"".join(struct.pack("=HBBI", *instruction) for instruction in block)
        self._code = ctypes.create_string_buffer(packed, len(packed))
        self._header = ctypes.create_string_buffer(struct.pack("@HP", len(block), ctypes.addressof(self._code)))

    @property
    def address(self) -> int:
        """Where the header of the program lies."""
        return ctypes.addressof(self._header)
