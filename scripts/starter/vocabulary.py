"""Makes ``vocabulary.txt``: learns the pieces of words from the word list and from a sample of generated dialogues.

Run it only when the network is to be trained anew: a model and its vocabulary belong together.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from starter.tokenizer import WORD, learn_merges

WORDS_FILE = Path(__file__).with_name("words.txt")
WORD_PIECES = 1688  # with the control pieces, bytes, characters and escapes: 2,048 in all
LISTED_WEIGHT = 400  # what the first listed word counts for; the last counts for a quarter of it


def listed_words() -> list[str]:
    """Return the words of ``words.txt``, each once, in their order."""
    lines = WORDS_FILE.read_text(encoding="utf-8").splitlines()
    return list(dict.fromkeys(word for line in lines if not line.startswith("#") for word in line.split()))


def learn_vocabulary(texts: Iterable[str]) -> list[str]:
    """Return the pieces in the order of their merges."""
    counts = Counter(word for text in texts for word in WORD.findall(text))
    listed = listed_words()
    for place, word in enumerate(listed):
        counts[word] += LISTED_WEIGHT - 300 * place // len(listed)
    return learn_merges(counts, WORD_PIECES)
