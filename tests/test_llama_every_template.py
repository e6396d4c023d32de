"""Every chat template that the engine's source holds, taken through a conversation as a session has it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

import pytest
from engine_samples import TEMPLATES, loaded_vocabulary, needs_samples

from offline_interpreter.engines.llama.template import ChatTemplate
from offline_interpreter.engines.llama.tokens import TokenLog
from offline_interpreter.engines.llama.vocabulary import Vocabulary
from offline_interpreter.records import Message

pytestmark = needs_samples

CONVERSATION = [
    Message("system", "You write Python.\n  Indented."),
    Message("user", "What is 37 * 481?"),
    Message("assistant", '{"action": "code", "message": "I multiply.", "code": "print(37 * 481)"}'),
    Message("observation", "Output:\n17797"),
    Message("assistant", '{"action": "code", "message": "I check.", "code": "17797 / 37"}'),
    Message("assistant", '{"action": "answer", "message": "It is 17797."}'),
    Message("user", "Grüße aus 東京 🎉"),
]

# What a reply begins with that the generation prompt does not hold: the end of a thought, or a channel.
COMPLETED = {
    "Apriel-1.6-15b-Thinker-fixed": "[BEGIN FINAL RESPONSE]\n",
    "ByteDance-Seed-OSS": "\n",
    "Cohere2MoE": "<|END_THINKING|><|START_TEXT|>",
    "CohereForAI-c4ai-command-r7b-12-2024-tool_use": "<|START_RESPONSE|>",
    "GLM-4.6": "\n",
    "Kimi-K2-Thinking": "<think></think>",
    "MiniMax-M2": "\n</think>\n\n",
    "NVIDIA-Nemotron-Nano-v2": "\n</think>\n\n",
    "StepFun3.5-Flash": "\n</think>\n",
    "deepseek-ai-DeepSeek-R1-Distill-Llama-8B": "\n</think>\n\n",
    "llama-cpp-deepseek-r1": "\n</think>\n\n",
    "meetkai-functionary-medium-v3.2": "all\n",
    "muse-glimmer": " to=user<|message|>",
    "openai-gpt-oss-120b": "<|channel|>final<|message|>",
    "poolside-Laguna-XS-2.1": "\n",
    "poolside-Laguna-XS.2": "\n",
    "upstage-Solar-Open-100B": "<|content|>",
}

# These write a past reply otherwise than they have one begin, mostly without its thought: so earlier text would change.
REWRITING = {
    "Apriel-1.6-15b-Thinker-fixed",
    "ByteDance-Seed-OSS",
    "Cohere2MoE",
    "CohereForAI-c4ai-command-r-plus-tool_use",
    "CohereForAI-c4ai-command-r7b-12-2024-tool_use",
    "MiniMax-M2",
    "NVIDIA-Nemotron-Nano-v2",
    "Qwen-QwQ-32B",
    "Qwen-Qwen3-0.6B",
    "Qwen3.5-4B",
    "Reka-Edge",
    "StepFun3.5-Flash",
    "deepseek-ai-DeepSeek-R1-Distill-Llama-8B",
    "deepseek-ai-DeepSeek-R1-Distill-Qwen-32B",
    "deepseek-ai-DeepSeek-V3.2",
    "google-gemma-4-31B-it",
    "google-gemma-4-31B-it-interleaved",
    "llama-cpp-deepseek-r1",
    "llama-cpp-rwkv-world",
    "openbmb-MiniCPM5-1B",
}

THOUGHT_OPENS = re.compile(
    r"<[\w:]*think(ing)?[\w:]*>|\[THINK\]|<\|START_THINKING\|>|<\|channel\|?>(analysis|thought)|<\|think\|>|to=self|"
    r"<\|open\|>think|<unused94>|<thought>|reasoning steps:"
)
THOUGHT_CLOSES = re.compile(
    r"</[\w:]*think(ing)?[\w:]*>|\[/THINK\]|<\|END_THINKING\|>|<channel\|>|<\|close\|>think|</thought>|BEGIN FINAL"
)

every_template = pytest.mark.parametrize("name", TEMPLATES)


@cache
def template_of(name: str) -> ChatTemplate:
    return ChatTemplate(TEMPLATES[name].read_text("utf-8"), bos="<bos>", eos="<eos>")


def leads(template: ChatTemplate) -> list[str]:
    """Return what stands before each content of the conversation, and before the reply to it."""
    roles = [turn.role for turn in template.turns(CONVERSATION)] + ["assistant"]
    return [template.lead(roles[: count + 1]).text for count in range(len(roles))]


def spelled(template: ChatTemplate) -> str:
    texts = [turn.text for turn in template.turns(CONVERSATION)] + [""]
    return "".join(lead + text for lead, text in zip(leads(template), texts, strict=True))


def own_leads(template: ChatTemplate) -> list[str]:
    """Return the same of the whole conversation as the template itself writes it."""
    turns = template.turns(CONVERSATION)
    messages = [{"role": turn.role, "content": turn.text} for turn in turns]
    text = template._template.render(messages=messages, add_generation_prompt=True, **template._variables)
    found = []
    for turn in turns:
        lead, _, text = text.partition(turn.text)
        found.append(lead)
    return [*found, text]


@pytest.fixture(scope="module")
def vocabulary() -> Iterator[Vocabulary]:
    with loaded_vocabulary("gpt-2") as loaded:
        yield loaded


@every_template
def test_template_is_used(name: str) -> None:
    assert template_of(name).note == ""


@every_template
def test_each_content_stands_there_once_in_order(name: str) -> None:
    template = template_of(name)
    text = spelled(template)
    contents = [turn.text for turn in template.turns(CONVERSATION)]
    assert [text.count(content) for content in contents] == [1] * len(contents)
    assert [text.index(content) for content in contents] == sorted(text.index(content) for content in contents)
    assert all(message.text in text for message in CONVERSATION)
    assert not re.search("@@|\x0b", text)


@every_template
def test_what_was_sent_stays_as_it_was(name: str, vocabulary: Vocabulary) -> None:
    template = template_of(name)
    log = TokenLog(template, vocabulary)
    sent: list[int] = []
    for count in (2, 4):
        prompt = log.prompt(CONVERSATION[:count])
        assert prompt[: len(sent)] == sent
        reply = vocabulary.content_tokens(CONVERSATION[count].text)
        log.add_reply(CONVERSATION[count].text, reply)
        sent = prompt + reply
    assert TokenLog(template, vocabulary).prompt(CONVERSATION)[: len(sent)] == sent


@every_template
def test_a_reply_begins_with_the_step_itself(name: str) -> None:
    template = template_of(name)
    prompt = leads(template)[-1]
    assert prompt == own_leads(template)[-1] + COMPLETED.get(name, "")
    assert not THOUGHT_OPENS.search(THOUGHT_CLOSES.split(prompt)[-1])


@every_template
def test_all_else_is_what_the_template_itself_writes(name: str) -> None:
    template = template_of(name)
    pairs = list(zip(leads(template)[:-1], own_leads(template)[:-1], strict=True))
    replies = [turn.role == "assistant" for turn in template.turns(CONVERSATION)]
    assert [pair for pair, is_reply in zip(pairs, replies, strict=True) if not is_reply and pair[0] != pair[1]] == []
    rewritten = [lead != own for (lead, own), is_reply in zip(pairs, replies, strict=True) if is_reply]
    assert rewritten == [name in REWRITING] * len(rewritten)
