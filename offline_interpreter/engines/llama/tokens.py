"""The token log: which tokens stand for which turn of a conversation.

The log grows; what stands for a turn is decided once and kept as long as the turns before it and itself are the same,
so that a model's own words stay the tokens that it wrote. It knows nothing of what is evaluated.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from offline_interpreter.records import Message

_COMPARED_TOKENS = 256  # at once: token by token takes thirty times as long

if TYPE_CHECKING:
    from offline_interpreter.engines.llama.template import ChatTemplate, Lead
    from offline_interpreter.engines.llama.vocabulary import Vocabulary


@dataclass(frozen=True, slots=True)
class Entry:
    """A turn, and its tokens: those of what the template writes before its content, and those of the content."""

    turn: Message
    tokens: tuple[int, ...]


class TokenLog:
    """The tokens of the conversation that was asked for last."""

    def __init__(self, template: ChatTemplate, vocabulary: Vocabulary) -> None:
        self._template = template
        self._vocabulary = vocabulary
        self._entries: list[Entry] = []
        self._reply_lead: list[int] = []

    def prompt(self, messages: Sequence[Message]) -> list[int]:
        """Return the tokens that a reply to ``messages`` follows on; turns equal to those of the log keep theirs."""
        turns = self._template.turns(messages)
        same = 0
        while same < min(len(turns), len(self._entries)) and turns[same] == self._entries[same].turn:
            same += 1
        del self._entries[same:]
        roles = [turn.role for turn in turns]
        for index in range(same, len(turns)):
            lead = self._template.lead(roles[: index + 1])
            self._entries.append(Entry(turns[index], tuple(self._turn_tokens(turns[index], lead))))
        self._reply_lead = self._lead_tokens(self._template.lead([*roles, "assistant"]).text)
        return [token for entry in self._entries for token in entry.tokens] + self._reply_lead

    @property
    def entries(self) -> Sequence[Entry]:
        """The turns of the conversation so far."""
        return self._entries

    def entries_within(self, tokens: Sequence[int]) -> list[Entry]:
        """Return the turns, from the first on, whose tokens ``tokens`` begins with."""
        within, end = [], 0
        for entry in self._entries:
            if tuple(tokens[end : end + len(entry.tokens)]) != entry.tokens:
                break
            within.append(entry)
            end += len(entry.tokens)
        return within

    def adopt(self, entries: Sequence[Entry]) -> None:
        """Take the turns of a log that was kept: where they are asked for again, they stay these tokens."""
        self._entries = list(entries)

    def add_reply(self, text: str, tokens: Sequence[int]) -> None:
        """Append what the model wrote after the last prompt."""
        self._entries.append(Entry(Message("assistant", text), (*self._reply_lead, *tokens)))

    def _turn_tokens(self, turn: Message, lead: Lead) -> list[int]:
        content = turn.text.strip() if lead.strips else turn.text
        if turn.role == "assistant":  # as the model itself writes it: no space comes first
            return self._lead_tokens(lead.text) + self._vocabulary.content_tokens(content)
        # Where the vocabulary would put a space and the template has one, one of them is meant.
        shared_space = self._vocabulary.adds_space and lead.text.endswith(" ")
        tokens = self._lead_tokens(lead.text[:-1] if shared_space else lead.text)
        opens = shared_space or not self._vocabulary.specials.isdisjoint(tokens[-1:])
        return tokens + self._vocabulary.content_tokens(content, opens=opens)

    def _lead_tokens(self, text: str) -> list[int]:
        first = not self._entries
        tokens = self._vocabulary.template_tokens(text, first=first)
        missing = first and self._vocabulary.wants_bos and self._vocabulary.bos_token not in tokens[:1]
        return [self._vocabulary.bos_token, *tokens] if missing else tokens


def common_prefix(first: Sequence[int], second: Sequence[int]) -> int:
    """Return how many tokens at the beginning are the same."""
    length = min(len(first), len(second))
    start, step = 0, _COMPARED_TOKENS
    while start < length and first[start : start + step] == second[start : start + step]:
        start += step
    return next((index for index in range(start, length) if first[index] != second[index]), length)
