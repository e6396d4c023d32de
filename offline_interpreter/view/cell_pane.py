"""What a cell puts out, on a terminal: its text as it comes, tables that fit, errors short, files by their path.

Unfinished lines (a progress bar) are live until they end. Texts are made safe here.
"""

from __future__ import annotations

import time

from offline_interpreter.records import Artifact, CellEnd, CellRunning, Output
from offline_interpreter.view.lines import LineFeed, safe
from offline_interpreter.view.page import Page
from offline_interpreter.view.tables import INDENT, fit_lines, read_html, table_lines
from offline_interpreter.view.words import artifact_line, cell_ending, counted, path_text, running_line

ERROR_LINES = 8  # of a traceback: its last frame and the message
MAX_FILES = 20  # that are named one by one

_OPAQUE = "<IPython.core.display."  # how IPython prints what it shows in another form


class CellPane:
    """Prints the outputs of one cell after the other."""

    def __init__(self, page: Page) -> None:
        self._page = page
        self._feeds: dict[str, LineFeed] = {}
        self._began = 0.0
        self._started = self._empty = self._omitted = False
        self._files = 0
        self._place = ""

    def start(self) -> None:
        """Begin a cell."""
        self._page.begin("cell")
        self._began, self._files, self._place = time.monotonic(), 0, ""
        self._started, self._empty, self._omitted = True, True, False
        self.run_on()

    def show(self, output: Output, *, verbose: bool) -> None:
        """Print one output, and go on showing that the cell runs."""
        if output.kind == "stream":
            self._print_lines(self._feeds.setdefault(output.name, LineFeed()).feed(output.text), output.name)
        else:
            self.flush()
            if output.kind == "error":
                self._print_error(output, verbose=verbose)
            else:
                self._print_display(output)
        self.run_on()

    def at(self, event: CellRunning) -> None:
        """Show where the cell is."""
        self._place = f"line {event.line}: {safe(event.text)}"
        self.run_on()

    def omit(self) -> None:
        """Say that the cell goes on printing, out of sight."""
        self.flush()
        self._note("… more output is in the file")
        self._omitted = True
        self.run_on()

    def flush(self) -> None:
        """Print the lines that are not finished."""
        for name, feed in self._feeds.items():
            self._print_lines(feed.flush(), name)

    def end(self, event: CellEnd) -> None:
        """Say how the cell ended, where that needs saying."""
        self.flush()
        if self._omitted and event.output_path:
            self._note(f"→ {path_text(event.output_path)}  (all of the output)")
        if ending := cell_ending(event):
            self._note(ending)

    def show_artifact(self, artifact: Artifact) -> None:
        """Name a file that the cell made or changed."""
        line = artifact_line(artifact)
        if line.startswith("!"):
            self._note(line, "bold")
            return
        self._files += 1
        if self._files <= MAX_FILES:
            self._note(line)

    def finish(self) -> None:
        """Close the pane, once all that belongs to the cell is known."""
        if not self._started:
            return
        self._started = False
        if self._files > MAX_FILES:
            self._note(f"… {counted(self._files - MAX_FILES, 'more file')}")
        if self._empty:
            self._note("no output", "dim")

    def run_on(self) -> None:
        """Show that the cell runs."""
        self._page.status.show(lambda seconds: running_line(seconds, self._tail(), self._place), since=self._began)

    def _tail(self) -> str:
        return next((feed.tail for feed in list(self._feeds.values()) if feed.tail), "")

    def _note(self, text: str, style: str = "") -> None:
        self._empty = False
        self._page.print(INDENT + text, style)

    def _print_lines(self, lines: list[str], name: str) -> None:
        if not lines:
            return
        self._empty = False
        fitted = fit_lines(lines, self._page.width)
        if name == "stderr":
            self._page.print("\n".join(fitted), "dim")
        else:
            self._page.print_plain(fitted)

    def _print_error(self, output: Output, *, verbose: bool) -> None:
        lines = safe(output.text).strip("\n").split("\n")
        hidden = 0 if verbose else max(len(lines) - ERROR_LINES, 0)
        if hidden:
            self._note(f"… {counted(hidden, 'more line')}", "dim")
        self._empty = False
        self._page.print("\n".join(fit_lines(lines[hidden:], self._page.width)), "red")

    def _print_display(self, output: Output) -> None:
        if output.path:
            self._note(f"→ {path_text(output.path)}")
            return
        tables, loose = read_html(output.data.get("text/html", ""))
        opaque = output.text.startswith(_OPAQUE)
        for table in tables:
            head, *rows = table_lines(table, self._page.width - len(INDENT))
            self._note(head, "bold")
            self._page.print_plain([INDENT + row for row in rows] or [""])
        if tables or (opaque and loose):
            text = loose
        else:
            text = output.data.get("text/markdown", output.text) if opaque else output.text
        if text.strip():
            self._print_lines(safe(text).strip("\n").split("\n"), "")
