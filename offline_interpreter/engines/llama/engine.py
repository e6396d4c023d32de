"""The engine that runs a GGUF inside this process.

It keeps what it evaluated of the last conversation and continues from the longest prefix that the next one shares
with it. It writes one reply at a time, and never trims: a conversation that does not fit raises ``ContextFull``.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Generator, Mapping, Sequence
from pathlib import Path
from typing import Any

from offline_interpreter.cancel import Cancel
from offline_interpreter.engines.base import OnProgress
from offline_interpreter.engines.llama.context import BATCH_TOKENS, Context, choose_threads
from offline_interpreter.engines.llama.drafts import Drafts
from offline_interpreter.engines.llama.gpus import gpu_is_usable
from offline_interpreter.engines.llama.loader import Weights, acquire, release
from offline_interpreter.engines.llama.loop import Means, Pause, Writing
from offline_interpreter.engines.llama.prefixes import PrefixStore, model_key
from offline_interpreter.engines.llama.sampling import Chooser
from offline_interpreter.engines.llama.tokens import TokenLog, common_prefix
from offline_interpreter.errors import ContextFull, EngineError
from offline_interpreter.machine import usable_cores
from offline_interpreter.records import Message, Progress, Reply, ReplyStats, Sampling

LEAST_KEPT_TOKENS = 64  # a shorter system turn is evaluated as quickly as it is read from disk
LEAST_GROWTH_TOKENS = 512
LEAST_REPLY_TOKENS = 64  # a prompt that leaves less room than this (or an eighth of the window) does not fit


def ignore(progress: Progress) -> None:
    """Take progress and say nothing of it."""
    del progress


class LlamaEngine:
    """A GGUF model, loaded at once; weights are shared with all engines of this process that name the same file.

    ``context_tokens`` is the window that was opened: never more than ``trained_tokens``, whatever is asked for.
    ``load_s`` are the seconds that opening took, ``notes`` lines for the person about what was not as it should be.
    ``threads``, ``context_tokens`` and ``gpu_layers`` (``fit.ALL_LAYERS`` for all) default to what the machine allows.
    ``prefixes`` is a folder that keeps what was evaluated for later processes. Raises ``ModelMissing``,
    ``ModelUnusable``, or ``EngineError`` when ``cancel`` stopped the load.
    """

    def __init__(
        self,
        path: Path,
        *,
        context_tokens: int | None = None,
        threads: int | None = None,
        gpu_layers: int | None = None,
        prefixes: Path | None = None,
        progress: OnProgress = ignore,
        cancel: Cancel | None = None,
    ) -> None:
        started = time.perf_counter()
        self.path = path
        self.name = path.stem
        self._weights = weights = acquire(path, gpu_layers, progress, cancel, context_tokens)
        self.reads_system = not weights.template.omits_system
        self.trained_tokens = weights.trained_tokens
        self.context_tokens = min(max(context_tokens or weights.usual_tokens, 1), weights.trained_tokens)
        try:
            self.threads = choose_threads(threads, weights.size_bytes, usable_cores())
            self._context = Context(weights, self.context_tokens, self.threads)
        except BaseException:  # whatever it was, the weights go back
            release(weights)
            raise
        self.notes = self._found_wanting(context_tokens, gpu_layers)
        self._log = TokenLog(weights.template, weights.vocabulary)
        self._drafts = Drafts(cost=self._context.token_cost)
        self._prefixes = _open_prefixes(prefixes, weights, gpu_layers) if prefixes else None
        self._kept = 0  # tokens of what is held that are on disk
        self._opened: tuple[int, ...] = ()  # a system turn that is held, evaluated apart from what follows it
        self._busy = threading.Lock()
        self._closed = False
        self.load_s = time.perf_counter() - started

    def _found_wanting(self, requested: int | None, gpu_layers: int | None) -> tuple[str, ...]:
        notes = [self._weights.template.note]
        if not self._weights.grammar.quick:
            notes.append("llguidance is not installed here: replies are held to their schema more slowly.")
        if gpu_layers and not gpu_is_usable():
            notes.append("This build of llama.cpp has no GPU support, or finds no GPU: the model runs on the CPU.")
        if requested is not None and requested > self.trained_tokens:
            notes.append(
                f"{self.name} was trained for {self.trained_tokens} tokens: its window has these, not {requested}."
            )
        return tuple(note for note in notes if note)

    def stream(
        self,
        messages: Sequence[Message],
        schema: Mapping[str, Any],
        sampling: Sampling,
        cancel: Cancel,
        progress: OnProgress,
    ) -> Generator[str, None, Reply]:
        """Yield the reply to ``messages`` piece by piece and return how it ended; see ``engines.base.Engine``.

        Raises ``EngineError`` while another reply of this engine is being written.
        """
        self._check_open()
        if not self._busy.acquire(blocking=False):
            raise EngineError("This engine is writing another reply.", "Wait for it, or use an engine of its own.")
        try:
            started = time.perf_counter()
            prompt, cached = self._begin(messages)
            means = Means(
                self._context,
                self._weights.vocabulary,
                self._weights.grammar.constraint(schema),
                Chooser(sampling),
                self._drafts,
                sampling.max_tokens,
                cancel,
                progress,
                self._pause(),
            )
            self._drafts.begin(prompt)
            writing = Writing(means)
            decode_s = self._context.decode_s
            with self._context.stopped_by(cancel):
                finish = yield from writing.write(prompt[cached:])
            decode_s = self._context.decode_s - decode_s
            if writing.ends_whole:
                self._log.add_reply(writing.text, writing.tokens)
            return Reply(finish, _stats(writing, started, decode_s, prompt_tokens=len(prompt), cached_tokens=cached))
        finally:
            self._busy.release()

    def _begin(self, messages: Sequence[Message]) -> tuple[list[int], int]:
        """Return the prompt, and how much of it is held now: of the last conversation, or else from disk."""
        prompt = self._prompt(messages)
        cached = self._keep_common(prompt)
        if cached < LEAST_KEPT_TOKENS and self._restore(messages):
            prompt = self._prompt(messages)
            cached = self._keep_common(prompt)
        if cached < self._kept:
            self._kept = 0  # what is held now may not be on disk
        return prompt, cached

    def _prompt(self, messages: Sequence[Message]) -> list[int]:
        if not messages:
            raise EngineError("There is no message to reply to.")
        prompt = self._log.prompt(messages)
        needed = len(prompt) + min(LEAST_REPLY_TOKENS, self.context_tokens // 8)
        if needed > self.context_tokens:
            raise ContextFull(needed, self.context_tokens)
        return prompt

    def _keep_common(self, prompt: Sequence[int]) -> int:
        """Forget what the cache holds beyond its common beginning with ``prompt``; return the length of that.

        The last token of the prompt is evaluated in any case: its logits are where the reply starts from.
        """
        kept = self._context.keep(min(common_prefix(self._context.held, prompt), len(prompt) - 1))
        if kept < len(self._opened):
            self._opened = ()
        return kept

    # -- beginning anew -----------------------------------------------------------------------------------------------

    def begin_anew(self, opening: Sequence[Message]) -> None:
        """Forget everything but the evaluation of the system turn that ``opening`` begins with, if there is one.

        A reply is then computed as if nothing had come before, to the last bit: the system turn is evaluated apart from
        what follows it, and again where a part of it was forgotten meanwhile. Raises as ``stream`` does.
        """
        self._check_open()
        if not self._busy.acquire(blocking=False):
            raise EngineError("This engine is writing a reply.", "Wait for it.")
        try:
            self._log = TokenLog(self._weights.template, self._weights.vocabulary)
            self._drafts = Drafts(cost=self._context.token_cost)
            self._prompt(opening or [Message("user", "")])
            first = self._log.entries[0]
            self._hold_opening(first.tokens if first.turn.role == "system" else ())
        finally:
            self._busy.release()

    def _hold_opening(self, tokens: tuple[int, ...]) -> None:
        if self._context.keep(len(tokens)) == len(tokens) and self._opened == tokens:
            return
        self._opened = ()
        self._context.keep(0)
        with self._context.stopped_by(Cancel()):
            for start in range(0, len(tokens), BATCH_TOKENS):
                self._context.evaluate(tokens[start : start + BATCH_TOKENS])
        self._opened = tokens

    # -- what outlives the process ------------------------------------------------------------------------------------

    def _restore(self, messages: Sequence[Message]) -> bool:
        """Bring back the longest beginning of a conversation that was evaluated before; False: there is none."""
        store = self._prefixes
        found = store.find(self._weights.template.turns(messages)) if store else None
        if not store or not found or not store.load(found, self._context):
            return False
        self._log.adopt(found.entries)
        self._kept = len(found.tokens)
        return True

    def _pause(self) -> Pause | None:
        """Return the keeping of the system turn, which all sessions begin with, unless it is kept or short."""
        store, first = self._prefixes, self._log.entries[0]
        if not store or self._kept or first.turn.role != "system" or len(first.tokens) < LEAST_KEPT_TOKENS:
            return None
        self._kept = len(first.tokens)
        return Pause(self._kept, lambda: store.save(self._context, [first]))

    def _keep_log(self) -> None:
        """Keep the conversation for a process that goes on with it, if it has grown by a good deal."""
        if self._prefixes and len(self._context.held) - self._kept >= LEAST_GROWTH_TOKENS:
            entries = self._log.entries_within(self._context.held)
            if len(entries) > 1:  # the first one, which all sessions share, is kept without what followed it
                self._prefixes.save(self._context, entries)

    def count_tokens(self, text: str) -> int:
        """Return how many tokens ``text`` takes as content."""
        self._check_open()
        return len(self._weights.vocabulary.content_tokens(text))

    def close(self) -> None:
        """Free what the engine holds; closing it again does nothing. Raises ``EngineError`` while it writes a reply.

        Nothing is freed without it: a collector of garbage may run while llama.cpp computes, or holds a lock.
        """
        if self._closed:
            return
        if not self._busy.acquire(blocking=False):
            raise EngineError("The engine is writing a reply.", "Close its stream first.")
        self._closed = True
        try:
            self._keep_log()
        finally:
            self._context.free()
            release(self._weights)

    def _check_open(self) -> None:
        if self._closed:
            raise EngineError("The engine is closed.")


def _open_prefixes(folder: Path, weights: Weights, gpu_layers: int | None) -> PrefixStore:
    import llama_cpp  # loaded already, for its version

    key = model_key(weights.files, llama_cpp.__version__, gpu_layers, weights.on_gpu)
    return PrefixStore(folder, key=key, model=weights.path.name)


def _stats(writing: Writing, started: float, decode_s: float, **tokens: int) -> ReplyStats:
    now = time.perf_counter()
    return ReplyStats(
        generated_tokens=len(writing.tokens),
        forced_tokens=writing.forced,
        drafted_tokens=writing.drafted,
        accepted_tokens=writing.accepted,
        first_token_s=(writing.first_choice_at or now) - started,
        decode_s=decode_s,
        total_s=now - started,
        **tokens,
    )
