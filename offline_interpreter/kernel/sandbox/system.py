"""In the child: system calls that the standard library does not offer, as functions that raise ``OSError``.

The numbers are those of x86-64 and aarch64, which agree on all calls made since 2018. Nothing here decides anything.
"""

from __future__ import annotations

import ctypes
import errno
import os
import stat

AT_FDCWD = -100
AT_EMPTY_PATH = 0x1000
AT_RECURSIVE = 0x8000

_NR_OPEN_TREE, _NR_MOVE_MOUNT, _NR_MOUNT_SETATTR = 428, 429, 442
_OPEN_TREE_CLONE = 1
_OPEN_TREE_CLOEXEC = os.O_CLOEXEC if hasattr(os, "O_CLOEXEC") else 0
_MOVE_MOUNT_F_EMPTY_PATH, _MOVE_MOUNT_T_EMPTY_PATH = 4, 0x40
_REFERENCE = getattr(os, "O_PATH", 0) | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0)

_library = ctypes.CDLL(None, use_errno=True)


class _MountAttributes(ctypes.Structure):
    _fields_ = (
        ("set", ctypes.c_uint64),
        ("clear", ctypes.c_uint64),
        ("propagation", ctypes.c_uint64),
        ("user_namespace", ctypes.c_uint64),
    )


def call(number: int, *arguments: object) -> int:
    """Make the system call ``number``; return its result. Integers are passed as ``long``."""
    given = [ctypes.c_long(argument) if isinstance(argument, int) else argument for argument in arguments]
    return _checked(_library.syscall(ctypes.c_long(number), *given))


def prctl(option: int, *arguments: int) -> int:
    """Change this process by prctl; what is missing of the arguments is 0."""
    padded = [*arguments, 0, 0, 0, 0][:4]
    return _checked(_library.prctl(option, *(ctypes.c_ulong(argument) for argument in padded)))


def unshare(flags: int) -> None:
    """Give this process namespaces of its own; it must have one thread."""
    _checked(_library.unshare(flags))


def mount(source: str, target: str, kind: str, flags: int, data: str = "") -> None:
    """Mount a file system of ``kind`` at ``target``."""
    encoded = [os.fsencode(text) or None for text in (source, target, kind)]
    _checked(_library.mount(*encoded, ctypes.c_ulong(flags), os.fsencode(data) or None), target)


def open_exactly(path: str) -> int:
    """Return a reference to what lies at the absolute ``path``; raises ``OSError`` if a link is on the way or there.

    Whoever may write to a folder on the way can put another one there meanwhile, but nothing from elsewhere.
    """
    folder = os.open("/", _REFERENCE)
    for part in filter(None, path.split("/")):
        try:
            inner = os.open(part, _REFERENCE, dir_fd=folder)
        except OSError as error:
            raise OSError(error.errno, error.strerror, path) from None
        finally:
            os.close(folder)
        folder = inner
    if stat.S_ISLNK(os.fstat(folder).st_mode):
        os.close(folder)
        raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), path)
    return folder


def clone_tree(path: str, *, exactly: bool = False) -> int:
    """Return a descriptor of a copy of what is mounted at and below ``path``, which is attached nowhere yet.

    ``exactly``: no link is followed.
    """
    flags = _OPEN_TREE_CLONE | _OPEN_TREE_CLOEXEC | AT_RECURSIVE
    if not exactly:
        return _at(path, _NR_OPEN_TREE, AT_FDCWD, os.fsencode(path), flags)
    place = open_exactly(path)
    try:
        return _at(path, _NR_OPEN_TREE, place, b"", flags | AT_EMPTY_PATH)
    finally:
        os.close(place)


def attach_tree(tree: int, path: str, *, exactly: bool = False) -> None:
    """Mount the copy ``tree`` at ``path`` and close it. ``exactly``: no link is followed."""
    if exactly:
        place = open_exactly(path)
        flags = _MOVE_MOUNT_F_EMPTY_PATH | _MOVE_MOUNT_T_EMPTY_PATH
        _at(path, _NR_MOVE_MOUNT, tree, b"", place, b"", flags)
        os.close(place)
    else:
        _at(path, _NR_MOVE_MOUNT, tree, b"", AT_FDCWD, os.fsencode(path), _MOVE_MOUNT_F_EMPTY_PATH)
    os.close(tree)


def set_tree_attributes(tree: int, attributes: int) -> None:
    """Set the mount ``attributes`` (such as read-only) of all that ``tree`` holds."""
    _set_attributes(tree, "", attributes, 0, AT_EMPTY_PATH | AT_RECURSIVE)


def set_mount_attributes(path: str, attributes: int, *, recursive: bool = False) -> None:
    """Set the mount ``attributes`` of what is mounted at ``path``."""
    _set_attributes(AT_FDCWD, path, attributes, 0, AT_RECURSIVE if recursive else 0)


def _set_attributes(folder: int, path: str, attributes: int, cleared: int, flags: int) -> None:
    wanted = _MountAttributes(attributes, cleared, 0, 0)
    size_bytes = ctypes.sizeof(wanted)
    _at(path, _NR_MOUNT_SETATTR, folder, os.fsencode(path), flags, ctypes.byref(wanted), size_bytes)


def _at(path: str, number: int, *arguments: object) -> int:
    try:
        return call(number, *arguments)
    except OSError as error:
        raise OSError(error.errno, error.strerror, path) from None


def _checked(result: int, path: str = "") -> int:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), path or None)
    return result
