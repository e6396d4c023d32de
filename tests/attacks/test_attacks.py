"""No attempt of ``attempts`` gets anywhere in tier A, as whoever runs this."""

import os
from pathlib import Path

import pytest
from attempts import CONTROLLED, OTHERS
from conftest import SECRET, run

PLANTED = ("/tmp/planted", "/var/tmp/planted", "/dev/shm/planted")


@pytest.fixture
def clean(attacked):
    yield
    for name in ("link", "leak", "mine", "other", "planted.c", "planted.so"):
        (attacked / name).unlink(missing_ok=True)


@pytest.mark.parametrize("name", CONTROLLED)
def test_what_would_trip_a_canary_does_not(confined, canaries, clean, name):
    canaries.reset()
    _, text = run(confined, canaries.prelude() + CONTROLLED[name])
    assert canaries.touched_by(name, text) == [], text


@pytest.mark.parametrize(
    "name", ["unix datagram", "datagram pair", "create", "append", "unlink", "chmod", "read", "list"]
)
def test_what_is_hidden_is_neither_read_nor_changed(confined, hidden_canaries, clean, name):
    hidden_canaries.reset()
    _, text = run(confined, hidden_canaries.prelude() + CONTROLLED[name])
    assert hidden_canaries.touched_by(name, text) == [], text


@pytest.mark.parametrize("name", OTHERS)
def test_nothing_else_gets_through(confined, canaries, attacked, clean, name):
    canaries.reset()
    bashrc = _content(Path.home() / ".bashrc")
    result, text = run(confined, canaries.prelude() + OTHERS[name])
    assert canaries.touched_by(name, text) == [], text
    assert result.status in {"ok", "error"}
    assert _content(Path.home() / ".bashrc") == bashrc
    assert not any(Path(path).exists() for path in PLANTED)
    assert (attacked / ".git/hooks/pre-commit").read_text() == "kept"
    assert (attacked / "sub/deeper/.git/config").read_text() == "kept"
    assert list((attacked / "environment").iterdir()) == [attacked / "environment/pyvenv.cfg"]
    assert (attacked / "offline-interpreter.toml").read_text() == "max_steps = 3"


def _content(path: Path) -> bytes:
    return path.read_bytes() if path.exists() else b""


@pytest.mark.parametrize("name", CONTROLLED)
def test_unconfined_the_canary_is_tripped(unconfined, canaries, monkeypatch, name):
    if name == "high bits" and os.uname().machine != "x86_64":
        pytest.skip("a number of x86-64")
    canaries.reset()
    setting = f"import os; os.environ['HOST_PASSWORD'] = {SECRET[:6]!r} + {SECRET[6:]!r}\n"
    _, text = run(unconfined, setting + canaries.prelude() + CONTROLLED[name])
    assert canaries.touched_by(name, text) != [], text
