"""What the doctor found, as a calm table: state, name and text, and below it what can be done.

Texts are folded to the width; commands stand on lines of their own and are never folded, so that they can be copied.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from pathlib import Path

from offline_interpreter.doctor.findings import Finding
from offline_interpreter.view.lines import safe
from offline_interpreter.view.words import counted

_STATE_COLUMNS, _NAME_COLUMNS = 9, 11
_LEAST_TEXT_COLUMNS = 24
_COMMAND_INDENT = "    "


def finding_lines(finding: Finding, width: int, *, named: bool = True) -> Iterator[str]:
    """Yield the lines of one finding; ``named`` False leaves out the name, which stood on the line before."""
    state = "" if finding.state == "ok" and not named else finding.state
    head = f"{state:<{_STATE_COLUMNS}}{finding.name if named else '':<{_NAME_COLUMNS}}"
    room = max(width - len(head), _LEAST_TEXT_COLUMNS)
    first, *others = _wrapped(finding.text, room)
    yield (head + first).rstrip()
    indent = " " * len(head)
    for line in others:
        yield indent + line
    for number, line in enumerate(_wrapped(finding.remedy, room - 2) if finding.remedy else ()):
        yield f"{indent}{'→ ' if not number else '  '}{line}"
    for command in finding.commands:
        yield _COMMAND_INDENT + safe(command)


def summary(findings: Sequence[Finding]) -> str:
    """Return the last line: whether it can work, and what there is to look at."""
    problems = sum(finding.state == "problem" for finding in findings)
    notes = sum(finding.state == "note" for finding in findings)
    noted = f" {counted(notes, 'note')}." if notes else ""
    if problems:
        return f"{counted(problems, 'problem')}.{noted}"
    return f"Everything works.{noted}"


def _wrapped(text: str, room: int) -> list[str]:
    home = str(Path.home())
    shown = text.replace(f"{home}/", "~/") if home != "/" else text
    return textwrap.wrap(safe(shown), room, break_long_words=False, break_on_hyphens=False) or [""]
