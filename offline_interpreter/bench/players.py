"""Who answers the questions: a model, or the solutions that the questions bring.

A player gives an engine for each question that has seen nothing before. It runs nothing and judges nothing.
"""

from __future__ import annotations

import time
from typing import Protocol

from offline_interpreter.api import default_system_prompt, load_engine
from offline_interpreter.bench.subjects import REFERENCES, Subject
from offline_interpreter.bench.tasks import Question, Solution
from offline_interpreter.config import Options
from offline_interpreter.engines.base import Engine, ScriptedEngine
from offline_interpreter.records import Answer, Code, Message

SCRIPTED_WINDOW_TOKENS = 32_768


class Player(Protocol):
    """``load_s``: how long it took to be ready. ``threads`` compute (0: it computes nothing)."""

    load_s: float
    context_tokens: int
    threads: int

    def engine_for(self, question: Question) -> Engine:
        """Return an engine that answers as if this were its first question; the player keeps it."""
        ...

    def close(self) -> None:
        """Free what is held."""
        ...


class ModelPlayer:
    """A model, loaded once; between questions it forgets all but the system prompt."""

    def __init__(self, options: Options) -> None:
        """Load the model. Raises as ``load_engine`` does."""
        started = time.perf_counter()
        self._engine = load_engine(options, keep=False)
        self.load_s = time.perf_counter() - started
        self.context_tokens = self._engine.context_tokens
        self.threads = self._engine.threads
        reads_system = self._engine.reads_system
        self._opening = [Message("system", default_system_prompt(options))] if reads_system else []

    def engine_for(self, question: Question) -> Engine:
        """Return the model's engine, with nothing held but the evaluated system prompt."""
        self._engine.begin_anew(self._opening)
        return self._engine

    def close(self) -> None:
        """Free the model."""
        self._engine.close()


class SolutionPlayer:
    """Plays the reference of each question, or its wrong solution."""

    def __init__(self, subject: Subject) -> None:
        self.load_s = 0.0
        self.context_tokens = SCRIPTED_WINDOW_TOKENS
        self.threads = 0
        self._plays_reference = subject.name == REFERENCES

    def engine_for(self, question: Question) -> Engine:
        """Return an engine that writes the steps of the question's solution."""
        solution = question.reference if self._plays_reference else question.wrong
        return ScriptedEngine(steps_of(solution), context_tokens=self.context_tokens)

    def close(self) -> None:
        """Nothing is held."""


def steps_of(solution: Solution) -> list[Code | Answer]:
    """Return a solution as the steps of a turn."""
    return [*(Code("A part of the solution.", code) for code in solution.code), Answer(solution.answer)]


def open_player(subject: Subject, options: Options) -> Player:
    """Make ready who answers for ``subject``. Raises as ``load_engine`` does."""
    return ModelPlayer(options) if subject.path else SolutionPlayer(subject)
