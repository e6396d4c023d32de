"""What the command imports before it knows what to do: little, so that it starts at once."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

# Libraries, and parts of the standard library, that cost more than all that ``--help`` needs together.
NOT_FOR_HELP = {
    "IPython",
    "asyncio",
    "ctypes",
    "httpx2",
    "huggingface_hub",
    "jinja2",
    "jsonschema",
    "llama_cpp",
    "llguidance",
    "matplotlib",
    "multiprocessing",
    "numpy",
    "packaging",
    "pandas",
    "platformdirs",
    "prompt_toolkit",
    "pygments",
    "rich",
    "socket",
    "ssl",
    "subprocess",
    "tomllib",
    "urllib.request",
}
START = """
import sys
sys.argv = ["offline-interpreter", *sys.argv[1:]]
from offline_interpreter.cli.main import main
try:
    main()
finally:
    print(*sorted(sys.modules), sep="\\n", file=sys.stderr)
"""


@pytest.mark.parametrize(
    "given", ["--help", "--version", "ask --help", "exec --help", "models --help", "doctor --help"]
)
def test_help_and_version_import_nothing_heavy(given: str, tmp_path: Path) -> None:
    command = [sys.executable, "-c", START, *given.split()]
    environment = {**os.environ, "HOME": str(tmp_path)}
    ran = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert ran.stdout
    assert set(ran.stderr.split()) & NOT_FOR_HELP == set()
