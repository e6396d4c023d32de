"""JSON schemas to constraints: which tokens may come next, and which must.

llguidance does the work; where it is not installed, for it has no build for every machine, ``gbnf`` does. A constraint
is asked token by token and judges every reply as a whole, so that whatever the weights are, what is written follows
the schema up to the point where it was cut.
"""

from __future__ import annotations

import copy
import ctypes
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol

from offline_interpreter.engines.llama.binding import library
from offline_interpreter.engines.llama.gbnf import GbnfGrammar
from offline_interpreter.errors import EngineError
from offline_interpreter.steps import ITEM_SEPARATOR, KEY_SEPARATOR

if TYPE_CHECKING:
    from offline_interpreter.engines.llama.vocabulary import Vocabulary

_SPECIAL = b"\xff"  # llguidance's mark of tokens that no text contains
_OPTIONS: Any = {"whitespace_flexible": False, "item_separator": ITEM_SEPARATOR, "key_separator": KEY_SEPARATOR}


class Constraint(Protocol):
    """The state of one reply: what was written, and so what may follow."""

    @property
    def finished(self) -> bool:
        """Nothing may follow."""

    def allows(self, token: int) -> bool:
        """Tell whether ``token`` may come next."""

    def valid(self, tokens: list[int]) -> int:
        """Return how many of ``tokens``, from the first on, may come next."""

    def mask(self) -> bytes:
        """Return which tokens may come next, a bit each, lowest bit first."""

    def advance(self, tokens: Sequence[int]) -> None:
        """Take what was written. Raises ``EngineError`` when it may not follow."""

    def forced(self) -> list[int]:
        """Take and return the tokens that must come next, if only one text can follow."""


class Grammar(Protocol):
    """Makes constraints over one vocabulary; it holds a bare pointer to it, so the model must outlive it.

    ``quick``: what its constraints are asked takes no time beside the model.
    """

    quick: bool

    def constraint(self, schema: Mapping[str, Any]) -> Constraint:
        """Return a constraint at its beginning. Raises ``EngineError`` when the schema cannot be followed."""


def make_grammar(vocabulary: Vocabulary) -> Grammar:
    """Return what makes constraints over ``vocabulary``: by llguidance, or by llama.cpp where that is missing."""
    try:
        return GuidanceGrammar(vocabulary)
    except ImportError:
        return GbnfGrammar(vocabulary)


class GuidanceGrammar:
    """Makes constraints over one vocabulary; it holds a bare pointer to it, so the model must outlive it."""

    quick = True

    def __init__(self, vocabulary: Vocabulary) -> None:
        from llguidance import LLTokenizer

        marked = [
            _SPECIAL + piece if token in vocabulary.unwritable else piece
            for token, piece in enumerate(vocabulary.pieces)
        ]
        # llguidance.llamacpp.lltokenizer_from_vocab does the same by way of functions that are deprecated.
        self._tokenizer: Any = LLTokenizer.from_llamacpp(  # type: ignore[attr-defined] # its stub lacks it
            tokens=marked,
            vocab_ptr=vocabulary.pointer,
            tokenize_fptr=ctypes.cast(library()._lib.llama_tokenize, ctypes.c_void_p).value,
            eos_token=list(vocabulary.end_tokens),
            slices=None,
        )
        self._latest: tuple[Mapping[str, Any], Any] | None = None  # a schema, and a matcher at its beginning

    def constraint(self, schema: Mapping[str, Any]) -> GuidanceConstraint:
        """Return a constraint at its beginning. Raises ``EngineError`` when the schema cannot be followed.

        A schema may also be ``{"lark": GRAMMAR}``, for replies that are not JSON throughout.
        """
        latest = self._latest  # engines of several threads may share it
        if not latest or latest[0] != schema:
            latest = self._latest = copy.deepcopy(schema), self._matcher(schema)
        return GuidanceConstraint(latest[1].deep_copy())  # some microseconds instead of a millisecond

    def _matcher(self, schema: Mapping[str, Any]) -> Any:
        from llguidance import LLMatcher

        try:
            if "lark" in schema:
                grammar = LLMatcher.grammar_from_lark(schema["lark"])
            else:
                grammar = LLMatcher.grammar_from_json_schema(dict(schema), overrides=_OPTIONS)
        except ValueError as error:
            raise EngineError(f"The schema of the reply cannot be used: {error}.") from error
        return LLMatcher(self._tokenizer, grammar, log_level=0)


class GuidanceConstraint:
    """The state of one reply: what was written, and so what may follow. All methods take a few microseconds."""

    def __init__(self, matcher: Any) -> None:
        self._matcher = matcher
        self._check()

    def _check(self) -> None:
        # The matcher never raises: an error is a state that it stays in, and in which all seems to be done.
        if self._matcher.is_error():
            raise EngineError(f"The reply cannot be constrained: {' '.join(self._matcher.get_error().split())}")

    @property
    def finished(self) -> bool:
        """Nothing may follow."""
        stopped: bool = self._matcher.is_stopped()
        if stopped:
            self._check()
        return stopped

    def allows(self, token: int) -> bool:
        """Tell whether ``token`` may come next."""
        return bool(self._matcher.validate_tokens([token]) == 1)

    def valid(self, tokens: list[int]) -> int:
        """Return how many of ``tokens``, from the first on, may come next."""
        count: int = self._matcher.validate_tokens(tokens)
        return max(count, 0)

    def mask(self) -> bytes:
        """Return which tokens may come next, a bit each, lowest bit first: about 0.1 ms."""
        mask: bytes = self._matcher.compute_bitmask()
        self._check()
        return mask

    def advance(self, tokens: Sequence[int]) -> None:
        """Take what was written."""
        if not self._matcher.consume_tokens(list(tokens)):
            self._check()
            raise EngineError("The reply left its schema.")

    def forced(self) -> list[int]:
        """Take and return the tokens that must come next, if only one text can follow."""
        tokens: list[int] = self._matcher.compute_ff_tokens()
        if tokens:
            self.advance(tokens)
        return tokens
