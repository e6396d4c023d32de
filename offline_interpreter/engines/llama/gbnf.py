"""Constraints where llguidance is missing: llama.cpp's own grammars, asked token by token.

They are as strict, and allow the same tokens, only slower: tens of microseconds a question, tens of milliseconds a
mask of a large vocabulary. Which schemas they know is up to ``gbnf_text``.

llama.cpp ends the process over a token that its grammar does not allow, so none is taken unasked. Its grammars let
control tokens and overlong UTF-8 pass; both are refused here.
"""

from __future__ import annotations

import codecs
import ctypes
import weakref
from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from offline_interpreter.engines.llama.binding import complaint, forget_log, library
from offline_interpreter.engines.llama.gbnf_text import write_gbnf
from offline_interpreter.errors import EngineError

if TYPE_CHECKING:
    from offline_interpreter.engines.llama.vocabulary import Vocabulary

_Tokens = NDArray[np.int32]
_ROW = np.dtype([("id", np.int32), ("logit", np.float32), ("p", np.float32)])  # llama_token_data
_SPACE = 0x20  # bytes below it are control characters
_CONTINUATION = range(0x80, 0xC0)  # bytes within a character of UTF-8


class GbnfGrammar:
    """Makes constraints over one vocabulary; it holds a bare pointer to it, so the model must outlive it."""

    quick = False

    def __init__(self, vocabulary: Vocabulary) -> None:
        self._table = _Table(vocabulary)

    def constraint(self, schema: Mapping[str, Any]) -> GbnfConstraint:
        """Return a constraint at its beginning. Raises ``EngineError`` when the schema cannot be followed."""
        if "lark" in schema:
            raise EngineError(
                "Replies that are not JSON need llguidance, which is not installed.", "Use protocol json."
            )
        return self.start(write_gbnf(schema))

    def start(self, gbnf: str) -> GbnfConstraint:
        """Return a constraint at the beginning of ``gbnf``. Raises ``EngineError`` when llama.cpp does not take it."""
        forget_log()
        sampler = library().llama_sampler_init_grammar(self._table.vocabulary.pointer, gbnf.encode(), b"root")
        if not sampler:  # any call would end the process
            raise EngineError(f"The reply cannot be constrained: {complaint() or 'llama.cpp takes no such grammar'}.")
        return GbnfConstraint(_Place(self._table, sampler))


class GbnfConstraint:
    """The state of one reply: what was written, and so what may follow."""

    def __init__(self, place: _Place) -> None:
        self._place = place

    @property
    def finished(self) -> bool:
        """Nothing may follow."""
        return self._place.finished

    def allows(self, token: int) -> bool:
        """Tell whether ``token`` may come next; one that ends a text may where the value can end."""
        return self._place.allows(token)

    def valid(self, tokens: list[int]) -> int:
        """Return how many of ``tokens``, from the first on, may come next."""
        place = self._place.copy()
        for count, token in enumerate(tokens):
            if not place.allows(token):
                return count
            place.take(token)
        return len(tokens)

    def mask(self) -> bytes:
        """Return which tokens may come next, a bit each, lowest bit first: up to some 100 ms."""
        table = self._place.table
        bits = np.zeros(table.vocabulary.size, np.bool_)
        bits[self._place.following(table.usable)] = True
        return np.packbits(bits, bitorder="little").tobytes()

    def advance(self, tokens: Sequence[int]) -> None:
        """Take what was written."""
        for token in tokens:
            if not self._place.allows(token):
                raise EngineError("The reply left its schema.")
            self._place.take(token)

    def forced(self) -> list[int]:
        """Take and return the tokens that must come next, if only one text can follow."""
        text = self._place.forced_text()
        if not text:
            return []
        tokens = self._place.table.vocabulary.content_tokens(text)
        tokens = self._settled(tokens[: self.valid(tokens)])
        self.advance(tokens)
        return tokens

    def _settled(self, tokens: list[int]) -> list[int]:
        """Leave out the last tokens, as far as one longer token may turn out to be written in their place."""
        table = self._place.table
        count, text = len(tokens), b""
        for index in range(len(tokens) - 1, -1, -1):
            text = table.vocabulary.pieces[tokens[index]] + text
            longer = table.longer_than(text)
            if longer.size and self._place.after(tokens[:index]).following(longer).size:
                count = index
        return tokens[:count]


# -- llama.cpp's sampler --------------------------------------------------------------------------------------------


class _Table:
    """What must be known of each token, and llama.cpp does not tell.

    ``whole`` marks those that may follow a whole character, ``inner`` those that may follow a part of one. ``probes``
    are tokens of which one may follow wherever any may: those of a single byte, if there are enough of them.
    """

    def __init__(self, vocabulary: Vocabulary) -> None:
        self.vocabulary = vocabulary
        self.ends = frozenset(vocabulary.end_tokens)
        kinds = [self._kind(token) for token in range(vocabulary.size)]
        self.whole = np.array([kind == "whole" for kind in kinds])
        self.inner = np.array([kind == "inner" for kind in kinds])
        self.usable: _Tokens = np.flatnonzero(self.whole | self.inner).astype(np.int32)
        self.probes = self._probes()

    def _kind(self, token: int) -> str:
        piece = self.vocabulary.pieces[token]
        if token in self.ends:
            return "whole"
        if token in self.vocabulary.unwritable or not piece or min(piece) < _SPACE:
            return ""
        if piece[0] in _CONTINUATION:
            return "inner"
        return "" if _part_of_character(piece) is None else "whole"

    def _probes(self) -> _Tokens:
        pieces = self.vocabulary.pieces
        written = [token for token in self.usable.tolist() if token not in self.ends]
        single = {pieces[token]: token for token in written if len(pieces[token]) == 1}
        if {pieces[token][:1] for token in written} == single.keys():
            return np.array([*single.values(), self.vocabulary.end_tokens[0]], np.int32)
        return self.usable

    def longer_than(self, text: bytes) -> _Tokens:
        """Return the tokens that begin with ``text`` and go on."""
        piece = self.vocabulary.pieces.__getitem__
        first = bisect_right(self._sorted, text, key=piece)
        last = bisect_left(self._sorted, text[:-1] + bytes([text[-1] + 1]), key=piece)  # no text ends with 0xFF
        return np.array(self._sorted[first:last], np.int32)

    @cached_property
    def _sorted(self) -> list[int]:
        return sorted(self.usable.tolist(), key=self.vocabulary.pieces.__getitem__)


class _Place:
    """How far a text has come: a sampler of llama.cpp, and the bytes of a character that is not whole yet.

    The sampler is freed with it. That may happen at any time, for it needs neither the model nor a lock.
    """

    def __init__(self, table: _Table, sampler: Any, part: bytes = b"", *, ended: bool = False) -> None:
        self.table = table
        self._sampler = sampler
        self._part = part
        self._ended = ended
        self._next: list[int] | None = None
        weakref.finalize(self, library().llama_sampler_free, sampler).atexit = False

    def copy(self) -> _Place:
        """Return the same place, to go on from by itself."""
        return _Place(self.table, library().llama_sampler_clone(self._sampler), self._part, ended=self._ended)

    def after(self, tokens: Sequence[int]) -> _Place:
        """Return the place behind ``tokens``, all of which must be allowed."""
        place = self.copy()
        for token in tokens:
            place.take(token)
        return place

    def take(self, token: int) -> None:
        """Go on by a token that is allowed: over any other the process ends."""
        library().llama_sampler_accept(self._sampler, token)
        self._next = None
        self._ended = token in self.table.ends
        if not self._ended:
            self._part = _part_of_character(self._part + self.table.vocabulary.pieces[token]) or b""

    def allows(self, token: int) -> bool:
        """Tell whether ``token`` may come next."""
        known = 0 <= token < self.table.vocabulary.size
        return known and self.following(np.array([token], np.int32)).size > 0

    def following(self, tokens: _Tokens) -> _Tokens:
        """Return those of ``tokens`` that may come next."""
        if self._ended:
            return tokens[:0]
        if not self._part:
            return self._fitting(tokens[self.table.whole[tokens]])
        tokens = tokens[self.table.inner[tokens]]
        pieces = self.table.vocabulary.pieces
        sound = [_part_of_character(self._part + pieces[token]) is not None for token in tokens.tolist()]
        return self._fitting(tokens[np.array(sound, np.bool_)])

    def _fitting(self, tokens: _Tokens) -> _Tokens:
        lib = library()
        rows = np.zeros(len(tokens), _ROW)
        rows["id"] = tokens
        array = lib.llama_token_data_array(rows.ctypes.data_as(lib.llama_token_data_p), len(rows), -1, False)
        lib.llama_sampler_apply(self._sampler, ctypes.byref(array))
        fitting: _Tokens = tokens[rows["logit"] == 0]
        return fitting

    @property
    def _followers(self) -> list[int]:
        if self._next is None:
            self._next = self.following(self.table.probes).tolist()
        return self._next

    @property
    def finished(self) -> bool:
        """Nothing may follow but the end."""
        followers = self._followers
        return self._ended or (bool(followers) and self.table.ends.issuperset(followers))

    def forced_text(self) -> str:
        """Return the whole characters that must come next, as far as there is no choice; none inside a character."""
        if self._part or self._only_follower is None:
            return ""
        place, data = self.copy(), b""
        while (token := place._only_follower) is not None:
            place.take(token)
            data += self.table.vocabulary.pieces[token]
        return data.decode("utf-8", "ignore")

    @property
    def _only_follower(self) -> int | None:
        followers = self._followers
        return followers[0] if len(followers) == 1 and not self.finished else None


def _part_of_character(data: bytes) -> bytes | None:
    """Return the bytes of a last character that is not whole, or None when ``data`` begins no UTF-8 text."""
    try:
        return data[codecs.utf_8_decode(data, "strict", False)[1] :]
    except UnicodeDecodeError:
        return None
