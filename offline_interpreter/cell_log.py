"""What one cell put out: all of it on disk, a capped stream for the person, head and tail for the model.

Figures are saved as files of the session and named by path. The log does not know how a cell runs or how its output
is shown; it holds a bounded amount in memory, however much comes.
"""

from __future__ import annotations

import base64
import binascii
import shutil
from contextlib import suppress
from dataclasses import dataclass, replace
from io import BufferedWriter
from pathlib import Path

from offline_interpreter.plain_text import without_escapes
from offline_interpreter.prompt import Observed
from offline_interpreter.records import Artifact, Limits, Output, OutputMade

KEPT_CHARS = 20_000  # at the head, and as much at the tail, for the model

_FIGURE_TYPES = {"image/png": "png", "image/jpeg": "jpg", "image/svg+xml": "svg"}


@dataclass(frozen=True, slots=True)
class SessionFolder:
    """The folders of one session."""

    path: Path

    @property
    def transcript(self) -> Path:
        """The file of the transcript."""
        return self.path / "transcript.jsonl"

    @property
    def outputs(self) -> Path:
        """Where the full output of each cell is kept."""
        return self.path / "outputs"

    @property
    def figures(self) -> Path:
        """Where the figures that cells displayed are kept."""
        return self.path / "figures"

    @property
    def packages(self) -> Path:
        """Where cells install packages, and import them from."""
        return self.path / "packages"

    @property
    def preimages(self) -> Path:
        """Where the files of the workspace are kept as they were before each cell."""
        return self.path / "preimages"

    def keep_figures_only(self) -> None:
        """Remove installed packages, and all folders in which there is nothing then."""
        shutil.rmtree(self.packages, ignore_errors=True)
        for path in (self.outputs, self.figures, self.preimages, self.path):
            with suppress(OSError):
                path.rmdir()


class CellLog:
    """Takes the outputs of one cell as they come."""

    def __init__(self, folder: SessionFolder, cell: int, limits: Limits) -> None:
        self._folder = folder
        self._cell = cell
        self._limits = limits
        self._file: BufferedWriter | None = None
        self._stored_bytes = 0
        self._shown_chars = 0
        self._head = ""
        self._tail = ""
        self._seen_chars = 0
        self._figures: list[str] = []
        self._error = ""

    def add(self, output: Output) -> OutputMade | None:
        """Keep one output; return what the person is shown of it, or None once their cap is reached and announced."""
        output = self._save_figure(output)
        text = output.text
        if text and output.kind != "stream":
            text = text.rstrip("\n") + "\n"
        if text and not output.path:
            self._store(text)
            if output.kind == "error":
                self._error = text
            else:
                self._remember(text)
        return self._capped(output, len(text))

    def _capped(self, output: Output, length: int) -> OutputMade | None:
        cap = self._limits.shown_chars
        if output.path or output.kind == "error":  # a figure's path and an error are always shown
            return OutputMade(self._cell, output)
        already, self._shown_chars = self._shown_chars, self._shown_chars + length
        if already > cap:
            return None
        if self._shown_chars > cap:
            return OutputMade(self._cell, replace(output, text=output.text[: cap - already], data={}), omitted=True)
        return OutputMade(self._cell, output)

    def _store(self, text: str) -> None:
        if not self._limits.stored_bytes:
            return
        if self._file is None:
            self._folder.outputs.mkdir(parents=True, exist_ok=True)
            self._file = self._output_file.open("wb")
        data = text.encode("utf-8", "backslashreplace")
        room = self._limits.stored_bytes - self._stored_bytes
        self._file.write(data[: max(room, 0)])
        self._stored_bytes += len(data)

    @property
    def was_cut(self) -> bool:
        """Whether the file holds the beginning of the output only."""
        return self._file is not None and self._stored_bytes > self._limits.stored_bytes

    @property
    def _output_file(self) -> Path:
        return self._folder.outputs / f"cell-{self._cell}.txt"

    def _remember(self, text: str) -> None:
        self._seen_chars += len(text)
        room = KEPT_CHARS - len(self._head)
        if room > 0:
            self._head, text = self._head + text[:room], text[room:]
        self._tail = (self._tail + text)[-KEPT_CHARS:]

    def _save_figure(self, output: Output) -> Output:
        kind = next((kind for kind in _FIGURE_TYPES if kind in output.data), None)
        if kind is None:
            return output
        content = output.data[kind]
        try:
            data = content.encode() if kind == "image/svg+xml" else base64.b64decode(content, validate=False)
        except (binascii.Error, UnicodeEncodeError):
            return output
        self._folder.figures.mkdir(parents=True, exist_ok=True)
        path = self._folder.figures / f"cell-{self._cell}-{len(self._figures) + 1}.{_FIGURE_TYPES[kind]}"
        path.write_bytes(data)
        self._figures.append(str(path))
        return replace(output, path=str(path))

    def close(self) -> str:
        """Finish the file; return its path, or an empty text if nothing was printed."""
        if self._file is None:
            return ""
        self._file.close()
        return str(self._output_file)

    def observed(self, artifacts: list[Artifact], ran_instead: str = "") -> Observed:
        """Return what the model is told, yet to be fitted into its window."""
        head = without_escapes(self._head)
        return Observed(
            text=head + without_escapes(self._tail),
            error=without_escapes(self._error),
            path=str(self._output_file) if self._file and not self.was_cut else "",
            cut_at=len(head),
            omitted_chars=max(self._seen_chars - 2 * KEPT_CHARS, 0),
            figures=tuple(self._figures),
            artifacts=tuple(artifacts),
            ran_instead=ran_instead,
        )
