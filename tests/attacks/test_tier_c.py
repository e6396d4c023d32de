"""Tier C, where ``under`` has made the machine one without Landlock: the network is out of reach."""

from contextlib import closing

import pytest
from attempts import CONTROLLED
from conftest import run

from offline_interpreter.errors import KernelError
from offline_interpreter.kernel.manager import Kernel

NETWORK = ["tcp4", "tcp6", "udp4", "udp6", "curl", "bash", "perl", "netlink", "unix stream", "unix datagram"]
NETWORK += ["datagram pair", "abstract", "high bits"]


@pytest.fixture(scope="module")
def tier_c(tmp_path_factory):
    with closing(Kernel(tmp_path_factory.mktemp("tier-c"), sandbox="network-only")) as kernel:
        assert kernel.confinement.tier == "C"
        assert "File writes are NOT confined" in kernel.confinement.message
        yield kernel


@pytest.mark.parametrize("name", NETWORK)
def test_the_network_is_out_of_reach(tier_c, canaries, name):
    canaries.reset()
    _, text = run(tier_c, canaries.prelude(target=canaries.victim.pid) + CONTROLLED[name])
    assert canaries.touched_by(name, text) == [], text


@pytest.mark.parametrize("mode", ["auto", "strict"])
def test_what_is_less_than_was_asked_for_is_refused(tmp_path, mode):
    with pytest.raises(KernelError, match=r"tier A: (landlock|namespaces): Operation not"):
        _ = Kernel(tmp_path, sandbox=mode).confinement


def test_it_works(tier_c):
    assert run(tier_c, "print(1)")[1] == "1\n"
