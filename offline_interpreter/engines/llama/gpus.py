"""The GPUs that llama.cpp can use, and the memory that is free on them.

It asks the library that is loaded, so a build without GPU support has none. It knows nothing of models.
"""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from typing import NamedTuple

from offline_interpreter.engines.llama.binding import library

_GPU, _INTEGRATED_GPU = 1, 2  # ggml_backend_dev_type


class Device(NamedTuple):
    """What llama.cpp computes on: its ``kind`` is a number of ggml's, 0 for the CPU."""

    kind: int
    free_bytes: int
    total_bytes: int = 0
    name: str = ""


def gpu_is_usable() -> bool:
    """Return whether this llama.cpp was built for a GPU and finds one."""
    return bool(library().llama_supports_gpu_offload())


def free_gpu_bytes() -> tuple[int, ...]:
    """Return the memory that is free on each GPU that llama.cpp uses: nothing, where it uses none."""
    return bytes_of_gpus(devices()) if gpu_is_usable() else ()


def bytes_of_gpus(devices: Sequence[Device]) -> tuple[int, ...]:
    """Return the free memory of the GPUs that llama.cpp uses of these: integrated ones only if there are no others."""
    return tuple(device.free_bytes for device in used_gpus(devices))


def used_gpus(devices: Sequence[Device]) -> tuple[Device, ...]:
    """Return the GPUs that llama.cpp uses of these."""
    own = tuple(device for device in devices if device.kind == _GPU)
    return own or tuple(device for device in devices if device.kind == _INTEGRATED_GPU)


def devices() -> list[Device]:
    """Return all devices that this llama.cpp finds; the binding does not show these functions (ggml-backend.h)."""
    lib = library()._lib  # names are looked up in the libraries that it depends on, too
    count, get = lib["ggml_backend_dev_count"], lib["ggml_backend_dev_get"]
    kind, memory = lib["ggml_backend_dev_type"], lib["ggml_backend_dev_memory"]
    describe = lib["ggml_backend_dev_description"]
    describe.restype, describe.argtypes = ctypes.c_char_p, [ctypes.c_void_p]
    count.restype, get.restype = ctypes.c_size_t, ctypes.c_void_p
    get.argtypes, kind.argtypes = [ctypes.c_size_t], [ctypes.c_void_p]
    memory.argtypes, memory.restype = [ctypes.c_void_p, *[ctypes.POINTER(ctypes.c_size_t)] * 2], None
    found = []
    for device in map(get, range(count())):
        free, total = ctypes.c_size_t(), ctypes.c_size_t()
        memory(device, ctypes.byref(free), ctypes.byref(total))
        name = (describe(device) or b"").decode("utf-8", "replace")
        found.append(Device(kind(device), free.value, total.value, name))
    return found
