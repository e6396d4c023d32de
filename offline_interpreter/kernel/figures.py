"""In the child: every matplotlib figure of a cell is displayed, with or without ``plt.show()``, and once.

``plt.show()`` is matplotlib_inline's, which the host names in ``MPLBACKEND``. Figures that are open when the cell ends
are displayed then and closed, whatever backend the cell has chosen. A figure that is displayed again unchanged in the
same cell is left out. A figure that the cell closed itself, or that is empty, is not shown. matplotlib is imported by
cells only.
"""

from __future__ import annotations

import sys
import weakref
from typing import Any


class Figures:
    """Watches what a shell displays."""

    def __init__(self, shell: Any) -> None:
        self._shell = shell
        self._shown: weakref.WeakSet[Any] = weakref.WeakSet()
        formatter = shell.display_formatter
        self._format = formatter.format
        formatter.format = self._format_once
        formatter.formatters["image/png"].for_type_by_name("matplotlib.figure", "Figure", _render)
        # Registered before matplotlib_inline's own, which then finds nothing left to show.
        shell.events.register("post_execute", self._display_open)

    def _format_once(self, thing: Any, *args: Any, **kwargs: Any) -> Any:
        module = sys.modules.get("matplotlib.figure")
        figure_type = getattr(module, "Figure", None)
        if figure_type is None or not isinstance(thing, figure_type):
            return self._format(thing, *args, **kwargs)
        if thing in self._shown and not thing.stale:
            return {}, {}
        formatted = self._format(thing, *args, **kwargs)
        self._shown.add(thing)
        thing.stale = False  # drawing leaves it set; from here on it tells of changes
        return formatted

    def _display_open(self) -> None:
        pyplot: Any = sys.modules.get("matplotlib.pyplot")
        if hasattr(pyplot, "get_fignums") and pyplot.get_fignums():
            for number in pyplot.get_fignums():
                figure = pyplot.figure(number)
                if figure.axes or figure.lines:
                    data, metadata = self._format_once(figure)
                    if data:
                        self._shell.display_pub.publish(data, metadata)
            pyplot.close("all")
        self._shown.clear()


def _render(figure: Any) -> str | None:
    from IPython.core import pylabtools

    print_figure: Any = pylabtools.print_figure
    rendered: str | None = print_figure(figure, fmt="png", base64=True)
    return rendered
