from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from synthetic import WRITERS, write_model

from offline_interpreter.cancel import Cancel
from offline_interpreter.engines.llama.context import Context, choose_threads
from offline_interpreter.engines.llama.loader import acquire, release
from offline_interpreter.errors import EngineError
from offline_interpreter.records import Progress

MIB, GIB = 1 << 20, 1 << 30


def ignore(progress: Progress) -> None:
    del progress


@pytest.fixture(params=WRITERS)
def context(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Context]:
    write: Any = WRITERS[request.param]
    weights = acquire(write(tmp_path / "model.gguf"), None, ignore, None)
    context = Context(weights, 1024, 1)
    yield context
    context.free()
    release(weights)


def logits_after(context: Context, *batches: list[int]) -> np.ndarray:
    for batch in batches:
        context.evaluate(batch)
    return context.logits().copy()


@pytest.mark.parametrize(("requested", "model_bytes", "threads"), [(None, GIB, 6), (None, 4 * MIB, 1), (3, 4 * MIB, 3)])
def test_small_models_get_one_thread(requested: int | None, model_bytes: int, threads: int) -> None:
    assert choose_threads(requested, model_bytes, cores=6) == threads


def test_what_is_held_can_be_cut_and_grown_again(context: Context) -> None:
    expected = logits_after(context, [3, 4, 5, 6], [7])
    context.keep(0)
    logits_after(context, [3, 4, 5, 6], [8, 9])
    kept = context.keep(4)
    again = logits_after(context, [3, 4, 5, 6][kept:], [7]) if kept < 4 else logits_after(context, [7])
    assert np.array_equal(again, expected)
    assert context.held == [3, 4, 5, 6, 7]


def test_nothing_is_cut_when_all_is_kept(context: Context) -> None:
    context.evaluate([3, 4, 5])
    assert context.keep(9) == 3
    assert context.held == [3, 4, 5]


def test_a_token_that_does_not_exist_is_an_error_that_leaves_nothing(context: Context) -> None:
    context.evaluate([3, 4, 5])
    with pytest.raises(EngineError, match="invalid token"):
        context.evaluate([999_999])
    assert context.held == []
    assert np.isfinite(logits_after(context, [3])).all()


def test_a_freed_context_is_an_error_and_no_crash(context: Context) -> None:
    context.free()
    with pytest.raises(EngineError, match="closed"):
        context.evaluate([3])


def test_a_part_is_kept_where_that_is_possible(context: Context, request: pytest.FixtureRequest) -> None:
    context.evaluate([3, 4, 5])
    assert context.keep(2) == {"attention": 2, "recurrent": 0, "hybrid": 0}[request.node.callspec.params["context"]]


def test_a_state_that_is_loaded_gives_the_same_logits_to_the_bit(context: Context) -> None:
    context.evaluate([3, 4, 5, 6])
    state = context.state()
    expected = logits_after(context, [7, 8], [9])
    context.keep(0)
    assert context.load_state([3, 4, 5, 6], state)
    assert np.array_equal(logits_after(context, [7, 8], [9]), expected)


def test_a_state_that_is_no_state_leaves_an_empty_context(context: Context) -> None:
    context.evaluate([3, 4, 5, 6])
    state = context.state()
    assert not context.load_state([3, 4, 5, 6], state[: len(state) // 2])
    assert context.held == []
    assert np.array_equal(logits_after(context, [3, 4]), logits_after(context, *([] if context.keep(0) else [[3, 4]])))


def test_a_state_larger_than_the_window_is_not_loaded(context: Context) -> None:
    assert not context.load_state(range(1025), memoryview(b""))


def test_each_row_has_the_logits_of_its_token(context: Context) -> None:
    one_by_one = [logits_after(context, [token]) for token in (3, 4, 5)]
    context.keep(0)
    context.evaluate([3, 4, 5], rows=3)
    together = [context.logits(back).copy() for back in (2, 1, 0)]
    assert np.allclose(together, one_by_one, atol=1e-3)


def test_what_is_stopped_holds_only_what_was_evaluated(context: Context) -> None:
    cancel = Cancel()
    with context.stopped_by(cancel):
        assert context.evaluate([3, 4, 5])
        cancel.request()
        assert not context.evaluate([6, 7, 8])
    held = list(context.held)
    assert held in ([3, 4, 5], [])
    expected = logits_after(context, [6])
    context.keep(0)
    assert np.allclose(logits_after(context, [*held, 6]), expected, atol=1e-3)


def test_a_request_of_before_stops_at_once(context: Context) -> None:
    cancel = Cancel()
    cancel.request()
    with context.stopped_by(cancel):
        assert not context.evaluate([3, 4, 5])


def test_after_a_stop_it_goes_on(context: Context) -> None:
    cancel = Cancel()
    with context.stopped_by(cancel):
        cancel.request()
    with context.stopped_by(Cancel()):
        assert context.evaluate([3, 4, 5])
    assert context.evaluate([6])


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux bounds the memory of a process")
def test_a_window_that_memory_cannot_hold_says_so(tmp_path: Path) -> None:
    path = write_model(tmp_path / "model.gguf", context=2**23)
    program = f"""
import resource
from pathlib import Path
from offline_interpreter.engines.llama.engine import LlamaEngine
LlamaEngine(Path({str(path)!r})).close()
used_kb = int(Path("/proc/self/status").read_text().split("VmSize:")[1].split()[0])
resource.setrlimit(resource.RLIMIT_AS, (used_kb * 1024 + 2**28,) * 2)
LlamaEngine(Path({str(path)!r}), context_tokens=2**23)
"""
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert ended.returncode == 1
    assert "EngineError: No window of 8388608 tokens can be opened" in ended.stderr
    assert "--context" in ended.stderr
