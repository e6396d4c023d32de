"""Names in a folder that programs obey when a person merely works there: they run what these say.

Version control runs hooks and file watchers, shells' prompts run version control, editors start what their settings
name, and this program takes options. Cells must not change what is there of these, and are told on when they make one.
What a person runs on purpose (a Makefile, a script) is not among them.
"""

from __future__ import annotations

PROJECT_FILE = "offline-interpreter.toml"
OBEYED = frozenset({".git", ".hg", ".svn", ".vscode", ".idea", ".devcontainer", ".husky", ".envrc", PROJECT_FILE})
ENVIRONMENT_MARKS = ("pyvenv.cfg", "conda-meta")  # a folder that holds one is a Python environment
