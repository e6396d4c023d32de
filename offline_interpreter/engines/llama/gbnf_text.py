r"""JSON schemas to grammars in GBNF, the language of llama.cpp's samplers: text to text, without a model.

What it writes is what llguidance makes of the same schema: white space only in separators, escapes only for what must
be escaped (``\n``, ``\u0001``), so that no surrogate ever appears and a character is one however it is written. It
knows the schemas that this package uses and a few more; any other is an error, and nothing is left out in silence.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from offline_interpreter.errors import EngineError
from offline_interpreter.steps import ITEM_SEPARATOR, KEY_SEPARATOR

# llama.cpp makes a rule for each repetition that may be left out, and takes no more than 2,000 of them. So characters
# are counted in blocks: 40,000 take 400 rules, and at no place more than two of them are open.
BLOCK_CHARS = 200
MOST_CHARS = 2_000 * BLOCK_CHARS

# github.com/ggml-org/llama.cpp/blob/master/grammars/README.md
_COMMON_RULES = rf"""
char ::= [\x20-\x21\x23-\x5B\x5D-\x7E\x80-\uD7FF\uE000-\U0010FFFF] | "\\" escape
escape ::= ["\\bfnrt] | "u00" ([01] [0-9a-fA-F] | "7" [fF])
block ::= char{{{BLOCK_CHARS}}}
tail ::= char{{0,{BLOCK_CHARS - 1}}}
integer ::= "-"? ("0" | [1-9] [0-9]*)
number ::= integer ("." [0-9]+)? ([eE] [+-]? [0-9]+)?
boolean ::= "true" | "false"
null ::= "null"
"""

_ITEM_END, _KEY_END = f'"{ITEM_SEPARATOR}"', f'"{KEY_SEPARATOR}"'

_KEYWORDS = {
    "const": {"const"},
    "enum": {"enum"},
    "anyOf": {"anyOf"},
    "object": {"type", "properties", "required", "additionalProperties"},
    "array": {"type", "items"},
    "string": {"type", "minLength", "maxLength"},
} | {name: {"type"} for name in ("integer", "number", "boolean", "null")}


def write_gbnf(schema: Mapping[str, Any]) -> str:
    """Return the grammar of what follows ``schema``; its first rule is ``root``.

    Known are const, enum, anyOf, objects whose properties are all required and no others allowed, arrays, texts with
    bounds on their length, and plain values. Properties come in the order of the schema. Raises ``EngineError`` for
    anything else.
    """
    from jsonschema import Draft202012Validator, SchemaError  # 60 ms: only when a reply is asked for

    try:
        Draft202012Validator.check_schema(schema)
    except SchemaError as error:
        raise _unusable(error.message) from error
    writer = _Writer()
    rules = {"root": writer.value(schema)} | writer.rules
    return "\n".join(f"{name} ::= {body}" for name, body in rules.items()) + _COMMON_RULES


class _Writer:
    """Writes what stands for a schema in a rule; ``rules`` are those that it needs beside the common ones."""

    def __init__(self) -> None:
        self.rules: dict[str, str] = {}

    def value(self, schema: Mapping[str, Any]) -> str:
        kind = _kind(schema)
        match kind:
            case "const":
                return _constant(schema["const"])
            case "enum":
                return _one_of(schema["enum"], _constant)
            case "anyOf":
                return _one_of(schema["anyOf"], self.value)
            case "object":
                return self._object(schema)
            case "array":
                return self._array(schema)
            case "string":
                return self._string(schema)
            case _:
                return kind  # it has a common rule

    def _object(self, schema: Mapping[str, Any]) -> str:
        properties, required = schema.get("properties", {}), schema.get("required", [])
        if sorted(required) != sorted(properties) or schema.get("additionalProperties") is not False:
            raise _unusable("all properties of an object must be required, and no others allowed")
        fields = [f"{_constant(name)} {_KEY_END} {self.value(rule)}" for name, rule in properties.items()]
        return f'"{{" {f" {_ITEM_END} ".join(fields)} "}}"'

    def _array(self, schema: Mapping[str, Any]) -> str:
        item = self.value(schema.get("items", True))
        name = f"item-{len(self.rules)}"
        self.rules[name] = item
        return f'"[" ({name} ({_ITEM_END} {name})*)? "]"'

    def _string(self, schema: Mapping[str, Any]) -> str:
        least, most = int(schema.get("minLength", 0)), int(schema.get("maxLength", MOST_CHARS))
        if not least <= most <= MOST_CHARS:
            raise _unusable(f"a text cannot have {least} to {most} characters; the most is {MOST_CHARS}")
        blocks, rest = divmod(least, BLOCK_CHARS)
        more = self._up_to(most - least) if "maxLength" in schema else "char*"
        return f'"\\"" block{{{blocks}}} char{{{rest}}} {more} "\\""'

    def _up_to(self, count: int) -> str:
        """Return the name of the rule for at most ``count`` characters: blocks, and a last one that is not full."""
        rest = count % BLOCK_CHARS
        self.rules[f"up-to-{rest}"] = f"char{{0,{rest}}}"
        for size in range(rest + BLOCK_CHARS, count + 1, BLOCK_CHARS):
            self.rules[f"up-to-{size}"] = f"block up-to-{size - BLOCK_CHARS} | tail"
        return f"up-to-{count}"


def _kind(schema: Mapping[str, Any] | bool) -> str:
    if isinstance(schema, bool):  # anything at all, or nothing
        raise _unusable("it leaves open what a value is")
    kind = next((word for word in ("const", "enum", "anyOf") if word in schema), schema.get("type"))
    known = _KEYWORDS.get(kind) if isinstance(kind, str) else None
    if known is None or not known.issuperset(schema):
        words = ", ".join(map(repr, sorted(schema.keys() - (known or set()))))
        raise _unusable(f"without llguidance, {words or 'an empty one'} cannot be followed")
    return str(kind)


def _one_of(choices: Sequence[Any], write: Callable[[Any], str]) -> str:
    if not choices:
        raise _unusable("it leaves nothing to choose from")
    return f"({' | '.join(map(write, choices))})"


def _constant(value: Any) -> str:
    try:
        text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(ITEM_SEPARATOR, KEY_SEPARATOR))
        text.encode()
    except (TypeError, ValueError) as error:
        raise _unusable(f"{value!r} cannot be written: {error}") from error
    return _literal(text)


def _literal(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _unusable(reason: str) -> EngineError:
    return EngineError(f"The schema of the reply cannot be used: {reason}.")
