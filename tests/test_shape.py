"""How the code reads: lengths, docstrings, help, and nothing of the machine that it was written on."""

import ast
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import TypeAlias

import click
import pytest

from offline_interpreter.cli.main import group

ROOT = Path(__file__).parent.parent
PACKAGE = sorted((ROOT / "offline_interpreter").rglob("*.py"))
SOURCES = [*PACKAGE, *sorted(path for room in ("scripts", "tests", "examples") for path in (ROOT / room).rglob("*.py"))]

MOST_LINES_OF_A_FUNCTION = 50
MOST_LINES_OF_A_MODULE = 400

FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
Definition: TypeAlias = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
HOME_OF_SOMEBODY = re.compile(r"(?<![\w.~$}])/(home|Users|root|work)/[\w.-]+")


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


def public_definitions(tree: ast.Module | ast.ClassDef) -> Iterator[Definition]:
    for node in tree.body:
        if isinstance(node, (*FUNCTIONS, ast.ClassDef)) and not node.name.startswith("_") and not is_setter(node):
            yield node
            if isinstance(node, ast.ClassDef):
                yield from public_definitions(node)


def is_setter(node: Definition) -> bool:
    return any(isinstance(mark, ast.Attribute) and mark.attr == "setter" for mark in node.decorator_list)


def commands(group: click.Group, path: str) -> Iterator[tuple[str, click.Command]]:
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from commands(command, f"{path} {name}")
        else:
            yield f"{path} {name}", command


COMMANDS = list(commands(group, "offline-interpreter"))


@pytest.mark.parametrize("path", SOURCES, ids=name_of)
def test_no_function_is_long(path: Path) -> None:
    functions = [node for node in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(node, FUNCTIONS)]
    lengths = [(node.name, (node.end_lineno or 0) - node.lineno + 1) for node in functions]
    assert [(name, lines) for name, lines in lengths if lines > MOST_LINES_OF_A_FUNCTION] == []


def test_no_shell_function_is_long() -> None:
    text = (ROOT / "scripts/environment.sh").read_text("utf-8")
    functions = re.findall(r"^(\w+)\(\) \{(.*?)^\}$", text, re.MULTILINE | re.DOTALL)
    assert functions
    assert [name for name, body in functions if body.count("\n") > MOST_LINES_OF_A_FUNCTION] == []


@pytest.mark.parametrize("path", PACKAGE, ids=name_of)
def test_no_module_is_long(path: Path) -> None:
    assert len(path.read_text("utf-8").splitlines()) <= MOST_LINES_OF_A_MODULE


@pytest.mark.parametrize("path", PACKAGE, ids=name_of)
def test_what_is_public_says_what_it_is(path: Path) -> None:
    tree = ast.parse(path.read_text("utf-8"))
    assert ast.get_docstring(tree)
    assert [node.name for node in public_definitions(tree) if not ast.get_docstring(node)] == []


@pytest.mark.skipif(not shutil.which("git") or not (ROOT / ".git").exists(), reason="needs git and a checkout")
def test_no_file_names_a_place_on_somebodys_machine() -> None:
    listing = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    found = {}
    for name in filter(None, listing.split("\0")):
        content = (ROOT / name).read_bytes() if (ROOT / name).is_file() else b""
        match = None if b"\0" in content else HOME_OF_SOMEBODY.search(content.decode("utf-8"))
        if match:
            found[name] = match.group()
    assert found == {}


@pytest.mark.parametrize(("path", "command"), COMMANDS, ids=[path for path, _ in COMMANDS])
def test_every_command_has_help(path: str, command: click.Command) -> None:
    assert command.help
    options = [option for option in command.params if isinstance(option, click.Option)]
    assert [option.name for option in options if not option.help] == []


@pytest.mark.parametrize(("path", "command"), COMMANDS, ids=[path for path, _ in COMMANDS])
def test_readme_names_every_command_with_its_options(path: str, command: click.Command) -> None:
    readme = (ROOT / "README.md").read_text("utf-8")
    options = [name for option in command.params if isinstance(option, click.Option) for name in option.opts]
    assert [name for name in [path, *options] if name not in readme] == []


@pytest.mark.parametrize("script", ["run", "test", "check"])
def test_readme_names_the_scripts(script: str) -> None:
    assert f"./scripts/{script}" in (ROOT / "README.md").read_text("utf-8")


def test_nothing_is_ever_unpickled() -> None:
    modules = {"pickle", "shelve", "dill", "cloudpickle", "joblib"}
    for path in PACKAGE:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            assert not modules & set(names), name_of(path)
