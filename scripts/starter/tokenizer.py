"""The starter's tokenizer: its pieces, how they are learned from text, and how a conversation becomes tokens.

The tokenizer runs inside llama.cpp (type ``llama``: it joins neighbors whose union is a piece, best score first), so
that training and use cannot differ; here stand only the pieces. Digits, punctuation marks and spaces are never joined
with anything, so that numbers and names are copied in the same tokens wherever they stand. The pieces of words are in
``vocabulary.txt`` in the order of their merges: a change of that file makes every trained model useless.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from offline_interpreter.records import Message

UNKNOWN, START, USER, ASSISTANT, END = range(5)
CONTROL_PIECES = ("<unk>", "<|start|>", "<|user|>", "<|assistant|>", "<|end|>")
SPACE = "\u2581"  # how llama.cpp writes a space inside a piece
JOINED_PIECES = ("\\n", '\\"', SPACE * 2, SPACE * 4)  # JSON's escapes of a new line and a quote; indentation
VOCABULARY_FILE = Path(__file__).with_name("vocabulary.txt")

# One message, one end token; the system message is left out: the model was trained without it.
CHAT_TEMPLATE = (
    "{{- '<|start|>' -}}"
    "{%- for message in messages -%}"
    "{%- if message.role == 'assistant' -%}{{- '<|assistant|>' + message.content + '<|end|>' -}}"
    "{%- elif message.role != 'system' -%}{{- '<|user|>' + message.content + '<|end|>' -}}"
    "{%- endif -%}{%- endfor -%}"
    "{%- if add_generation_prompt -%}{{- '<|assistant|>' -}}{%- endif -%}"
)

NORMAL_TYPE, UNKNOWN_TYPE, CONTROL_TYPE, BYTE_TYPE = 1, 2, 3, 6  # of llama.cpp's token types

WORD = re.compile(r"[A-Za-z]+")


def learn_merges(counts: Counter[str], merges: int) -> list[str]:
    """Return the pieces that ``merges`` steps of byte-pair encoding make of words and their counts, in order."""
    words = [(list(word), count) for word, count in sorted(counts.items())]
    pieces: list[str] = []
    while len(pieces) < merges:
        pairs: Counter[tuple[str, str]] = Counter()
        for parts, count in words:
            for pair in pairwise(parts):
                pairs[pair] += count
        if not pairs:
            break
        best = max(pairs, key=lambda pair: (pairs[pair], pair))
        if "".join(best) not in pieces:
            pieces.append("".join(best))
        for parts, _ in words:
            _join(parts, best)
    return pieces


def _join(parts: list[str], pair: tuple[str, str]) -> None:
    index = 0
    while index < len(parts) - 1:
        if (parts[index], parts[index + 1]) == pair:
            parts[index : index + 2] = ["".join(pair)]
        index += 1


def read_vocabulary(path: Path = VOCABULARY_FILE) -> list[str]:
    """Return the pieces of words, in the order in which they are joined."""
    return path.read_text(encoding="utf-8").split()


class Pieces:
    """The whole list of pieces with scores and types, as a GGUF file holds them."""

    def __init__(self, word_pieces: Sequence[str]) -> None:
        ascii_characters = [SPACE, *(chr(code) for code in range(0x21, 0x7F))]
        self.texts = [*CONTROL_PIECES, *(f"<0x{byte:02X}>" for byte in range(256)), *ascii_characters, *JOINED_PIECES]
        first = len(self.texts)
        self.texts += word_pieces
        # Of two possible joins llama.cpp makes the one with the higher score: escapes and spaces, then words in order.
        self.scores = [0.0] * first + [-1.0 - index for index in range(len(word_pieces))]
        controls = [UNKNOWN_TYPE] + [CONTROL_TYPE] * (len(CONTROL_PIECES) - 1)
        self.types = controls + [BYTE_TYPE] * 256 + [NORMAL_TYPE] * (len(self.texts) - 256 - len(controls))

    def __len__(self) -> int:
        return len(self.texts)


class Tokenizer:
    """Turns text into tokens by llama.cpp itself, with the vocabulary of a GGUF file."""

    def __init__(self, gguf_file: Path) -> None:
        from llama_cpp import Llama

        self._model: Any = Llama(str(gguf_file), vocab_only=True, verbose=False)

    @cached_property
    def size(self) -> int:
        """How many tokens there are."""
        return int(self._model.n_vocab())

    def encode(self, text: str) -> list[int]:
        """Return the tokens of ``text`` as content: control pieces in it are plain characters."""
        return list(self._model.tokenize(text.encode(), add_bos=False, special=False)) if text else []

    def count(self, text: str) -> int:
        """Return how many tokens ``text`` takes as content."""
        return len(self.encode(text))

    def decode(self, tokens: Iterable[int]) -> str:
        """Return the text of tokens."""
        return bytes(self._model.detokenize(list(tokens), special=True)).decode("utf-8", "replace")

    def prompt(self, messages: Sequence[Message]) -> list[int]:
        """Return the tokens of a conversation up to where the next reply begins, as the chat template has them."""
        tokens = [START]
        for message in messages:
            if message.role != "system":
                tokens += [ASSISTANT if message.role == "assistant" else USER, *self.encode(message.text), END]
        return [*tokens, ASSISTANT]
