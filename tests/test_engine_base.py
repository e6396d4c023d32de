"""The engine's protocol: played replies, and a reply in a worker thread."""

import threading
import time
from contextlib import closing

import pytest

from offline_interpreter.cancel import Cancel
from offline_interpreter.engines.base import ScriptedEngine, stream_in_thread
from offline_interpreter.errors import ContextFull, EngineError
from offline_interpreter.records import Answer, Message, Progress, Reply, Sampling
from offline_interpreter.steps import STEP_SCHEMA, parse_step

ASK = [Message("user", "x" * 40)]


def collect(engine: ScriptedEngine, cancel: Cancel) -> tuple[str, list[Progress], Reply]:
    text, progress = "", []
    replying = stream_in_thread(engine, ASK, STEP_SCHEMA, Sampling(), cancel)
    while True:
        try:
            piece = next(replying)
        except StopIteration as end:
            return text, progress, end.value
        if isinstance(piece, Progress):
            progress.append(piece)
        else:
            text += piece


def test_text_progress_and_end_come_through_the_thread() -> None:
    text, progress, reply = collect(ScriptedEngine([Answer("hello")]), Cancel())
    assert parse_step(text) == Answer("hello")
    assert progress == [Progress("prompt", 10, 10)]
    assert reply.finish == "complete"


def test_reply_may_be_a_function_of_the_messages() -> None:
    engine = ScriptedEngine([lambda messages: Answer(str(len(messages)))])
    assert parse_step(collect(engine, Cancel())[0]) == Answer("1")


def test_cancel_ends_the_reply() -> None:
    cancel = Cancel()
    engine = ScriptedEngine([Answer("x" * 10_000)], piece_s=0.01)
    threading.Timer(0.1, cancel.request).start()
    text, _, reply = collect(engine, cancel)
    assert reply.finish == "cancelled"
    assert 0 < len(text) < 5_000


def test_error_of_the_engine_reaches_the_caller() -> None:
    with pytest.raises(ContextFull) as caught:
        collect(ScriptedEngine([Answer("x")], context_tokens=5), Cancel())
    assert caught.value.needed_tokens == 10
    with pytest.raises(EngineError, match="no reply left"):
        collect(ScriptedEngine([]), Cancel())


def test_leaving_early_stops_the_worker() -> None:
    before = threading.active_count()
    engine = ScriptedEngine([Answer("x" * 100_000)], piece_s=0.01)
    started = time.monotonic()
    with closing(stream_in_thread(engine, ASK, STEP_SCHEMA, Sampling(), Cancel())) as replying:
        next(replying)
        next(replying)
    assert time.monotonic() - started < 5
    assert threading.active_count() == before
