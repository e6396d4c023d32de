"""The filter, for both machines, run by a small interpreter of classic BPF."""

import errno
import struct

import pytest

from offline_interpreter.kernel.sandbox.seccomp import build
from offline_interpreter.kernel.sandbox.syscalls import NUMBERS

MACHINES = {"x86_64": (0, 0xC000003E), "aarch64": (1, 0xC00000B7)}
ALLOWED = 0x7FFF0000
ANOTHER = 0x40000003  # i386


def verdict(program, number, *arguments, architecture):
    data = struct.pack("<IIQ6Q", number, architecture, 0, *[*arguments, 0, 0, 0, 0, 0, 0][:6])
    place = value = 0
    while True:
        code, if_true, if_false, given = program[place]
        place += 1
        if code == 0x20:
            value = struct.unpack_from("<I", data, given)[0]
        elif code == 0x54:
            value &= given
        elif code == 0x06:
            return given
        else:
            holds = {0x15: value == given, 0x35: value >= given, 0x45: bool(value & given)}[code]
            place += if_true if holds else if_false


@pytest.fixture(params=MACHINES)
def judge(request):
    index, architecture = MACHINES[request.param]

    def judge(name, *arguments, network=False, isolated=True, of=architecture, plus=0):
        program = build(request.param, network=network, isolated=isolated)
        number = NUMBERS[name][index] if isinstance(name, str) else name
        if number is None:
            pytest.skip("this machine has no such call")
        found = verdict(program, number + plus, *arguments, architecture=of)
        return "allowed" if found == ALLOWED else errno.errorcode.get(found & 0xFFFF, "nothing done")

    judge.machine = request.param
    return judge


@pytest.mark.parametrize("family", [1, 2, 10, 16, 17, 40])
def test_no_socket_can_be_made(judge, family):
    assert judge("socket", family, 1) == "EACCES"
    assert judge("socket", family | 1 << 32, 1) == "EACCES"


def test_with_the_network_allowed_only_the_internet_is(judge):
    assert [judge("socket", family, 1 | 0o2000000, network=True) for family in (2, 10)] == ["allowed"] * 2
    assert [judge("socket", family, 1, network=True) for family in (1, 16, 17, 40)] == ["EACCES"] * 4
    assert judge("socket", 2, 3, network=True) == "EACCES"


def test_only_connected_pairs_are_allowed(judge):
    assert [judge("socketpair", 1, kind | 0o2004000) for kind in (1, 5)] == ["allowed"] * 2
    assert [judge("socketpair", 1, kind) for kind in (2, 3)] == ["EACCES"] * 2
    assert judge("socketpair", 1, 2 | 1 << 40) == "EACCES"
    assert judge("socketpair", 2, 1) == "EACCES"


def test_processes_can_be_made_and_namespaces_not(judge):
    assert judge("clone", 0x1200011) == "allowed"
    assert judge("clone", 0x3D0F00) == "allowed"
    assert {judge("clone", 17 | 1 << bit) for bit in (17, 25, 26, 27, 28, 29, 30)} == {"EPERM"}
    assert judge("clone3") == "ENOSYS"


def test_other_architectures_are_missing(judge):
    assert judge("socket", 2, 1, of=ANOTHER) == "ENOSYS"
    assert judge(1, of=ANOTHER) == "ENOSYS"
    if judge.machine == "x86_64":
        assert judge(1, plus=0x40000000) == "ENOSYS"


def test_a_terminal_cannot_be_typed_into(judge):
    assert judge("ioctl", 0, 0x5401) == "allowed"
    assert {judge("ioctl", 0, request) for request in (0x5412, 0x541C, 0x5412 | 1 << 32)} == {"EPERM"}


@pytest.mark.parametrize(("name", "index"), [("prlimit64", 0), ("sched_setaffinity", 0), ("setpriority", 1)])
def test_only_the_process_itself_is_changed(judge, name, index):
    assert judge(name, *[0, 0][:index], 0) == "allowed"
    assert judge(name, *[0, 0][:index], 1) == "EPERM"


@pytest.mark.parametrize("name", ["mount", "ptrace", "bpf", "keyctl", "unshare", "setns", "pidfd_getfd", "userfaultfd"])
def test_what_cells_never_need_is_not_permitted(judge, name):
    assert judge(name) == "EPERM"


def test_without_a_view_modes_and_times_are_left_alone(judge):
    for name in ("fchmodat", "utimensat", "fchownat"):
        assert (judge(name), judge(name, isolated=False)) == ("allowed", "nothing done")
    assert judge("fsetxattr", isolated=False) in {"ENOTSUP", "EOPNOTSUPP"}
    assert judge("shmget", isolated=False) == "EACCES"
    assert (judge("kill", 0xFFFFFFFF, isolated=False), judge("kill", 5, isolated=False)) == ("EPERM", "allowed")


def test_ordinary_calls_are_allowed(judge):
    assert {judge(number) for number in (0, 1, 9, 63, 64, 222)} == {"allowed"}


def test_a_machine_without_a_filter_is_an_error():
    with pytest.raises(OSError, match="riscv64"):
        build("riscv64", network=False, isolated=True)


CREATE, SET_USER, SET_GROUP = 0o100, 0o4000, 0o2000


@pytest.mark.parametrize("isolated", [True, False])
@pytest.mark.parametrize(("name", "mode"), [("open", 2), ("openat", 3)])
def test_no_file_is_created_that_runs_as_its_owner(judge, name, mode, isolated):
    def opening(flags, bits):
        given = [0, 0, 0, 0]
        given[mode - 1], given[mode] = flags, bits
        return judge(name, *given, isolated=isolated)

    assert opening(CREATE, 0o755) == "allowed"
    assert opening(0, SET_USER | 0o755) == "allowed"  # the mode means nothing there
    assert {opening(CREATE, bits | 0o755) for bits in (SET_USER, SET_GROUP)} == {"EPERM"}
    assert opening(0o20200000, SET_USER) == "EPERM"  # O_TMPFILE


@pytest.mark.parametrize(("name", "mode"), [("creat", 1), ("mknod", 1), ("mknodat", 2)])
def test_no_node_is_made_that_runs_as_its_owner(judge, name, mode):
    assert judge(name, *[0] * mode, 0o100755) == "allowed"
    assert judge(name, *[0] * mode, 0o100755 | SET_USER) == "EPERM"


@pytest.mark.parametrize(("name", "mode"), [("chmod", 1), ("fchmod", 1), ("fchmodat", 2), ("fchmodat2", 2)])
def test_no_file_is_made_to_run_as_its_owner(judge, name, mode):
    assert judge(name, *[0] * mode, 0o755) == "allowed"
    assert judge(name, *[0] * mode, SET_USER | 0o755) == "EPERM"
    assert judge(name, *[0] * mode, SET_GROUP | 0o755) == "nothing done"


def test_what_the_filter_cannot_read_is_missing(judge):
    assert {judge(name) for name in ("openat2", "io_uring_setup", "clone3")} == {"ENOSYS"}
