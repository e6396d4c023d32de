"""Small wheels, written by hand."""

import zipfile
from pathlib import Path


def write_wheel(folder: Path, name: str, version: str, *requires: str, module: str = "", text: str = "") -> None:
    """Write a wheel of one module, whose ``value`` is its version; ``module`` and ``text`` name and fill another."""
    information = f"{name}-{version}.dist-info"
    required = "".join(f"Requires-Dist: {one}\n" for one in requires)
    files = {
        f"{module or name}.py": text or f"value = {version!r}\n",
        f"{information}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{required}",
        f"{information}/WHEEL": "Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    files[f"{information}/RECORD"] = "".join(f"{path},,\n" for path in [*files, f"{information}/RECORD"])
    with zipfile.ZipFile(folder / f"{name}-{version}-py3-none-any.whl", "w") as wheel:
        for path, content in files.items():
            wheel.writestr(path, content)
