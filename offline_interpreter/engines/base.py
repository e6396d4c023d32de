"""What an engine is, and one that plays given steps.

An engine is stateless to its caller: any list of messages is legal, and what it may keep of earlier calls is only a
matter of speed. It does not trim, retry, validate steps or know about sessions.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from typing import Any, Protocol

from offline_interpreter.cancel import Cancel
from offline_interpreter.errors import ContextFull, EngineError
from offline_interpreter.records import Finish, Message, Progress, Reply, ReplyStats, Sampling, Step
from offline_interpreter.steps import write_step

OnProgress = Callable[[Progress], None]


class Engine(Protocol):
    """Messages in, the text of one reply out.

    ``reads_system`` False: the model was made to work without a system message, so it is given none. ``notes`` are
    lines for the person about what was not as it should be when it was loaded.
    """

    name: str
    context_tokens: int
    reads_system: bool
    notes: tuple[str, ...]

    def stream(
        self,
        messages: Sequence[Message],
        schema: Mapping[str, Any],
        sampling: Sampling,
        cancel: Cancel,
        progress: OnProgress,
    ) -> Generator[str, None, Reply]:
        """Yield the reply to ``messages`` piece by piece and return how it ended.

        The text follows ``schema`` as far as the engine can see to it. Raises ``ContextFull`` when the messages do
        not fit. ``cancel`` is looked at often; ``progress`` is called from the thread that drives the generator.
        """
        ...

    def count_tokens(self, text: str) -> int:
        """Return how many tokens ``text`` takes as content."""
        ...

    def close(self) -> None:
        """Free what the engine holds; it is not used afterwards."""
        ...


def stream_in_thread(
    engine: Engine,
    messages: Sequence[Message],
    schema: Mapping[str, Any],
    sampling: Sampling,
    cancel: Cancel,
) -> Generator[str | Progress, None, Reply]:
    """Run one ``Engine.stream`` in a worker thread; yield its text and its progress as they come.

    The caller's thread waits where Python can handle signals, which it cannot while native code decodes. Closing the
    generator cancels the reply and waits for the worker.
    """
    pieces: queue.SimpleQueue[str | Progress | Reply | BaseException] = queue.SimpleQueue()

    def work() -> None:
        stream = engine.stream(messages, schema, sampling, cancel, pieces.put)
        try:
            while True:
                pieces.put(next(stream))
        except StopIteration as end:
            pieces.put(end.value)
        except BaseException as error:  # handed to the caller's thread, which raises it
            pieces.put(error)

    worker = threading.Thread(target=work, name="engine", daemon=True)
    worker.start()
    try:
        while True:
            piece = pieces.get()
            if isinstance(piece, Reply):
                return piece
            if isinstance(piece, BaseException):
                raise piece
            yield piece
    except GeneratorExit:
        cancel.request()
        raise
    finally:
        worker.join()


TOKEN_CHARS = 4  # what a played token is taken to be

Played = Step | str | Callable[[Sequence[Message]], Step | str]


class ScriptedEngine:
    """Plays given replies in order: steps, raw texts, or functions of the messages.

    For tests, demonstrations and reference solutions. ``piece_s`` is the pause between two pieces of
    ``piece_chars`` characters; a token is taken to be four characters.
    """

    def __init__(
        self,
        replies: Iterable[Played],
        *,
        context_tokens: int = 8192,
        piece_chars: int = 16,
        piece_s: float = 0.0,
    ) -> None:
        self.name = "scripted"
        self.context_tokens = context_tokens
        self.reads_system = True
        self.notes: tuple[str, ...] = ()
        self.seen: list[list[Message]] = []
        self._replies = iter(replies)
        self._piece_chars = piece_chars
        self._piece_s = piece_s

    def stream(
        self,
        messages: Sequence[Message],
        schema: Mapping[str, Any],
        sampling: Sampling,
        cancel: Cancel,
        progress: OnProgress,
    ) -> Generator[str, None, Reply]:
        """Yield the next reply, cut at ``max_tokens``; the schema is not looked at. Raises when there is none left."""
        self.seen.append(list(messages))
        needed = sum(self.count_tokens(message.text) for message in messages)
        if needed > self.context_tokens:
            raise ContextFull(needed, self.context_tokens)
        progress(Progress("prompt", needed, needed))
        played = next(self._replies, None)
        if played is None:
            raise EngineError("The script has no reply left.")
        reply = played(messages) if callable(played) else played
        text = reply if isinstance(reply, str) else write_step(reply)
        room = sampling.max_tokens * TOKEN_CHARS
        for start in range(0, min(len(text), room), self._piece_chars):
            if cancel.requested:
                return Reply("cancelled", ReplyStats(needed, generated_tokens=start // TOKEN_CHARS))
            if self._piece_s:
                time.sleep(self._piece_s)
            yield text[start : min(start + self._piece_chars, room)]
        finish: Finish = "length" if len(text) > room else "complete"
        return Reply(finish, ReplyStats(needed, generated_tokens=min(len(text), room) // TOKEN_CHARS))

    def count_tokens(self, text: str) -> int:
        """Return a quarter of the characters, rounded up."""
        return -(-len(text) // TOKEN_CHARS)

    def close(self) -> None:
        """Nothing is held."""
