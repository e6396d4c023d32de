"""A model's vocabulary: text to tokens and back, with template text and content kept apart.

In template text control tokens are meant; in content they are never produced, whatever is written there. Whether a
text tokenises as the model was trained on it is up to llama.cpp.
"""

from __future__ import annotations

import ctypes
import re
from collections.abc import Iterator
from functools import cached_property
from typing import Any

from offline_interpreter.engines.llama.binding import library
from offline_interpreter.errors import ModelUnusable

LONGEST_PIECE_BYTES = 16 * 1024
LONGEST_RUN_CHARS = 4_000  # llama.cpp splits words by recursion: 50,000 characters at once end some vocabularies' stack

_JOINT = "\n"  # a text to tokenise another one after


class Vocabulary:
    """The tokens of one loaded model. It holds a bare pointer: the model must outlive it.

    ``pieces`` are the bytes of each token, ``specials`` the tokens that only a template may produce, ``unwritable``
    those that no reply may hold, ``end_tokens`` those that end one; ``bos`` and ``eos`` are texts for templates.
    """

    def __init__(self, pointer: Any, template: str = "") -> None:
        lib = library()
        self.pointer = pointer
        self.size: int = lib.llama_vocab_n_tokens(pointer)
        self.end_tokens = [token for token in range(self.size) if lib.llama_vocab_is_eog(pointer, token)]
        if not self.end_tokens:
            raise ModelUnusable("The model's vocabulary has no token that ends a text.")
        self.pieces = _read_pieces(pointer, self.size)
        attributes = [lib.llama_vocab_get_attr(pointer, token) for token in range(self.size)]
        self.specials = frozenset(self.end_tokens) | {
            token for token in range(self.size) if _is_special(attributes[token], self.pieces[token], template)
        }
        self._check_bytes()
        void = lib.LLAMA_TOKEN_ATTR_UNKNOWN | lib.LLAMA_TOKEN_ATTR_UNUSED
        self.unwritable = self.specials | {token for token in range(self.size) if attributes[token] & void}
        self.bos_token: int = lib.llama_vocab_bos(pointer)
        self.bos = self._text_of(self.bos_token)
        self.eos = self._text_of(lib.llama_vocab_eos(pointer))
        self.wants_bos: bool = lib.llama_vocab_get_add_bos(pointer) and self.bos_token >= 0
        # Some vocabularies put a space before a text, be it the first one or one that follows a special token.
        self._joint = self._raw(_JOINT)
        self.adds_space = b"".join(self.pieces[token] for token in self._joint) != _JOINT.encode()

    def _check_bytes(self) -> None:
        """Raise ``ModelUnusable`` where llama.cpp would end the process over a text: some byte has no token."""
        lib = library()
        if lib.llama_vocab_type(self.pointer) not in (lib.LLAMA_VOCAB_TYPE_SPM, lib.LLAMA_VOCAB_TYPE_UGM):
            return
        texts = {lib.llama_vocab_get_text(self.pointer, token) for token in range(self.size)}
        for byte in range(256):
            if texts.isdisjoint((b"<0x%02X>" % byte, bytes([byte]))):
                raise ModelUnusable(f"The model's vocabulary has no token for the byte 0x{byte:02X}: it is damaged.")

    def _text_of(self, token: int) -> str:
        return self.pieces[token].decode("utf-8", "replace") if token >= 0 else ""

    def template_tokens(self, text: str, *, first: bool = False) -> list[int]:
        """Return the tokens of text that a template wrote; ``first``: nothing stands before it."""
        return self._raw(text, special=True) if first else self._joined(text, special=True)

    def content_tokens(self, text: str, *, opens: bool = False) -> list[int]:
        """Return the tokens of a content; what looks like a special token in it is spelled out.

        ``opens``: it follows a special token, so that a vocabulary that puts a space before texts does so.
        """
        tokens: list[int] = []
        for run in _runs(text):
            tokens += self._run_tokens(run, opens=opens and not tokens)
        return tokens

    def _run_tokens(self, run: str, *, opens: bool) -> list[int]:
        tokens = self._raw(run) if opens else self._joined(run)
        if self.specials.isdisjoint(tokens):
            return tokens
        # llama.cpp recognises some specials in any text, and merges others out of their parts.
        tokens = []
        for part in self._broken(run):
            tokens += self._raw(part) if opens and not tokens else self._joined(part)
        return [token for token in tokens if token not in self.specials]

    def _broken(self, run: str) -> Iterator[str]:
        """Cut every special text after its first character, so that no part holds a whole one."""
        start = 0
        for match in self._special_texts.finditer(run):
            yield run[start : match.start() + 1]
            start = match.start() + 1
        yield run[start:]

    @cached_property
    def _special_texts(self) -> re.Pattern[str]:
        texts = {self._text_of(token) for token in self.specials} - {""}
        return re.compile("|".join(re.escape(text) for text in sorted(texts, key=len, reverse=True)))

    def _joined(self, text: str, *, special: bool = False) -> list[int]:
        """Tokenise ``text`` as the continuation of another one."""
        if self.adds_space:
            tokens = self._raw(_JOINT + text, special=special)
            if tokens[: len(self._joint)] == self._joint:
                return tokens[len(self._joint) :]
        return self._raw(text, special=special)

    def _raw(self, text: str, *, special: bool = False) -> list[int]:
        data = text.encode("utf-8", "replace")
        room = len(data) + 8  # tokens have a byte or more, nearly always
        while True:
            found = (ctypes.c_int32 * room)()
            count = library().llama_tokenize(self.pointer, data, len(data), found, room, False, special)
            if count >= 0:
                return found[:count]
            room = -count


def _read_pieces(pointer: Any, size: int) -> list[bytes]:
    to_piece = library().llama_token_to_piece
    buffer = ctypes.create_string_buffer(LONGEST_PIECE_BYTES)
    pieces = []
    for token in range(size):
        length = to_piece(pointer, token, buffer, LONGEST_PIECE_BYTES, 0, True)
        pieces.append(ctypes.string_at(buffer, max(length, 0)))
    return pieces


def _is_special(attributes: int, piece: bytes, template: str) -> bool:
    lib = library()
    if attributes & lib.LLAMA_TOKEN_ATTR_CONTROL:
        return True
    # A publisher's own tokens are mostly words or white space; those that the template writes are marks.
    marks = piece[:1] in (b"<", b"[") and piece[-1:] in (b">", b"]")
    own = attributes & lib.LLAMA_TOKEN_ATTR_USER_DEFINED
    return bool(own and marks and piece.decode("utf-8", "replace") in template)


def _runs(text: str) -> Iterator[str]:
    """Cut a text into runs of bounded length, after line ends where there are any."""
    start = 0
    while len(text) - start > LONGEST_RUN_CHARS:
        end = text.rfind("\n", start, start + LONGEST_RUN_CHARS) + 1
        end = end if end > start else start + LONGEST_RUN_CHARS
        yield text[start:end]
        start = end
    if start < len(text):
        yield text[start:]
