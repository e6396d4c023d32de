"""Run the attacks as an ordinary user, as root: ``as_user.py PYTEST_ARGUMENTS…``.

The Python and this package may lie where such a user cannot look. In a mount namespace of this process alone, the
folders above them are replaced by empty ones that anybody may enter, and they are put back.
"""

import ctypes
import os
import sys
import tempfile
from pathlib import Path

from offline_interpreter.kernel.sandbox import namespaces, system
from offline_interpreter.kernel.sandbox.places import PACKAGE_FOLDER, python_folders

USER = 65534
ROOT = PACKAGE_FOLDER.parent
NEEDED = [ROOT, *python_folders(sys.executable)]


def open_the_way() -> None:
    """Let everybody reach ``NEEDED``."""
    closed = {parent for path in NEEDED for parent in path.resolve().parents if not parent.stat().st_mode & 1}
    trees = {str(path): system.clone_tree(str(path)) for path in sorted({*NEEDED}) if _is_below(path, closed)}
    system.unshare(namespaces.NEW_NAMESPACES["mnt"])
    system.mount("none", "/", "", 0x4000 | 0x40000)
    for path in sorted(closed):
        if not any(parent in closed for parent in path.parents):
            system.mount("tmpfs", str(path), "tmpfs", 0, "mode=755")
    for path, tree in trees.items():
        Path(path).mkdir(parents=True, exist_ok=True)
        system.attach_tree(tree, path)


def _is_below(path: Path, closed: set[Path]) -> bool:
    return bool(closed & set(path.resolve().parents))


def main() -> None:
    """Become the user and run pytest."""
    folder = tempfile.mkdtemp(prefix="user-")
    os.chown(folder, USER, USER)
    open_the_way()
    os.setgroups([])
    os.setresgid(USER, USER, USER)
    os.setresuid(USER, USER, USER)
    ctypes.CDLL(None).prctl(4, 1, 0, 0, 0)  # dumpable again, else /proc/self belongs to root
    os.umask(0o022)
    for name in ("HOME", "TMPDIR", "OFFLINE_INTERPRETER_CACHE", "OFFLINE_INTERPRETER_STATE"):
        os.environ[name] = folder
    os.environ["USER"] = os.environ["LOGNAME"] = "ordinary"
    os.chdir(ROOT)
    os.execv(sys.executable, [sys.executable, "-B", "-m", "pytest", "-p", "no:cacheprovider", *sys.argv[1:]])


if __name__ == "__main__":
    main()
