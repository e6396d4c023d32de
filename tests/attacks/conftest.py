"""Canaries of the host, and a confined kernel that attacks run in. An attack is judged by the canaries alone."""

import os
import re
import shutil
import socket
import stat
import subprocess
import sys
import tempfile
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from offline_interpreter.kernel.manager import Kernel
from offline_interpreter.records import Limits, Output

TIER = "OFFLINE_INTERPRETER_TESTED_TIER"  # which one ``under`` has made this machine offer
# Those of a lower tier are run by ``test_elsewhere``, each in a process of its own.
collect_ignore = [f"test_tier_{tier.lower()}.py" for tier in "BC" if os.environ.get(TIER) != tier]
SECRET = "secret-5f1c-of-the-host"
PLACES = ["/srv", "/var/tmp", "/tmp", str(Path.home())]  # in the view, and in what is replaced by empty folders


def run(kernel, code, **options):
    """Run a cell; return its status and all the text it put out."""
    texts, running = [], kernel.execute(code, timeout_s=options.pop("timeout_s", 60), **options)
    while True:
        try:
            output = next(running)
            if isinstance(output, Output):
                texts.append(output.text)
        except StopIteration as end:
            return end.value, "".join(texts)


class Canaries:
    """Listening sockets of every family, files outside the workspace, a process."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.secret = folder / "secret.txt"
        self.sockets = {
            "tcp4": self._listen(socket.AF_INET, socket.SOCK_STREAM, ("127.0.0.1", 0)),
            "tcp6": self._listen(socket.AF_INET6, socket.SOCK_STREAM, ("::1", 0)),
            "udp4": self._listen(socket.AF_INET, socket.SOCK_DGRAM, ("127.0.0.1", 0)),
            "udp6": self._listen(socket.AF_INET6, socket.SOCK_DGRAM, ("::1", 0)),
            "stream": self._listen(socket.AF_UNIX, socket.SOCK_STREAM, str(folder / "stream")),
            "datagram": self._listen(socket.AF_UNIX, socket.SOCK_DGRAM, str(folder / "datagram")),
            "abstract": self._listen(socket.AF_UNIX, socket.SOCK_STREAM, f"\0canary-{self.folder.name}"),
        }
        for path in (folder / "stream", folder / "datagram"):
            path.chmod(0o777)
        self.victim = subprocess.Popen(["sleep", "3600"], cwd=folder)
        self.reset()

    @staticmethod
    def _listen(family, kind, address):
        listening = socket.socket(family, kind)
        listening.bind(address)
        if kind == socket.SOCK_STREAM:
            listening.listen(64)
        listening.setblocking(False)
        return listening

    def reset(self) -> None:
        for entry in self.folder.iterdir():
            if entry.name not in {"stream", "datagram"}:
                shutil.rmtree(entry) if entry.is_dir() else entry.unlink()
        self.secret.write_text(SECRET)
        self.secret.chmod(0o644)
        os.utime(self.secret, (1_000_000, 1_000_000))
        self.touched_by("", "")

    def prelude(self, *, target: int = 1) -> str:
        """Return what an attack is told of the host; ``target`` is the process that it is to look into or change."""
        ports = {name: one.getsockname()[1] for name, one in self.sockets.items() if name[:3] in {"tcp", "udp"}}
        return (
            "import ctypes, errno, os, shutil, socket, struct, subprocess, sys\nfrom pathlib import Path\n"
            f"PORTS = {ports}\nOUT = Path({str(self.folder)!r})\nSECRET_FILE = OUT / 'secret.txt'\n"
            f"TARGET = {target}\nVICTIM = {self.victim.pid}\n"
            f"HOST = {os.getpid()}\nABSTRACT = '\\0canary-{self.folder.name}'\n"
            "libc = ctypes.CDLL(None, use_errno=True)\n"
            "def syscall(*given):\n"
            "    return libc.syscall(*[ctypes.c_long(x) if isinstance(x, int) else x for x in given])\n"
        )

    def touched_by(self, name: str, text: str) -> list[str]:
        """Return what is no longer as it was; an answer of a socket is taken."""
        touched = [kind for kind, one in self.sockets.items() if self._was_reached(one)]
        if SECRET in text:
            touched.append("secret read")
        if re.search("^BREACH", text, re.MULTILINE):
            touched.append("breach reported")
        try:
            state = self.secret.lstat()
            if self.secret.read_text() != SECRET:
                touched.append("secret written")
            if stat.S_IMODE(state.st_mode) != 0o644:
                touched.append("mode")
            if int(state.st_mtime) != 1_000_000:
                touched.append("time")
            if os.listxattr(self.secret):
                touched.append("attribute")
            if state.st_nlink != 1:
                touched.append("hard link")
        except FileNotFoundError:
            touched.append("secret gone")
        if {entry.name for entry in self.folder.iterdir()} - {"stream", "datagram", "secret.txt"}:
            touched.append("created")
        if self.victim.poll() is not None:
            touched.append("victim")
        return touched

    @staticmethod
    def _was_reached(one: socket.socket) -> bool:
        try:
            if one.type == socket.SOCK_STREAM:
                one.accept()[0].close()
            else:
                one.recv(100)
        except OSError:
            return False
        return True

    def close(self) -> None:
        self.victim.kill()
        self.victim.wait()
        for one in self.sockets.values():
            one.close()


def _folder_in(place: str) -> Path:
    path = Path(tempfile.mkdtemp(prefix="attacked-", dir=place))
    path.chmod(0o755)
    return path


def _writable(place: str) -> bool:
    return os.access(place, os.W_OK)


@contextmanager
def _canaries_in(place: str):
    folder = _folder_in(place)
    canaries = Canaries(folder)
    yield canaries
    canaries.close()
    shutil.rmtree(folder)


@pytest.fixture(scope="session")
def canaries():
    with _canaries_in(next(filter(_writable, PLACES))) as canaries:
        yield canaries


@pytest.fixture(scope="session", params=filter(_writable, PLACES[1:]))
def hidden_canaries(request):
    with _canaries_in(request.param) as canaries:
        yield canaries


@pytest.fixture(scope="session")
def attacked(tmp_path_factory):
    """A workspace with what must be protected in it."""
    workspace = tmp_path_factory.mktemp("attacked")
    for path in (".git/hooks/pre-commit", "sub/deeper/.git/config", "environment/pyvenv.cfg"):
        (workspace / path).parent.mkdir(parents=True)
        (workspace / path).write_text("kept")
    (workspace / "offline-interpreter.toml").write_text("max_steps = 3")
    (workspace / ".envrc").write_text("kept")
    (workspace / ".vscode").mkdir()
    return workspace


@pytest.fixture(scope="session")
def confined(attacked):
    os.environ["HOST_PASSWORD"] = SECRET
    limits = Limits(memory_bytes=1 << 30, processes=320, grace_s=5)
    with closing(Kernel(attacked, limits=limits, sandbox="strict")) as kernel:
        yield kernel


@pytest.fixture(scope="session")
def unconfined(tmp_path_factory):
    with closing(Kernel(tmp_path_factory.mktemp("bare"), sandbox="off")) as kernel:
        yield kernel


@pytest.fixture(autouse=True, scope="session")
def _linux_only():
    if sys.platform != "linux":
        pytest.skip("there is no confinement elsewhere yet")
