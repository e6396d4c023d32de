"""In the child: a filter of system calls, generated for x86-64 and aarch64.

It denies sockets of every family, other architectures' calls, new namespaces and mounts, what looks into or changes
other processes, files that run as their owner for anybody who starts them, and the rarely used parts of Linux where
faults are found most. What is denied fails as on a machine
that lacks it; nothing is killed. Arguments are compared in their low 32 bits, which is all that Linux reads of them.
"""

from __future__ import annotations

import errno
import os

from .bpf import (
    AND,
    ANY_BIT,
    ARCHITECTURE,
    AT_LEAST,
    AUDIT_ARCH,
    EQUAL,
    NUMBER,
    Block,
    Program,
    allow,
    fail,
    jump,
    load,
    load_argument,
)
from .syscalls import MACHINES, NUMBERS
from .system import prctl

_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER = 22, 2
_X32 = 0x40000000

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


def build(machine: str, *, network: bool, isolated: bool) -> Block:
    """Return the filter for ``machine``; raises ``OSError`` for one that it is not made for.

    ``network`` allows sockets of the internet protocols. ``isolated`` says that there are namespaces and a read-only
    view; otherwise what these would hold back is denied too.
    """
    if machine not in MACHINES:
        raise OSError(errno.ENOSYS, f"there is no filter for {machine}")
    blocks = _blocks(network=network, isolated=isolated)
    program = [load(ARCHITECTURE), jump(EQUAL, AUDIT_ARCH[machine], 1, 0), fail(errno.ENOSYS), load(NUMBER)]
    if machine == "x86_64":
        program += [jump(AT_LEAST, _X32, 0, 1), fail(errno.ENOSYS)]
    for name, block in blocks.items():
        number = NUMBERS[name][MACHINES.index(machine)]
        if number is not None:
            program += [jump(EQUAL, number, 0, len(block)), *block]
    return [*program, allow()]


def install(program: Block) -> None:
    """Bind this thread, and all that it starts, to the filter; needs ``no_new_privs``."""
    laid_out = Program(program)
    prctl(_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, laid_out.address)


def _blocks(*, network: bool, isolated: bool) -> dict[str, Block]:
    """Return what is done for each call; every path through a block ends with a verdict."""
    blocks: dict[str, Block] = {
        "socket": _internet_only() if network else [fail(errno.EACCES)],
        "socketpair": _connected_pairs_only(),
        "clone": [load_argument(0), jump(ANY_BIT, _NEW_NAMESPACES, 0, 1), fail(errno.EPERM), allow()],
        "ioctl": _all_but(1, (_TIOCSTI, _TIOCLINUX)),
    }
    blocks |= {name: [fail(errno.EPERM)] for name in _NOT_PERMITTED.split()}
    blocks |= {name: [fail(errno.ENOSYS)] for name in _MISSING.split()}
    for name, index in _OF_OTHERS.items():
        blocks[name] = [load_argument(index), jump(EQUAL, 0, 1, 0), fail(errno.EPERM), allow()]
    blocks |= {name: _without_owners_rights(*where) for name, where in _MODE_OF_CREATED.items()}
    blocks |= {name: _change_of_mode(mode) for name, mode in _MODE_OF_CHANGED.items()}
    if not isolated:
        blocks |= {name: [fail(0)] for name in _DO_NOTHING.split()}
        blocks |= {name: [fail(errno.ENOTSUP)] for name in _NOT_SUPPORTED.split()}
        blocks |= {name: [fail(errno.EACCES)] for name in _NOT_PRIVATE.split()}
        blocks["kill"] = _all_but(0, (_EVERYBODY,))
    return blocks


def _internet_only() -> Block:
    return [
        load_argument(0),
        jump(EQUAL, _INET, 2, 0),
        jump(EQUAL, _INET6, 1, 0),
        fail(errno.EACCES),
        *_one_type_of(_STREAM, _DATAGRAM),
    ]


def _connected_pairs_only() -> Block:
    """Allow pairs that stay connected: one of datagrams can send to any socket in the file system."""
    return [
        load_argument(0),
        jump(EQUAL, _UNIX, 1, 0),
        fail(errno.EACCES),
        *_one_type_of(_STREAM, _SEQPACKET),
    ]


def _one_type_of(first: int, second: int) -> Block:
    return [
        load_argument(1),
        jump(AND, _TYPE_BITS, 0, 0),
        jump(EQUAL, first, 2, 0),
        jump(EQUAL, second, 1, 0),
        fail(errno.EACCES),
        allow(),
    ]


def _without_owners_rights(mode: int, flags: int | None) -> Block:
    check = [load_argument(mode), jump(ANY_BIT, _AS_OWNER | _AS_GROUP, 0, 1), fail(errno.EPERM), allow()]
    if flags is None:
        return check
    return [load_argument(flags), jump(ANY_BIT, _CREATES, 1, 0), allow(), *check]


def _change_of_mode(mode: int) -> Block:
    """Nothing is done where a group's rights are meant: folders pass them on, and who copies such a one insists."""
    return [
        load_argument(mode),
        jump(ANY_BIT, _AS_OWNER, 0, 1),
        fail(errno.EPERM),
        jump(ANY_BIT, _AS_GROUP, 0, 1),
        fail(0),
        allow(),
    ]


def _all_but(argument: int, denied: tuple[int, ...]) -> Block:
    checks = [jump(EQUAL, value, len(denied) - place, 0) for place, value in enumerate(denied)]
    return [load_argument(argument), *checks, allow(), fail(errno.EPERM)]
