"""The model's chat template: the text that stands between the contents of a conversation.

A conversation is rendered with a placeholder for every content, so that what people, files and programs wrote never
passes through the template: only the text around it is taken, and the contents are tokenised apart from it. Text that
was rendered once is not asked for again, because about half of all templates write earlier turns differently later.

It knows no tokens, and it cannot tell whether a template suits its model.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NoReturn

from offline_interpreter.errors import EngineError
from offline_interpreter.records import Message, Role

CHATML = (
    "{% for message in messages %}<|im_start|>{{ message.role }}\n{{ message.content }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)

THOUGHT_OPENED = "<think>"  # a generation prompt that ends so waits for a thought first …
THOUGHT_CLOSED = "\n</think>\n\n"  # … and this says that there is none

# The pads are white space that no template writes itself: where they are gone, the template strips its contents.
_PAD = "\x0b"
_PLACEHOLDER = re.compile(rf"({_PAD}?)@@turn-(\d+)@@({_PAD}?)")
_SEPARATOR = "\n\n"  # between messages that share a turn


@dataclass(frozen=True, slots=True)
class Lead:
    """The text before a content; ``strips``: the template removes white space around that content."""

    text: str
    strips: bool = False


class ChatTemplate:
    """A compiled template, tried out once: ``note`` says what was found wanting, in a line for the person.

    ``source`` is the Jinja text of the GGUF; where there is none, or where it drops what it is given, ChatML is used.
    ``omits_system``: it takes a system message and writes nothing of it, so its model never saw one.
    """

    def __init__(self, source: str | None, *, bos: str = "", eos: str = "") -> None:
        self.note = ""
        self._variables = {"bos_token": bos, "eos_token": eos}
        self.omits_system = False
        self._takes_system = True
        self._reply_prefix = ""
        problem = self._try(source) if source else "the file has none"
        if problem:
            self.note = f"No usable chat template ({problem}): ChatML is used, which the model may not know."
            self.source = CHATML
            self._template = _compile(CHATML)
        else:
            self.source = source or CHATML

    def _try(self, source: str) -> str:
        """Take ``source`` if it renders a conversation, with a system turn or without; else say why not.

        A system turn that is left out silently was meant to be; one that is refused is folded into the person's.
        """
        try:
            self._template = _compile(source)
        except Exception as error:  # a template is a foreign program: it may fail in any way
            return _one_line(error)
        problem = ""
        for roles in (("system", "user", "assistant", "user"), ("user", "assistant", "user")):
            self._takes_system = roles[0] == "system"
            try:
                shown = [int(match[2]) for match in _PLACEHOLDER.finditer(self._render(roles))]
            except EngineError as error:
                problem = error.cause
            else:
                self.omits_system = self._takes_system and shown == list(range(1, len(roles)))
                if shown == list(range(len(roles))) or self.omits_system:
                    self._reply_prefix = self._find_reply_prefix(roles)
                    return ""
                problem = "it drops, repeats or moves messages"
        self._takes_system = True
        return problem

    def _find_reply_prefix(self, roles: Sequence[Role]) -> str:
        """Return what the template writes before the model's past content, beyond the generation prompt.

        That is what the model itself would begin a reply with: the name of a channel, or an empty thought.
        """
        reply = roles.index("assistant")
        prompt = self._render(roles[:reply])
        prompt = prompt[self._end_of(prompt, reply - 1) :]
        past = self._render(roles)
        past = past[self._end_of(past, reply - 1) : self._find(past, reply).start()]
        prefix = past[len(prompt) :] if past.startswith(prompt) else ""
        return prefix if prefix.strip() else ""

    def turns(self, messages: Sequence[Message]) -> list[Message]:
        """Return ``messages`` as turns that any template takes.

        There is one system turn at most, first; then the person and the model in alternation, the person first, who
        says nothing if need be. Observations are the person's. Texts that share a turn are joined.
        """
        turns: list[Message] = []
        for message in messages:
            if message.role == "system" and self.omits_system:
                continue
            role = self._role_of(message, turns)
            if role == "assistant" and (not turns or turns[-1].role == "system"):
                turns.append(Message("user", ""))
            if turns and turns[-1].role == role:
                turns[-1] = Message(role, turns[-1].text + _SEPARATOR + message.text)
            else:
                turns.append(Message(role, message.text))
        return turns if turns and turns[-1].role != "system" else [*turns, Message("user", "")]

    def _role_of(self, message: Message, before: Sequence[Message]) -> Role:
        leads = all(turn.role == "system" for turn in before)
        if message.role == "system" and self._takes_system and leads:
            return "system"
        return "assistant" if message.role == "assistant" else "user"

    def lead(self, roles: Sequence[Role]) -> Lead:
        """Return what stands between the last two contents of a conversation of these roles.

        Before a content of the model it is the generation prompt, whoever wrote that content. Raises ``EngineError``
        when the template refuses the roles.
        """
        if roles[-1] == "assistant":
            text = self._render(roles[:-1])
            return Lead(self._ready(text[self._end_of(text, len(roles) - 2) :]))
        # Many templates refuse a conversation without a user.
        text = self._render([*roles, "user"] if roles[-1] == "system" else roles)
        match = self._find(text, len(roles) - 1)
        return Lead(text[self._end_of(text, len(roles) - 2) : match.start()], strips=not (match[1] and match[3]))

    def _ready(self, generation_prompt: str) -> str:
        """Return the prompt with what lets a reply begin with the step itself."""
        if generation_prompt.rstrip().endswith(THOUGHT_OPENED):
            return generation_prompt.rstrip() + THOUGHT_CLOSED
        return generation_prompt + self._reply_prefix

    def _end_of(self, text: str, index: int) -> int:
        return self._find(text, index).end() if index >= 0 else 0

    def _find(self, text: str, index: int) -> re.Match[str]:
        for match in _PLACEHOLDER.finditer(text):
            if int(match[2]) == index:
                return match
        raise EngineError("The model's chat template drops a message of this conversation.")

    def _render(self, roles: Sequence[Role]) -> str:
        messages = [{"role": role, "content": f"{_PAD}@@turn-{i}@@{_PAD}"} for i, role in enumerate(roles)]
        try:
            text: str = self._template.render(
                messages=messages,
                add_generation_prompt=True,
                tools=None,
                enable_thinking=False,
                thinking=False,
                **self._variables,
            )
        except Exception as error:  # as above
            raise EngineError(f"The model's chat template refuses the conversation: {_one_line(error)}.") from error
        return text


# -- Jinja as model publishers know it: the environment of Hugging Face's transformers --------------------------------


def _compile(source: str) -> Any:
    from jinja2.ext import Extension, loopcontrols
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    class Generation(Extension):
        """``{% generation %}`` marks what a model is trained on; here it marks nothing."""

        tags = {"generation"}  # noqa: RUF012 - declared so by jinja2

        def parse(self, parser: Any) -> Any:
            parser.stream.skip(1)
            return parser.parse_statements(("name:endgeneration",), drop_needle=True)

    environment = ImmutableSandboxedEnvironment(
        trim_blocks=True, lstrip_blocks=True, extensions=[Generation, loopcontrols]
    )
    environment.filters["tojson"] = _to_json
    environment.filters["from_json"] = json.loads
    environment.globals["raise_exception"] = _refuse
    environment.globals["strftime_now"] = _now
    return environment.from_string(source)


def _to_json(
    value: Any,
    ensure_ascii: bool = False,
    indent: int | None = None,
    separators: tuple[str, str] | None = None,
    sort_keys: bool = False,
) -> str:
    return json.dumps(value, ensure_ascii=ensure_ascii, indent=indent, separators=separators, sort_keys=sort_keys)


def _refuse(message: str) -> NoReturn:
    raise ValueError(message)


def _now(layout: str) -> str:
    return datetime.now().strftime(layout)


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split()) or type(error).__name__
