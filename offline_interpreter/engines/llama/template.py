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
from itertools import product
from typing import Any, NoReturn

from offline_interpreter.errors import EngineError
from offline_interpreter.records import Message, Role

CHATML = (
    "{% for message in messages %}<|im_start|>{{ message.role }}\n{{ message.content }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)

# By one of these each publisher's template is told that the model is not to think, …
_NO_THOUGHTS = {"enable_thinking": False, "thinking": False, "thinking_mode": "disabled", "thinking_budget": 0}
# … and by these that it has no tools; the second are for templates that stumble over None.
_NO_TOOLS: tuple[dict[str, Any], ...] = ({"tools": None}, {"tools": [], "functions": "[]", "datetime": "unknown"})

# A generation prompt that ends with a mark like <think> waits for a thought first.
_OPENED_THOUGHT = re.compile(r"([<\[◁])((?:\w+:)?(?:think|thinking|thought|reasoning)(?::\w+)?)([>\]▷])\s*\Z", re.I)
_THOUGHT = "@@thought@@"
_HALF_A_MARK = re.compile(r"[<\[][^>\]\s]*\Z")

# The pads are white space that no template writes itself: where they are gone, the template strips its contents.
_PAD = "\x0b"
_PLACEHOLDER = re.compile(rf"({_PAD}?)@@turn-(\d+)@@({_PAD}?)")
_SEPARATOR = "\n\n"  # between messages that share a turn
_TRIAL: tuple[Role, ...] = ("system", "user", "assistant", "user")


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
        self._variables: dict[str, Any] = {"bos_token": bos, "eos_token": eos} | _NO_THOUGHTS
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
        for no_tools, roles in product(_NO_TOOLS, (_TRIAL, _TRIAL[1:])):
            self._variables |= no_tools
            self._takes_system = roles[0] == "system"
            try:
                shown = [int(match[2]) for match in _PLACEHOLDER.finditer(self._render(roles))]
                omits_system = self._takes_system and shown == list(range(1, len(roles)))
                if shown == list(range(len(roles))) or omits_system:
                    self._reply_prefix = self._find_reply_prefix(roles)
                    self.omits_system = omits_system
                    return ""
                problem = "it drops, repeats or moves messages"
            except EngineError as error:
                problem = error.cause
        self._takes_system = True
        return problem

    def _find_reply_prefix(self, roles: Sequence[Role]) -> str:
        """Return what must follow the generation prompt so that a reply can begin with the step itself.

        It is the end of a thought that was opened, or what past replies begin with: the name of a channel, or an
        empty thought. A space at its end belongs to the word that follows.
        """
        reply = roles.index("assistant")
        prompt = _after(self._render(roles[:reply]), reply - 1)
        opened, closed = self._find_thought(roles[: reply + 1])
        if closed.strip() and prompt.startswith(opened):
            thought = prompt[len(opened) :]
            return _lacking(thought, closed.lstrip() if thought else closed)
        mark = _OPENED_THOUGHT.search(prompt)
        if mark:
            return f"\n{mark[1]}/{mark[2]}{mark[3]}\n\n"
        past = _between(self._render(roles), reply)
        if past.startswith(prompt):
            return past[len(prompt) :].rstrip(" ")
        begun = past[_parting(prompt, past) :]
        return "" if prompt.endswith(begun) else begun.rstrip(" ")

    def _find_thought(self, roles: Sequence[Role]) -> tuple[str, str]:
        """Return what stands before and after a thought in the last turn; nothing if the template shows none."""
        try:
            before, _, after = _between(self._render(roles, _THOUGHT), len(roles) - 1).partition(_THOUGHT)
        except EngineError:
            return "", ""
        return before, after

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
            return Lead(_after(self._render(roles[:-1]), len(roles) - 2) + self._reply_prefix)
        # Many templates refuse a conversation without a user.
        text = self._render([*roles, "user"] if roles[-1] == "system" else roles)
        match = _find(text, len(roles) - 1)
        return Lead(_between(text, len(roles) - 1), strips=not (match[1] and match[3]))

    def _render(self, roles: Sequence[Role], thought: str = "") -> str:
        messages = [{"role": role, "content": f"{_PAD}@@turn-{i}@@{_PAD}"} for i, role in enumerate(roles)]
        if thought:
            messages[-1]["reasoning_content"] = thought
        try:
            text: str = self._template.render(messages=messages, add_generation_prompt=True, **self._variables)
        except Exception as error:  # as above
            raise EngineError(f"The model's chat template refuses the conversation: {_one_line(error)}.") from error
        return text


# -- rendered text ----------------------------------------------------------------------------------------------------


def _find(text: str, index: int) -> re.Match[str]:
    for match in _PLACEHOLDER.finditer(text):
        if int(match[2]) == index:
            return match
    raise EngineError("The model's chat template drops a message of this conversation.")


def _after(text: str, index: int) -> str:
    return text[_find(text, index).end() :] if index >= 0 else text


def _between(text: str, index: int) -> str:
    """Return what stands between a content and the one before it."""
    return _after(text[: _find(text, index).start()], index - 1)


def _parting(first: str, second: str) -> int:
    """Return where two texts begin to differ: where the mark begins in which they do."""
    pairs = enumerate(zip(first, second, strict=False))
    same = next((index for index, (one, other) in pairs if one != other), min(len(first), len(second)))
    return len(_HALF_A_MARK.sub("", first[:same]))


def _lacking(text: str, ending: str) -> str:
    """Return what ``text`` lacks to end with ``ending``."""
    held = next(length for length in range(len(ending), -1, -1) if text.endswith(ending[:length]))
    return ending[held:]


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
