"""The child's entry, run by path in the kernel's Python: ``python -I child.py PIPES``.

It makes the files beside it importable under a name of their own, so that a cell's ``import protocol`` does not find
ours, and has ``serve`` run cells. It needs nothing of the package and runs in any Python that is new enough.
"""

import gc
import importlib
import os
import sys
import types

_PACKAGE = "_offline_interpreter_kernel"


def main() -> None:
    """Serve cells until the host closes the command pipe; ``PIPES`` is the JSON of ``serve.Pipes``."""
    if sys.version_info < (3, 10):  # noqa: UP036 - this file alone is reached by an older Python
        sys.exit("Python 3.10 or newer is needed to run cells.")
    gc.disable()  # nothing of what is loaded at start becomes garbage
    package = types.ModuleType(_PACKAGE)
    package.__path__ = [os.path.dirname(os.path.abspath(__file__))]  # noqa: PTH100, PTH120 - before heavier imports
    sys.modules[_PACKAGE] = package
    importlib.import_module(f"{_PACKAGE}.serve").main(sys.argv[1])


if __name__ == "__main__":
    main()
