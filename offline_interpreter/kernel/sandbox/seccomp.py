"""In the child: a filter of system calls, generated for x86-64 and aarch64.

It denies sockets of every family, other architectures' calls, new namespaces and mounts, what looks into or changes
other processes, files that run as their owner for anybody who starts them, and the rarely used parts of Linux where
faults are found most. What is denied fails as on a machine
that lacks it; nothing is killed. Arguments are compared in their low 32 bits, which is all that Linux reads of them.
"""

from __future__ import annotations

import ctypes
import errno
import os
import struct

from .syscalls import MACHINES, NUMBERS
from .system import prctl

_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER = 22, 2
_AUDIT_ARCH = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
_X32 = 0x40000000

_LOAD, _EQUAL, _AT_LEAST, _ANY_BIT, _AND, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x54, 0x06
_NUMBER, _ARCHITECTURE, _FIRST_ARGUMENT = 0, 4, 16
_ALLOW = 0x7FFF0000
_FAIL = 0x00050000  # with the error number in its low bits; 0 is success without doing anything

_NEW_NAMESPACES = 0x00000080 | 0x00020000 | 0x02000000 | 0x04000000 | 0x08000000 | 0x10000000 | 0x20000000 | 0x40000000
_UNIX, _INET, _INET6 = 1, 2, 10
_STREAM, _DATAGRAM, _SEQPACKET = 1, 2, 5
_TYPE_BITS = 0xF  # the others say that it is closed at exec, or does not block
_TIOCSTI, _TIOCLINUX = 0x5412, 0x541C
_EVERYBODY = 0xFFFFFFFF  # -1

_NOT_PERMITTED = """
    unshare setns keyctl add_key request_key ptrace process_vm_readv process_vm_writev process_madvise kcmp pidfd_getfd
    bpf perf_event_open userfaultfd mount umount2 pivot_root chroot move_mount open_tree open_tree_attr fsopen fsconfig
    fsmount fspick mount_setattr swapon swapoff reboot init_module finit_module delete_module kexec_load
    kexec_file_load acct quotactl quotactl_fd settimeofday clock_settime clock_adjtime adjtimex sethostname
    setdomainname syslog vhangup iopl ioperm lookup_dcookie open_by_handle_at fanotify_init
"""
_MISSING = "io_uring_setup io_uring_enter io_uring_register clone3 openat2"  # these take what no filter can read
_OF_OTHERS = {  # the argument that names a process, which must be the caller: 0
    "prlimit64": 0, "sched_setaffinity": 0, "sched_setscheduler": 0, "sched_setparam": 0, "sched_setattr": 0,
    "setpriority": 1, "ioprio_set": 1, "migrate_pages": 0, "move_pages": 0,
}  # fmt: skip
# The arguments that hold the mode of a file, and the flags that say whether there is one: no file may be made that runs
# with its owner's rights, which the mounts of cells ignore, but others do not.
_MODE_OF_CREATED = {"open": (2, 1), "openat": (3, 2), "creat": (1, None), "mknod": (1, None), "mknodat": (2, None)}
_MODE_OF_CHANGED = {"chmod": 1, "fchmod": 1, "fchmodat": 2, "fchmodat2": 2}
_AS_OWNER, _AS_GROUP = 0o4000, 0o2000
_CREATES = os.O_CREAT | 0o20000000  # and the bit of O_TMPFILE that says so
# Where nothing is mounted read-only, Landlock leaves these to anybody. Programs that copy files insist on success.
_DO_NOTHING = """
    chmod fchmod fchmodat fchmodat2 chown fchown lchown fchownat utime utimes futimesat utimensat
"""
_NOT_SUPPORTED = """
    setxattr lsetxattr fsetxattr setxattrat removexattr lremovexattr fremovexattr removexattrat file_setattr
"""
_NOT_PRIVATE = "shmget semget msgget mq_open mq_unlink"


# One of classic BPF: code, how many are skipped if it holds and if it does not, value.
Instruction = tuple[int, int, int, int]
Block = list[Instruction]


def build(machine: str, *, network: bool, isolated: bool) -> Block:
    """Return the filter for ``machine``; raises ``OSError`` for one that it is not made for.

    ``network`` allows sockets of the internet protocols. ``isolated`` says that there are namespaces and a read-only
    view; otherwise what these would hold back is denied too.
    """
    if machine not in MACHINES:
        raise OSError(errno.ENOSYS, f"there is no filter for {machine}")
    blocks = _blocks(network=network, isolated=isolated)
    program = [_load(_ARCHITECTURE), _jump(_EQUAL, _AUDIT_ARCH[machine], 1, 0), _fail(errno.ENOSYS), _load(_NUMBER)]
    if machine == "x86_64":
        program += [_jump(_AT_LEAST, _X32, 0, 1), _fail(errno.ENOSYS)]
    for name, block in blocks.items():
        number = NUMBERS[name][MACHINES.index(machine)]
        if number is not None:
            program += [_jump(_EQUAL, number, 0, len(block)), *block]
    return [*program, _allow()]


def install(program: Block) -> None:
    """Bind this thread, and all that it starts, to the filter; needs ``no_new_privs``."""
    packed = b"".join(struct.pack("=HBBI", *instruction) for instruction in program)
    buffer = ctypes.create_string_buffer(packed, len(packed))
    header = ctypes.create_string_buffer(struct.pack("@HP", len(program), ctypes.addressof(buffer)))
    prctl(_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, ctypes.addressof(header))


def _blocks(*, network: bool, isolated: bool) -> dict[str, Block]:
    """Return what is done for each call; every path through a block ends with a verdict."""
    blocks: dict[str, Block] = {
        "socket": _internet_only() if network else [_fail(errno.EACCES)],
        "socketpair": _connected_pairs_only(),
        "clone": [_load_argument(0), _jump(_ANY_BIT, _NEW_NAMESPACES, 0, 1), _fail(errno.EPERM), _allow()],
        "ioctl": _all_but(1, (_TIOCSTI, _TIOCLINUX)),
    }
    blocks |= {name: [_fail(errno.EPERM)] for name in _NOT_PERMITTED.split()}
    blocks |= {name: [_fail(errno.ENOSYS)] for name in _MISSING.split()}
    for name, index in _OF_OTHERS.items():
        blocks[name] = [_load_argument(index), _jump(_EQUAL, 0, 1, 0), _fail(errno.EPERM), _allow()]
    blocks |= {name: _without_owners_rights(*where) for name, where in _MODE_OF_CREATED.items()}
    blocks |= {name: _change_of_mode(mode) for name, mode in _MODE_OF_CHANGED.items()}
    if not isolated:
        blocks |= {name: [_fail(0)] for name in _DO_NOTHING.split()}
        blocks |= {name: [_fail(errno.ENOTSUP)] for name in _NOT_SUPPORTED.split()}
        blocks |= {name: [_fail(errno.EACCES)] for name in _NOT_PRIVATE.split()}
        blocks["kill"] = _all_but(0, (_EVERYBODY,))
    return blocks


def _internet_only() -> Block:
    return [
        _load_argument(0),
        _jump(_EQUAL, _INET, 2, 0),
        _jump(_EQUAL, _INET6, 1, 0),
        _fail(errno.EACCES),
        *_one_type_of(_STREAM, _DATAGRAM),
    ]


def _connected_pairs_only() -> Block:
    """Allow pairs that stay connected: one of datagrams can send to any socket in the file system."""
    return [
        _load_argument(0),
        _jump(_EQUAL, _UNIX, 1, 0),
        _fail(errno.EACCES),
        *_one_type_of(_STREAM, _SEQPACKET),
    ]


def _one_type_of(first: int, second: int) -> Block:
    return [
        _load_argument(1),
        _jump(_AND, _TYPE_BITS, 0, 0),
        _jump(_EQUAL, first, 2, 0),
        _jump(_EQUAL, second, 1, 0),
        _fail(errno.EACCES),
        _allow(),
    ]


def _without_owners_rights(mode: int, flags: int | None) -> Block:
    check = [_load_argument(mode), _jump(_ANY_BIT, _AS_OWNER | _AS_GROUP, 0, 1), _fail(errno.EPERM), _allow()]
    if flags is None:
        return check
    return [_load_argument(flags), _jump(_ANY_BIT, _CREATES, 1, 0), _allow(), *check]


def _change_of_mode(mode: int) -> Block:
    """Nothing is done where a group's rights are meant: folders pass them on, and who copies such a one insists."""
    return [
        _load_argument(mode),
        _jump(_ANY_BIT, _AS_OWNER, 0, 1),
        _fail(errno.EPERM),
        _jump(_ANY_BIT, _AS_GROUP, 0, 1),
        _fail(0),
        _allow(),
    ]


def _all_but(argument: int, denied: tuple[int, ...]) -> Block:
    checks = [_jump(_EQUAL, value, len(denied) - place, 0) for place, value in enumerate(denied)]
    return [_load_argument(argument), *checks, _allow(), _fail(errno.EPERM)]


def _load(offset: int) -> Instruction:
    return _LOAD, 0, 0, offset


def _load_argument(index: int) -> Instruction:
    return _load(_FIRST_ARGUMENT + 8 * index)  # its low half: both machines are little-endian


def _jump(code: int, value: int, if_true: int, if_false: int) -> Instruction:
    return code, if_true, if_false, value


def _allow() -> Instruction:
    return _RETURN, 0, 0, _ALLOW


def _fail(number: int) -> Instruction:
    return _RETURN, 0, 0, _FAIL | number
