from __future__ import annotations

import pytest
from synthetic import CHATML

from offline_interpreter.engines.llama.template import ChatTemplate, Lead
from offline_interpreter.errors import EngineError
from offline_interpreter.records import Message

NO_SYSTEM = (
    "{{ bos_token }}{% for m in messages %}"
    "{% if (m.role == 'user') != (loop.index0 % 2 == 0) %}{{ raise_exception('Roles must alternate') }}{% endif %}"
    "{% if m.role == 'user' %}[INST] {{ m.content | trim }} [/INST]{% else %} {{ m.content }}{{ eos_token }}{% endif %}"
    "{% endfor %}"
)
# Writes the system prompt into the last user turn, as Mistral's templates do.
SYSTEM_LAST = (
    "{% for m in messages %}{% if m.role == 'user' %}<u>"
    "{% if loop.last and messages[0].role == 'system' %}{{ messages[0].content }} {% endif %}{{ m.content }}"
    "{% elif m.role == 'assistant' %}<a>{{ m.content }}{% endif %}{% endfor %}"
    "{% if add_generation_prompt %}<a>{% endif %}"
)
# Writes a thought into the generation prompt only, as Qwen3's templates do.
THINKING = (
    "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n"
    "{% if enable_thinking is defined and enable_thinking is false %}<think>\n\n</think>\n\n{% endif %}{% endif %}"
)
# Opens a thought, and shows how one ends in the last reply only, as Cohere's templates do.
SHOWN_THOUGHT = (
    "{% for m in messages %}<|{{ m.role }}|>"
    "{% if loop.last and m.reasoning_content %}<|START_THINKING|>{{ m.reasoning_content }}<|END_THINKING|>{% endif %}"
    "<|START_TEXT|>{{ m.content }}<|END_TEXT|>{% endfor %}"
    "{% if add_generation_prompt %}<|assistant|><|START_THINKING|>{% endif %}"
)
CHANNELS = (
    "{% for m in messages %}<|start|>{{ m.role }}"
    "{% if m.role == 'assistant' %}<|channel|>final{% endif %}<|message|>{{ m.content }}<|end|>{% endfor %}"
    "{% if add_generation_prompt %}<|start|>assistant{% endif %}"
)


def leads(source: str | None, *roles: str) -> list[str]:
    template = ChatTemplate(source, bos="<s>", eos="</s>")
    return [template.lead(roles[: count + 1]).text for count in range(len(roles))]


def test_text_between_contents_is_what_the_template_writes() -> None:
    assert leads(CHATML, "system", "user", "assistant", "user", "assistant") == [
        "<|im_start|>system\n",
        "<|im_end|>\n<|im_start|>user\n",
        "<|im_end|>\n<|im_start|>assistant\n",
        "<|im_end|>\n<|im_start|>user\n",
        "<|im_end|>\n<|im_start|>assistant\n",
    ]


def test_beginning_and_end_tokens_of_the_vocabulary_reach_the_template() -> None:
    assert leads(NO_SYSTEM, "user", "assistant", "user") == ["<s>[INST] ", " [/INST]", "</s>[INST] "]


def test_thinking_is_switched_off_and_stays_in_the_history() -> None:
    assert leads(THINKING, "user", "assistant", "user", "assistant") == [
        "<|im_start|>user\n",
        "<|im_end|>\n<|im_start|>assistant\n<think>\n\n</think>\n\n",
        "<|im_end|>\n<|im_start|>user\n",
        "<|im_end|>\n<|im_start|>assistant\n<think>\n\n</think>\n\n",
    ]


@pytest.mark.parametrize(
    ("opened", "closed"),
    [
        ("<think>\n", "\n</think>\n\n"),
        ("<mm:think>", "\n</mm:think>\n\n"),
        ("[THINK]", "\n[/THINK]\n\n"),
        ("◁think▷", "\n◁/think▷\n\n"),
        ("<thought>\n", "\n</thought>\n\n"),
        ("<think></think>", ""),
        ("I think\n", ""),
    ],
)
def test_a_thought_that_the_template_opens_is_closed(opened: str, closed: str) -> None:
    always = CHATML.replace("assistant\n{% endif %}", f"assistant\n{opened}{{% endif %}}")
    assert leads(always, "user", "assistant")[1].endswith(f"assistant\n{opened}{closed}")


@pytest.mark.parametrize("written", ["", "<|END_THINKING|>", "<|END_THINKING|><|START_TEXT|>"])
def test_a_thought_is_closed_as_the_template_shows_it(written: str) -> None:
    source = SHOWN_THOUGHT.replace("<|assistant|><|START_THINKING|>", f"<|assistant|><|START_THINKING|>{written}")
    assert leads(source, "user", "assistant", "user") == [
        "<|user|><|START_TEXT|>",
        "<|END_TEXT|><|assistant|><|START_THINKING|><|END_THINKING|><|START_TEXT|>",
        "<|END_TEXT|><|user|><|START_TEXT|>",
    ]


def test_after_a_closed_thought_a_reply_begins_as_past_ones_do() -> None:
    source = SHOWN_THOUGHT.replace("<|START_THINKING|>{%", "<|START_THINKING|><|END_THINKING|>{%")
    source = source.replace("m.reasoning_content", "m.never")
    assert leads(source, "user", "assistant")[1].endswith("<|START_THINKING|><|END_THINKING|><|START_TEXT|>")


def test_a_reply_begins_with_what_the_template_writes_before_past_replies() -> None:
    assert leads(CHANNELS, "user", "assistant", "user", "assistant") == [
        "<|start|>user<|message|>",
        "<|end|><|start|>assistant<|channel|>final<|message|>",
        "<|end|><|start|>user<|message|>",
        "<|end|><|start|>assistant<|channel|>final<|message|>",
    ]


def test_a_line_end_before_past_replies_is_kept_and_a_space_is_not() -> None:
    source = CHATML.replace("{{ message.content }}", "{{ ' \n ' if message.role == 'assistant' }}{{ message.content }}")
    assert leads(source, "user", "assistant")[1].endswith("<|im_start|>assistant\n \n")


def test_a_template_that_strips_contents_is_noticed() -> None:
    assert ChatTemplate(NO_SYSTEM).lead(["user"]) == Lead("[INST] ", strips=True)
    assert not ChatTemplate(CHATML).lead(["user"]).strips


@pytest.mark.parametrize("source", [NO_SYSTEM, SYSTEM_LAST])
def test_a_system_message_without_a_turn_of_its_own_joins_the_first_user_turn(source: str) -> None:
    messages = [Message("system", "Rules."), Message("user", "Hello"), Message("assistant", "Hi"), Message("user", "?")]
    assert ChatTemplate(source).turns(messages) == [Message("user", "Rules.\n\nHello"), *messages[2:]]


def test_a_system_message_that_the_template_leaves_out_is_left_out() -> None:
    template = ChatTemplate("{% for m in messages if m.role != 'system' %}<{{ m.role }}>{{ m.content }}{% endfor %}")
    assert template.omits_system
    assert template.turns([Message("system", "Rules."), Message("user", "Hello")]) == [Message("user", "Hello")]


def test_observations_are_user_turns_and_neighbours_share_a_turn() -> None:
    messages = [Message("user", "a"), Message("assistant", "b"), Message("observation", "c"), Message("user", "d")]
    assert ChatTemplate(CHATML).turns(messages) == [*messages[:2], Message("user", "c\n\nd")]


def test_only_leading_system_messages_form_the_system_turn() -> None:
    messages = [Message("system", "a"), Message("system", "b"), Message("user", "c"), Message("system", "d")]
    assert ChatTemplate(CHATML).turns(messages) == [Message("system", "a\n\nb"), Message("user", "c\n\nd")]


@pytest.mark.parametrize("before", [[], [Message("system", "Rules.")]])
def test_a_conversation_that_the_model_begins_gets_an_empty_user_turn(before: list[Message]) -> None:
    turns = ChatTemplate(CHATML).turns([*before, Message("assistant", "Hi")])
    assert turns == [*before, Message("user", ""), Message("assistant", "Hi")]


def test_a_system_message_alone_gets_an_empty_user_turn() -> None:
    assert ChatTemplate(CHATML).turns([Message("system", "Rules.")])[-1] == Message("user", "")


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        (None, "has none"),
        ("{% if %}", "Expected an expression"),
        ("{{ raise_exception('never') }}", "never"),
        ("{{ messages[-1].content }}", "drops"),
        ("{{ raise_exception('Too short') if messages | length < 3 }}" + CHATML, "Too short"),
        ("{{ ''.__class__.__mro__[1].__subclasses__() }}", "unsafe"),
    ],
)
def test_without_a_usable_template_chatml_is_used_and_said(source: str | None, reason: str) -> None:
    template = ChatTemplate(source)
    assert reason in template.note
    assert template.lead(["user"]).text == "<|im_start|>user\n"


def test_a_template_that_wants_tools_is_given_none_of_them() -> None:
    source = "{% for tool in tools %}{{ tool }}{% endfor %}{{ 'Functions: ' + functions }}" + CHATML
    assert leads(source, "user") == ["Functions: []<|im_start|>user\n"]


def test_a_usable_template_needs_no_note() -> None:
    assert ChatTemplate(CHATML).note == ""


def test_a_template_that_refuses_a_longer_conversation_says_so() -> None:
    short = "{% if messages | length > 4 %}{{ raise_exception('Too long') }}{% endif %}" + CHATML
    template = ChatTemplate(short)
    with pytest.raises(EngineError, match="Too long"):
        template.lead(["user", "assistant", "user", "assistant", "user"])


def test_the_functions_that_publishers_expect_are_there() -> None:
    source = "{{ {'a': 'é'} | tojson }}{{ strftime_now('%%') }}{% generation %}!{% endgeneration %}" + CHATML
    assert leads(source, "user") == ['{"a": "é"}%!<|im_start|>user\n']
