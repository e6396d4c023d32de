"""No GPU is needed: which of several would be used is a pure question, and the CPU is a device too."""

from __future__ import annotations

import pytest

from offline_interpreter.engines.llama.gpus import Device, bytes_of_gpus, devices, free_gpu_bytes, gpu_is_usable

CPU, GPU, INTEGRATED, ACCELERATOR = range(4)


def test_the_cpu_is_a_device_with_memory() -> None:
    assert [device for device in devices() if device.kind == CPU and device.free_bytes > 0]


def test_memory_of_gpus_is_there_where_a_gpu_is() -> None:
    assert bool(free_gpu_bytes()) == gpu_is_usable()


@pytest.mark.parametrize(
    ("kinds", "used"),
    [
        ([CPU], []),
        ([CPU, ACCELERATOR], []),
        ([GPU, CPU, GPU], [0, 2]),
        ([INTEGRATED, GPU, CPU], [1]),
        ([INTEGRATED, CPU], [0]),
    ],
)
def test_integrated_gpus_count_where_there_are_no_others(kinds: list[int], used: list[int]) -> None:
    assert bytes_of_gpus([Device(kind, number) for number, kind in enumerate(kinds)]) == tuple(used)
