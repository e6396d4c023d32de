"""Whether llama.cpp can be used, what it was built for, and whether a GPU lies idle.

The library is asked in a child (``engine_probe``), which may die of it. GPUs are found by what Linux tells of them, so
that nothing of a maker's has to run; elsewhere only those are known that llama.cpp uses.
"""

from __future__ import annotations

import json
import re
import shlex
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from offline_interpreter.doctor.findings import Finding
from offline_interpreter.plain_text import size_text

ENGINE, GPU = "llama.cpp", "GPU"
_PINNED = "llama-cpp-python==0.3.36"
_PROBE_S = 60.0
_FEATURE = re.compile(r"(\w+) = (\d+)")
_NO_FEATURES = {"LLAMAFILE", "OPENMP", "REPACK"}  # parts of the program, and not of the processor

_CUDA, _VULKAN = "-DGGML_CUDA=on", "-DGGML_VULKAN=on"
_MAKERS = {"0x10de": ("NVIDIA", _CUDA), "0x1002": ("AMD", _VULKAN)}
_DISPLAY_CLASS = "0x03"


@dataclass(frozen=True)
class Asked:
    """What the probe told of llama.cpp, and how it ended if not well."""

    facts: Mapping[str, Any]
    ending: str = ""

    @property
    def free_gpu_bytes(self) -> tuple[int, ...]:
        """The memory that is free on each GPU that llama.cpp uses."""
        return tuple(int(device["free_bytes"]) for device in self.used_gpus)

    @property
    def used_gpus(self) -> list[dict[str, Any]]:
        """The GPUs that llama.cpp uses, as the probe described them."""
        from offline_interpreter.engines.llama.gpus import Device, gpus_in_use

        devices = [Device(**device) for device in self.facts.get("devices", ())] if self.facts.get("gpu") else []
        return [device._asdict() for device in gpus_in_use(devices)]


def ask() -> Asked:
    """Let a child tell what llama.cpp is here; one that dies of it is an answer too."""
    command = [sys.executable, "-m", "offline_interpreter.doctor.engine_probe"]
    elsewhere = Path(sys.prefix).anchor  # what lies in the current folder must not be taken for a module
    try:
        done = subprocess.run(
            command,
            cwd=elsewhere,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=_PROBE_S,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return Asked({}, f"could not be asked: {error}")
    answers = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    facts = {name: value for answer in answers for name, value in answer.items()}
    if done.returncode < 0:
        return Asked(facts, f"was ended by {signal.Signals(-done.returncode).name}")
    last = done.stderr.strip().rpartition("\n")[2]
    return Asked(facts, f"failed: {last}" if done.returncode else "")


def check_engine(asked: Asked, system: Path = Path("/")) -> Iterator[Finding]:
    """Yield what llama.cpp is, and what is with GPUs; ``system`` is where ``/proc`` and ``/sys`` are looked for."""
    yield _engine(asked.facts, asked.ending)
    if "version" in asked.facts:
        yield from _gpus(asked, system)
    if not find_spec("llguidance"):
        text = "llguidance is not installed, so replies are held to their form by a slower way."
        yield Finding("grammar", "note", text, "Install it.", (_pip("install llguidance==1.9.1"),))


def _engine(facts: Mapping[str, Any], ending: str) -> Finding:
    rebuild = _pip(f"install --force-reinstall --no-deps --no-cache-dir --no-binary llama-cpp-python {_PINNED}")
    if "error" in facts:
        return Finding(ENGINE, "problem", facts["error"], facts["remedy"], (rebuild,), dict(facts))
    data = {**facts, "features": processor_features(facts.get("system", ""))}
    if ending or not facts.get("computes"):
        text = f"llama.cpp {ending or 'gives no reply with the starter'}."
        remedy = "Build it anew on this machine."
        if "SIGILL" in ending:
            text += " It was built for a processor that knows more than this one."
            remedy = "Build it on this machine, or take one that was built for an older processor."
        return Finding(ENGINE, "problem", text, remedy, (rebuild,), data)
    backend = "GPUs and CPUs" if facts["gpu"] else "CPUs"
    text = (
        f"{facts['version']}, for {backend}; of this processor it uses {', '.join(data['features']) or 'the basics'}."
    )
    return Finding(ENGINE, "ok", text, data=data)


def processor_features(system: str) -> list[str]:
    """Return what llama.cpp uses of the processor, of its own line about the system."""
    return [name for name, value in _FEATURE.findall(system) if value != "0" and name not in _NO_FEATURES]


# -- GPUs ---------------------------------------------------------------------------------------------------------


def _gpus(asked: Asked, system: Path) -> Iterator[Finding]:
    used = asked.used_gpus
    if used:
        names = (
            f"{gpu['name']}: {size_text(gpu['free_bytes'])} of {size_text(gpu['total_bytes'])} free" for gpu in used
        )
        yield Finding(GPU, "ok", f"{'; '.join(names)}.", data={"used": used})
        return
    idle = idle_gpus(system)
    if not idle:
        yield Finding(GPU, "ok", "None was found; models run on the processor.", data={"used": [], "idle": []})
        return
    yield _unused(idle, built_for_gpus=asked.facts["gpu"], has_driver=_has_driver(idle, system))


def idle_gpus(system: Path) -> list[tuple[str, str]]:
    """Return maker and name of the GPUs of this machine that models could use, by what Linux tells of them."""
    found = []
    for device in sorted(system.glob("sys/bus/pci/devices/*")):
        maker = _read(device / "vendor")
        if maker in _MAKERS and _read(device / "class").startswith(_DISPLAY_CLASS):
            name, _ = _MAKERS[maker]
            found.append((name, _nvidia_name(system, device.name) if name == "NVIDIA" else "GPU"))
    if not found and (system / "dev/dxg").exists() and (system / "usr/lib/wsl/lib/libcuda.so.1").exists():
        found.append(("NVIDIA", "GPU under WSL"))
    return found


def _nvidia_name(system: Path, address: str) -> str:
    told = re.search(r"Model:\s*(?:NVIDIA )?(.+)", _read(system / f"proc/driver/nvidia/gpus/{address}/information"))
    return told[1].strip() if told else "GPU"


def _has_driver(gpus: Sequence[tuple[str, str]], system: Path) -> bool:
    if gpus[0][0] != "NVIDIA" or (system / "dev/dxg").exists():
        return True
    return (system / "proc/driver/nvidia/version").exists()


def _unused(gpus: Sequence[tuple[str, str]], *, built_for_gpus: bool, has_driver: bool) -> Finding:
    maker, name = gpus[0]
    more = f" (and {len(gpus) - 1} more)" if len(gpus) > 1 else ""
    data = {"used": [], "idle": [list(gpu) for gpu in gpus]}
    shown = f"{maker} {name}{more} is not used: "
    if not has_driver:
        text = shown + "its driver is not loaded."
        return Finding(GPU, "note", text, f"Install the driver of {maker}, then run this again.", data=data)
    if built_for_gpus:
        text = shown + "llama.cpp was built for GPUs and does not find it."
        return Finding(GPU, "note", text, "Check the version of the driver, and CUDA_VISIBLE_DEVICES.", data=data)
    text = shown + "this llama.cpp was built for the processor alone."
    option = next(option for vendor, option in _MAKERS.values() if vendor == maker)
    return Finding(GPU, "note", text, _build_remedy(option), (_build_command(option),), data)


def _build_remedy(option: str) -> str:
    kit, compiler = ("CUDA toolkit", "nvcc") if option == _CUDA else ("Vulkan SDK", "glslc")
    missing = "" if shutil.which(compiler) else f", which was not found ({compiler})"
    other = " Or take a bundle that was made with --backend cuda." if option == _CUDA else ""
    return f"Build it for the GPU: that needs a network, and the {kit}{missing}.{other}"


def _build_command(option: str) -> str:
    clone = Path(sys.prefix).parent / "scripts" / "run"
    if option == _CUDA and (Path(sys.prefix) / "made-by-scripts").exists() and clone.exists():
        return f"{shlex.quote(str(clone))} --backend cuda --version"
    install = _pip(f"install --force-reinstall --no-deps --no-cache-dir --no-binary llama-cpp-python {_PINNED}")
    return f'CMAKE_ARGS="{option}" {install}'


def _pip(arguments: str) -> str:
    return f"{shlex.quote(sys.executable)} -m pip {arguments}"


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return ""
