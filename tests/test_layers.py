"""Imports point down, and importing any module does nothing but define it."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "offline_interpreter"

LINT = "from importlinter.cli import lint_imports_command; lint_imports_command()"

# Imports every module of the package, and writes what an import must not do.
IMPORT_ALL = """
import importlib, os, sys

HEAVY = {"llama_cpp", "llguidance", "IPython", "huggingface_hub", "rich", "prompt_toolkit", "jsonschema", "numpy"}
found = []

def watch(event, arguments):
    if event == "open":
        _, mode, flags = arguments
        if set(mode or "") & set("wax+") or flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT):
            found.append(f"{name} writes {arguments[0]}")
    elif event in {"os.mkdir", "subprocess.Popen", "os.fork", "os.exec", "os.posix_spawn", "socket.connect"}:
        found.append(f"{name} causes {event} {arguments[0]}")

sys.addaudithook(watch)
ENGINE = "offline_interpreter.engines.llama"  # itself imported only where it is used, and full of numpy
for name in sorted(sys.argv[1:], key=lambda name: name.startswith(ENGINE)):
    if name.startswith(ENGINE):
        HEAVY.discard("numpy")
    importlib.import_module(name)
    loaded = HEAVY & set(sys.modules)
    found += [f"{name} imports {heavy}" for heavy in loaded]
    HEAVY -= loaded
print(*found, sep="\\n", end="")
"""


def module_names() -> list[str]:
    paths = [path.relative_to(ROOT).with_suffix("") for path in sorted(PACKAGE.rglob("*.py"))]
    return [".".join(path.parts).removesuffix(".__init__") for path in paths]


def test_imports_point_down() -> None:
    command = [sys.executable, "-c", LINT, "--no-cache"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_importing_does_nothing(tmp_path: Path) -> None:
    command = [sys.executable, "-B", "-W", "error", "-c", IMPORT_ALL, *module_names()]
    environment = {**os.environ, "HOME": str(tmp_path)}
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr, done.returncode) == ("", "", 0)


def test_every_folder_of_modules_is_a_package() -> None:
    folders = {path.parent for path in PACKAGE.rglob("*.py")}
    assert [folder for folder in folders if not (folder / "__init__.py").is_file()] == []
