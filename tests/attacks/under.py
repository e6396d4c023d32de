"""Run pytest as another user or on a poorer machine: ``under.py [--user] [--no-namespaces] [--no-landlock] ARGUMENT…``.

``--user``: an ordinary user made for the run, who is known in a mount namespace of this process alone; only root can.
The Python and this package may lie where such a user cannot look: in the same namespace, the folders above them are
replaced by empty ones that anybody may enter, and they are put back. ``--no-namespaces`` and ``--no-landlock``: a
filter of system calls answers as a Linux does that forbids user namespaces, or that was started without Landlock.
"""

import ctypes
import errno
import os
import pwd
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from offline_interpreter.kernel.sandbox import namespaces, seccomp, system
from offline_interpreter.kernel.sandbox.places import PACKAGE_FOLDER, python_folders
from offline_interpreter.kernel.sandbox.syscalls import MACHINES, NUMBERS

ROOT = PACKAGE_FOLDER.parent
NEEDED = [ROOT, *python_folders(sys.executable)]
REFUSED = {"--no-namespaces": ("unshare", None, errno.EPERM), "--no-landlock": ("", 444, errno.EOPNOTSUPP)}


def open_the_way(user: int, home: str) -> None:
    """Let everybody reach ``NEEDED``, and have the user known by a name."""
    closed = {parent for path in NEEDED for parent in path.resolve().parents if not parent.stat().st_mode & 1}
    trees = {str(path): system.clone_tree(str(path)) for path in sorted({*NEEDED}) if _is_below(path, closed)}
    system.unshare(namespaces.NEW_NAMESPACES["mnt"])
    system.mount("none", "/", "", 0x4000 | 0x40000)
    names = Path(home, "passwd")
    names.write_text(f"{Path('/etc/passwd').read_text()}ordinary:x:{user}:{user}::{home}:/bin/sh\n")
    system.mount(str(names), "/etc/passwd", "", 0x1000)
    for path in sorted(closed):
        if not any(parent in closed for parent in path.parents):
            system.mount("tmpfs", str(path), "tmpfs", 0, "mode=755")
    for path, tree in trees.items():
        Path(path).mkdir(parents=True, exist_ok=True)
        system.attach_tree(tree, path)


def _is_below(path: Path, closed: set[Path]) -> bool:
    return bool(closed & set(path.resolve().parents))


def become_ordinary() -> str:
    """Become a user with a free number and a home of their own; return the home."""
    taken = {entry.pw_uid for entry in pwd.getpwall()}
    user = next(number for number in range(20_000, 60_000) if number not in taken)
    home = tempfile.mkdtemp(prefix="user-")
    os.chown(home, user, user)
    open_the_way(user, home)
    os.setgroups([])
    os.setresgid(user, user, user)
    os.setresuid(user, user, user)
    ctypes.CDLL(None).prctl(4, 1, 0, 0, 0)  # dumpable again, else /proc/self belongs to root
    os.umask(0o022)
    for name in ("HOME", "TMPDIR", "OFFLINE_INTERPRETER_CACHE", "OFFLINE_INTERPRETER_STATE"):
        os.environ[name] = home
    os.environ["USER"] = os.environ["LOGNAME"] = "ordinary"
    return home


def refuse(number: int, error: int) -> None:
    """Have a system call fail from now on."""
    system.prctl(38, 1)
    compare, answer, allow = (0x15, 0, 1, number), (0x06, 0, 0, 0x50000 | error), (0x06, 0, 0, 0x7FFF0000)
    seccomp.install([(0x20, 0, 0, 0), compare, answer, allow])


def main() -> None:
    """Make the conditions, run pytest, and remove what was made for it."""
    wanted = [argument for argument in sys.argv[1:] if argument in {"--user", *REFUSED}]
    arguments = [argument for argument in sys.argv[1:] if argument not in wanted]
    made = [become_ordinary()] if "--user" in wanted else []
    made.append(tempfile.mkdtemp())
    os.environ["OFFLINE_INTERPRETER_CACHE"] = made[-1]  # a self-test that passed elsewhere says nothing here
    for name, number, error in (REFUSED[each] for each in wanted if each in REFUSED):
        refuse(number or NUMBERS[name][MACHINES.index(os.uname().machine)], error)
    os.chdir(ROOT)
    command = [sys.executable, "-B", "-m", "pytest", "-p", "no:cacheprovider", *arguments]
    status = subprocess.run(command, check=False).returncode
    for folder in made:
        shutil.rmtree(folder, ignore_errors=True)
    sys.exit(status)


if __name__ == "__main__":
    main()
