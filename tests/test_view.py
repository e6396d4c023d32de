"""What a person sees of a turn: in the terminal's view, in plain text, and as JSON lines."""

from __future__ import annotations

import io
import json
import re
import threading
import time
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from offline_interpreter.records import (
    Approved,
    Artifact,
    ArtifactFound,
    CellEnd,
    CellStart,
    CodeDelta,
    Event,
    MessageDelta,
    Notice,
    Output,
    OutputMade,
    ProgressMade,
    ReplyStats,
    StepTaken,
    TurnEnd,
    TurnStart,
    TurnStats,
    event_json,
)
from offline_interpreter.undone import FileLeft, FilesUndone, Undone
from offline_interpreter.view import JsonView, PlainView, TerminalView, View, make_view
from offline_interpreter.view.words import progress_line

NOTE = "Reading sales.csv and drawing revenue for each region."
CODE = 'import pandas as pd\n\ndf = pd.read_csv("sales.csv")\nprint(df.shape)'
ANSWER = "I drew **revenue** by region.\n\n- North leads\n- South follows"

OBEYED = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
HOSTILE = [
    "\x1b]52;c;c2VjcmV0\x07",
    "\x1b]0;title\x1b\\",
    "\x1b[2J\x1b[1;1H",
    "\x1b[",
    "\x1b]never ended",
    "\x9b31m",
    "\x9d0;title\x9c",
    "\x1bPq#0\x1b\\",
    "over\rwritten",
    "\b\b\b",
    "\u202egnp.exe",
    "\udc80",
    "&#27;[31m",
    "[red]not a style[/red]",
    "\x0b\x0c\x85\u2028",
]


class Screen(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


def step(message: str, code: str = "") -> StepTaken:
    return StepTaken("code" if code else "answer", message, code, cut=False, finish="complete", stats=ReplyStats())


def streamed(message: str, code: str = "", size: int = 7) -> list[Event]:
    """Return one step as it comes from a model."""
    pieces = [MessageDelta(message[start : start + size]) for start in range(0, len(message), size)]
    pieces += [CodeDelta(code[start : start + size]) for start in range(0, len(code), size)]
    return [*pieces, step(message, code)]


def answered(answer: str) -> TurnEnd:
    return TurnEnd("answered", answer, TurnStats(steps=2, cells=1))


def printed(text: str, name: str = "stdout") -> OutputMade:
    return OutputMade(1, Output("stream", text, name))


def a_cell(*outputs: Output | Event, status: str = "ok") -> list[Event]:
    made = [OutputMade(1, output) if isinstance(output, Output) else output for output in outputs]
    return [CellStart(1, ""), *made, CellEnd(1, status, 1.5, False, "outputs/cell-1.txt")]


def on_terminal(events: Sequence[Event], width: int = 80, *, verbose: bool = False) -> str:
    """Return what the terminal's view prints, both streams together, without colors."""
    stream = io.StringIO()
    view = TerminalView(out=stream, err=stream, width=width, verbose=verbose)
    for event in events:
        view.show(event)
    view.close()
    return stream.getvalue()


def in_plain(events: Sequence[Event]) -> tuple[str, str]:
    """Return what the plain view writes to each stream."""
    out, err = io.StringIO(), io.StringIO()
    view = PlainView(out, err)
    for event in events:
        view.show(event)
    view.close()
    return out.getvalue(), err.getvalue()


TURN: list[Event] = [
    TurnStart("plot revenue by region from sales.csv", 1),
    ProgressMade("prompt", 0, 2140),
    ProgressMade("prompt", 2140, 2140),
    *streamed(NOTE, CODE),
    Approved("run", CODE),
    CellStart(1, CODE),
    printed("(12, "),
    printed("3)\n"),
    printed("careful\n", "stderr"),
    OutputMade(1, Output("display", "<Figure>", data={"image/png": "aGVsbG8="}, path="figures/cell-1-1.png")),
    CellEnd(1, "ok", 0.8, False, "outputs/cell-1.txt"),
    ArtifactFound(1, Artifact("revenue.png", "created", 21_100)),
    ArtifactFound(1, Artifact("sales.csv", "modified", 900, preexisting=True)),
    *streamed(ANSWER),
    answered(ANSWER),
]


# -- a whole turn -------------------------------------------------------------------------------------------------


def test_turn_on_a_terminal() -> None:
    assert on_terminal(TURN) == (
        "\n"
        "Reading sales.csv and drawing revenue for each region.\n"
        "\n"
        "  ┃ import pandas as pd\n"
        "  ┃\n"
        '  ┃ df = pd.read_csv("sales.csv")\n'
        "  ┃ print(df.shape)\n"
        "\n"
        "  (12, 3)\n"
        "  careful\n"
        "  → figures/cell-1-1.png\n"
        "  → revenue.png  (created, 21 kB)\n"
        "  ! sales.csv was modified by this cell\n"
        "\n"
        "I drew revenue by region.\n"
        "\n"
        " • North leads\n"
        " • South follows\n"
        "\n"
    )


def test_turn_in_plain_text() -> None:
    out, err = in_plain(TURN)
    assert out == ANSWER + "\n"
    assert err == (
        "Reading 2,140 tokens.\n"
        "Reading sales.csv and drawing revenue for each region.\n"
        "    import pandas as pd\n"
        "\n"
        '    df = pd.read_csv("sales.csv")\n'
        "    print(df.shape)\n"
        "(12, 3)\n"
        "careful\n"
        "→ figures/cell-1-1.png\n"
        "→ revenue.png  (created, 21 kB)\n"
        "! sales.csv was modified by this cell\n"
    )


def test_turn_as_json_lines() -> None:
    out = io.StringIO()
    view = JsonView(out)
    for event in TURN:
        view.show(event)
    view.close()
    lines = [json.loads(line) for line in out.getvalue().splitlines()]
    assert [line["kind"] for line in lines] == [event.kind for event in TURN]
    assert lines[-1]["answer"] == ANSWER
    figure = next(line["output"] for line in lines if line["kind"] == "output" and line["output"]["path"])
    assert figure["path"] == "figures/cell-1-1.png"
    assert "aGVsbG8=" not in out.getvalue()


def test_json_lines_need_no_particular_encoding() -> None:
    out = io.StringIO()
    JsonView(out).show(Notice("größer → \x9b31m \udc80"))
    assert out.getvalue().isascii()
    assert json.loads(out.getvalue())["text"] == "größer → \x9b31m \udc80"


def test_on_a_terminal_messages_go_to_out_and_the_rest_to_err() -> None:
    out, err = io.StringIO(), io.StringIO()
    view = TerminalView(out=out, err=err, width=80)
    for event in TURN:
        view.show(event)
    assert out.getvalue().split("\n") == [NOTE, "I drew revenue by region.", " • North leads", " • South follows", ""]
    assert "┃ import" in err.getvalue()
    assert "I drew" not in err.getvalue()


# -- what the model says ------------------------------------------------------------------------------------------

DOCUMENT = """# A heading

A paragraph with **bold words that go on over the end of a line of forty columns**, `code`, and snake_case_names.

1. first
2. second, which is *long enough* to be wrapped once or twice on a narrow screen
10. tenth

| region | revenue |
|---|---|
| North | 48,210 |

```python
x = 1

print(x)
```

> quoted, and long enough to be wrapped on a narrow screen as well

The end: 2 * 3 = 6, and see [the docs](http://example.org)."""


@pytest.mark.parametrize("size", [1, 2, 3, 5, 16, 61, 1000])
def test_streaming_prints_the_same_as_the_whole(size: int) -> None:
    assert on_terminal(streamed(DOCUMENT, size=size), width=40) == on_terminal([step(DOCUMENT)], width=40)


def test_answer_is_rendered() -> None:
    assert on_terminal([step(DOCUMENT)], width=40).split("\n") == [
        "A heading",
        "",
        "A paragraph with bold words that go on",
        "over the end of a line of forty columns,",
        "code, and snake_case_names.",
        "",
        "  1 first",
        "  2 second, which is long enough to be",
        "    wrapped once or twice on a narrow",
        "    screen",
        "  3 tenth",
        "",
        "region  revenue",
        "───────────────",
        "North    48,210",
        "",
        "  x = 1",
        "",
        "  print(x)",
        "",
        "▌ quoted, and long enough to be",
        "▌ wrapped on a narrow screen as well",
        "",
        "The end: 2 * 3 = 6, and see the docs",
        "(http://example.org).",
        "",
    ]


def test_lines_of_an_answer_stay_lines() -> None:
    answer = "The sum of revenue by region:\nNorth: 165\nSouth: 80"
    assert on_terminal([step(answer)]) == on_terminal(streamed(answer, size=3)) == f"{answer}\n"


def test_finished_lines_are_printed_before_the_paragraph_ends() -> None:
    out = io.StringIO()
    view = TerminalView(out=out, err=io.StringIO(), width=40)
    for _ in range(4):
        view.show(MessageDelta("word " * 8))
    assert out.getvalue() == "word word word word word word word word\n" * 3
    view.close()
    assert out.getvalue() == "word word word word word word word word\n" * 4


def test_answer_is_printed_once_though_three_events_bear_it() -> None:
    shown = on_terminal([TurnStart("?", 1), *streamed("It is 17797."), answered("It is 17797.")])
    assert shown.count("17797") == 1


def test_answer_that_no_step_bore_is_printed() -> None:
    events = [TurnStart("?", 1), answered("It is 17797.")]
    assert "It is 17797.\n" in on_terminal(events)
    assert in_plain(events)[0] == "It is 17797.\n"


def test_html_and_definitions_in_an_answer_are_not_dropped() -> None:
    shown = on_terminal([step("Use `List<int>` or <name>.\n\n<div>kept</div>\n\n[a]: http://example.org")])
    assert shown == "Use List<int> or <name>.\n\n<div>kept</div>\n\n[a]: http://example.org\n"


@settings(deadline=None, max_examples=60)
@given(st.lists(st.sampled_from(["word", "**", "*", "`", "_", "[a](b", "|", "\n", "\n\n", "- ", "1. ", "# ", " "])))
def test_no_word_is_lost_however_broken_the_markdown(parts: list[str]) -> None:
    text = " ".join(f"{part} w{number}w" for number, part in enumerate(parts))
    shown = on_terminal(streamed(text, size=5), width=30)
    assert [word for word in re.findall(r"w\d+w", text) if word not in shown] == []


# -- code ---------------------------------------------------------------------------------------------------------


def test_code_is_highlighted_line_by_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)
    stream = Screen()
    view = TerminalView(out=stream, err=stream, width=80)
    for event in streamed("", 'text = """one\ntwo"""\nfor x in text: pass'):
        view.show(event)
    view.close()
    lines = [line.rpartition("\x1b[K")[2] for line in stream.getvalue().split("\n")]
    colors = {re.sub(r"\x1b\[[\d;]*m", "", line): set(re.findall(r"\x1b\[([\d;]+)m", line)) for line in lines}
    assert colors['  ┃ two"""'] >= {"33"}  # a string, as its first line says
    assert colors["  ┃ for x in text: pass"] >= {"94"}  # keywords


def test_no_color_is_respected(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("NO_COLOR", "1")
    stream = Screen()
    view = TerminalView(out=stream, err=stream, width=80)
    for event in TURN:
        view.show(event)
    assert set(re.findall(r"\x1b\[([\d;]*)m", stream.getvalue())) <= {"0", "1", "2"}  # weights, no colors


@pytest.mark.parametrize("size", [1, 7, 1000])
def test_code_is_printed_once_however_it_comes(size: int) -> None:
    assert on_terminal(streamed("Do it.", CODE, size=size)) == on_terminal([step("Do it.", CODE)])


def test_long_code_is_folded_and_not_cut() -> None:
    code = "print(" + " + ".join(f"number_{index}" for index in range(20)) + ")"
    lines = on_terminal([step("", code)], width=40).strip("\n").split("\n")
    assert all(len(line) <= 40 for line in lines)
    assert "".join(line.removeprefix("  ┃ ") for line in lines).replace(" ", "") == code.replace(" ", "")


@pytest.mark.parametrize(
    ("char", "spelled"), [("\x1b", r"\x1b"), ("\u202e", r"\u202e"), ("\u200b", r"\u200b"), ("\r", r"\r")]
)
def test_what_cannot_be_seen_is_spelled_out_in_code(char: str, spelled: str) -> None:
    events = [step("", f"a = 1 {char}# b")]
    assert f"a = 1 {spelled}# b" in on_terminal(events)
    assert f"a = 1 {spelled}# b" in in_plain(events)[1]


def test_edited_code_is_shown_again() -> None:
    events = [step("Do it.", "print(1)"), Approved("edited", "print(2)"), *a_cell(Output("stream", "2\n", "stdout"))]
    assert on_terminal(events).split("\n")[2:] == ["  ┃ print(1)", "", "", "  ┃ print(2)", "", "  2", ""]
    assert in_plain(events)[1] == "Do it.\n    print(1)\nChanged to:\n    print(2)\n2\n"


# -- output -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("chunks", "lines"),
    [
        (["10 %\r", "50 %\r", "100 %", "\n"], ["100 %"]),
        (["one\r", "\ntwo\r\n"], ["one", "two"]),
        (["\x1b[3", "1mred\x1b", "[0m\n"], ["red"]),
        (["a\x1b]0;ti", "tle\x07b\n"], ["ab"]),
        (["\x1b]never ended\n", "next\n"], ["", "next"]),
        (["no end"], ["no end"]),
        (["a\n\nb\n"], ["a", "", "b"]),
    ],
)
def test_stream_becomes_lines(chunks: list[str], lines: list[str]) -> None:
    events = a_cell(*(printed(chunk) for chunk in chunks))
    assert [line.strip() for line in on_terminal(events).rstrip("\n").split("\n")[-len(lines) :]] == lines
    assert in_plain(events)[1].split("\n")[-len(lines) - 1 : -1] == lines


def test_standard_output_and_error_do_not_mix_within_a_line() -> None:
    shown = on_terminal(a_cell(printed("half "), printed("warning\n", "stderr"), printed("whole\n")))
    assert shown.split("\n")[-3:-1] == ["  warning", "  half whole"]


def test_flood_is_printed_whole_and_in_order() -> None:
    text = "".join(f"line {number}\n" for number in range(100_000))
    events = a_cell(*(printed(text[start : start + 8192]) for start in range(0, len(text), 8192)))
    assert on_terminal(events).split("\n")[:-1] == [f"  line {number}" for number in range(100_000)]


def test_a_line_that_never_ends_is_broken_and_not_held() -> None:
    view = TerminalView(out=io.StringIO(), err=(err := io.StringIO()), width=80)
    view.show(CellStart(1, ""))
    for _ in range(10_000):
        view.show(printed("."))
    assert err.getvalue().count(".") > 5_000
    view.close()
    assert err.getvalue().count(".") == 10_000


def test_output_beyond_the_cap_is_announced_once_with_its_file() -> None:
    made = OutputMade(1, Output("stream", "last shown", "stdout"), omitted=True)
    events = a_cell(printed("first\n"), made)
    assert on_terminal(events).split("\n")[:-1] == [
        "  first",
        "  last shown",
        "  … more output is in the file",
        "  → outputs/cell-1.txt  (all of the output)",
    ]
    assert in_plain(events)[1].count("more output") == 1


def test_cell_without_output_says_so() -> None:
    assert on_terminal([*a_cell(), Notice("next")]) == "  no output\n\nnext\n\n"


ERROR = "\n".join(["Cell 1, line 4", *(f"  frame {number}" for number in range(20)), "KeyError: 'regin'"])


def test_error_is_short_unless_all_is_wanted() -> None:
    events = a_cell(Output("error", ERROR, "KeyError"), status="error")
    shown = on_terminal(events).split("\n")
    assert shown[:2] == ["  … 14 more lines", "    frame 13"]
    assert shown[-2] == "  KeyError: 'regin'"
    assert "frame 0" in on_terminal(events, verbose=True)


def test_error_is_red(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)
    view = TerminalView(out=Screen(), err=(err := Screen()), width=80)
    view.show(OutputMade(1, Output("error", "KeyError: 'x'", "KeyError")))
    view.close()
    assert "\x1b[31m  KeyError: 'x'\x1b[0m" in err.getvalue()


@pytest.mark.parametrize(
    ("status", "lost", "line"),
    [
        ("interrupted", False, "Interrupted after 1.5 s. Variables are kept."),
        ("timeout", True, "Stopped after 1.5 s, the time limit (--timeout). Variables are lost, files remain."),
        ("died", True, "The interpreter died and starts again. Variables are lost, files remain."),
    ],
)
def test_how_a_cell_ended_is_told(status: str, lost: bool, line: str) -> None:
    events = [CellStart(1, ""), CellEnd(1, status, 1.5, lost, "")]
    assert f"  {line}\n" in on_terminal(events)
    assert in_plain(events)[1] == f"{line}\n"


@pytest.mark.parametrize(
    ("artifact", "line"),
    [
        (Artifact("a.png", "created", 21_100), "→ a.png  (created, 21 kB)"),
        (Artifact("a.csv", "modified", 1_234_567), "→ a.csv  (modified, 1.2 MB)"),
        (Artifact("a.csv", "deleted", 0), "→ a.csv  (deleted)"),
        (Artifact("a.csv", "modified", 5, preexisting=True), "! a.csv was modified by this cell"),
        (Artifact("a.csv", "deleted", 0, preexisting=True), "! a.csv was deleted by this cell"),
        (Artifact("a\x1b[2J\n.csv", "created", 999), "→ a?.csv  (created, 999 B)"),
    ],
)
def test_files_are_named(artifact: Artifact, line: str) -> None:
    events = [*a_cell(), ArtifactFound(1, artifact)]
    assert on_terminal(events) == f"  {line}\n"
    assert in_plain(events)[1] == f"{line}\n"


def test_many_files_are_counted_and_changed_ones_always_named() -> None:
    found = [ArtifactFound(1, Artifact(f"{number}.png", "created", 1)) for number in range(100)]
    found.append(ArtifactFound(1, Artifact("sales.csv", "deleted", 0, preexisting=True)))
    lines = on_terminal([*a_cell(), *found, TurnStart("next", 2)]).split("\n")
    assert lines[19:23] == [
        "  → 19.png  (created, 1 B)",
        "  ! sales.csv was deleted by this cell",
        "  … 80 more files",
        "",
    ]


# -- nothing that a terminal obeys --------------------------------------------------------------------------------


def everything_with(text: str) -> list[Event]:
    """Return events that carry ``text`` wherever text can stand."""
    outputs = [
        Output("stream", f"{text}\n", "stdout"),
        Output("stream", text, "stderr"),
        Output("result", text, data={"text/html": f"<table><tr><td>{text}</td></tr></table>"}),
        Output("display", text, path=text),
        Output("error", text, text),
    ]
    return [
        TurnStart(text, 1),
        *streamed(text, text, size=3),
        Approved("edited", text, text),
        *a_cell(*outputs),
        ArtifactFound(1, Artifact(text, "created", 1)),
        Notice(text),
        *streamed(f"| a |\n|---|\n| {text} |\n\n# {text}\n\n`{text}` [{text}]({text})"),
        TurnEnd("error", text, TurnStats()),
    ]


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_reaches_no_terminal(text: str) -> None:
    events = everything_with(f"a{text}b")
    assert set(OBEYED.findall(on_terminal(events))) == set()
    assert set(OBEYED.findall("".join(in_plain(events)))) == set()


@settings(deadline=None, max_examples=60)
@given(st.text(st.characters(max_codepoint=0x2100), max_size=30))
def test_no_text_reaches_a_terminal_with_something_that_it_obeys(text: str) -> None:
    assert set(OBEYED.findall(on_terminal(everything_with(text)))) == set()


def test_rich_markup_is_text() -> None:
    events = [
        *a_cell(printed("[red]a[/red] [/]\n", "stderr")),
        Notice("[bold]b :smile:"),
        *streamed("[i]c[/i] :smile:"),
    ]
    shown = on_terminal(events)
    assert "[red]a[/red] [/]" in shown
    assert "[bold]b :smile:" in shown
    assert "[i]c[/i] :smile:" in shown


# -- how turns end ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "line"),
    [
        ("exhausted", "The turn ended without an answer after 12 steps."),
        ("repeated", "The turn ended without an answer: the model wrote the same code again and again."),
        ("refused", "Stopped."),
        ("interrupted", "Stopped."),
        ("approval_needed", "Nobody allowed it."),
        ("error", "Nobody allowed it."),
    ],
)
def test_turn_without_an_answer_says_why_and_answers_nothing(status: str, line: str) -> None:
    events = [TurnStart("?", 1), TurnEnd(status, "Nobody allowed it.", TurnStats(steps=12))]
    assert in_plain(events) == ("", f"{line}\n")
    assert on_terminal(events) == f"\n{line}\n\n"


@pytest.mark.parametrize("event", [Notice("Not allowed. Use -y."), Approved("needed", "1", "Not allowed. Use -y.")])
def test_the_reason_is_told_once(event: Event) -> None:
    events = [TurnStart("?", 1), event, TurnEnd("approval_needed", "The code did not run.", TurnStats())]
    assert in_plain(events)[1] == "Not allowed. Use -y.\n"
    assert on_terminal(events) == "\nNot allowed. Use -y.\n\n"


def test_code_that_was_cut_is_said_not_to_run() -> None:
    cut = StepTaken("code", "Count.", "for x in", cut=True, finish="length", stats=ReplyStats())
    assert "The code was cut off, so it does not run." in on_terminal([cut])


def test_verbose_tells_what_a_turn_took() -> None:
    end = TurnEnd("answered", "", TurnStats(2, 1, 2140, 2000, 300, 12.3))
    shown = on_terminal([TurnStart("?", 1), end], verbose=True)
    assert "2 steps · 1 cell · 2,140 tokens read (2,000 of them known) · 300 written · 12 s" in shown


# -- the live line ------------------------------------------------------------------------------------------------


@pytest.fixture
def screen(monkeypatch: pytest.MonkeyPatch) -> Screen:
    monkeypatch.setenv("TERM", "xterm-256color")
    return Screen()


def wait_until(screen: Screen, text: str) -> None:
    ends_at = time.monotonic() + 10
    while text not in screen.getvalue():
        assert time.monotonic() < ends_at, f"{text!r} is not in {screen.getvalue()!r}"
        time.sleep(0.02)


@pytest.mark.parametrize(
    ("event", "live"),
    [
        (TurnStart("?", 1), "thinking"),
        (ProgressMade("load", 40, 100), "Loading the model ▕████      ▏ 40 % · Ctrl-C stops"),
        (ProgressMade("prompt", 1305, 2140), "Reading 2,140 tokens ▕██████    ▏ 61 % · Ctrl-C stops"),
        (CellStart(1, ""), "s · Ctrl-C stops the cell, variables stay"),
        (MessageDelta("I am writ"), "I am writ"),
        (CodeDelta("x = 1\nprint(x"), "  ┃ print(x"),
    ],
)
def test_every_wait_is_shown(event: Event, live: str, screen: Screen) -> None:
    view = TerminalView(out=screen, err=screen, width=80)
    view.show(event)
    wait_until(screen, live)
    view.close()
    assert "\r\x1b[K" in screen.getvalue().partition(live)[2]  # it is erased


def test_unfinished_line_of_a_cell_is_live_until_it_ends(screen: Screen) -> None:
    view = TerminalView(out=screen, err=screen, width=80)
    view.show(CellStart(1, ""))
    view.show(printed("50 %|#####     |"))
    wait_until(screen, "  50 %|#####     | · ")
    view.show(printed("\r100 %|##########|\n"))
    view.close()
    assert screen.getvalue().endswith("\r\x1b[K  100 %|##########|\n")


def test_time_that_is_left_is_estimated(screen: Screen) -> None:
    view = TerminalView(out=screen, err=screen, width=80)
    view.show(ProgressMade("prompt", 0, 2000))
    time.sleep(1.1)
    view.show(ProgressMade("prompt", 1000, 2000))
    wait_until(screen, " s left · Ctrl-C stops")
    view.close()


def test_live_line_is_erased_before_text_is_printed(screen: Screen) -> None:
    view = TerminalView(out=screen, err=screen, width=80)
    view.show(CellStart(1, ""))
    wait_until(screen, "running")
    view.show(printed("done\n"))
    assert screen.getvalue().endswith("\r\x1b[K  done\n")
    view.close()


def test_live_line_never_wraps(screen: Screen) -> None:
    view = TerminalView(out=screen, err=screen, width=30)
    view.show(printed("表" * 40))
    wait_until(screen, "…")
    view.close()
    live = screen.getvalue().split("\r\x1b[2m")[1].split("\x1b")[0]
    assert len(live.replace("表", "xx")) < 30


def test_live_line_is_drawn_ten_times_a_second_at_most(screen: Screen) -> None:
    view = TerminalView(out=screen, err=screen, width=80)
    began = time.monotonic()
    for number in range(60):
        view.show(MessageDelta(f"{number} "))
        time.sleep(0.01)
    drawn = screen.getvalue().count("\x1b[K")
    assert 1 <= drawn <= (time.monotonic() - began) * 12 + 2
    view.close()


def test_nothing_is_live_where_there_is_no_terminal() -> None:
    view = TerminalView(out=io.StringIO(), err=(err := io.StringIO()), width=80)
    view.show(CellStart(1, ""))
    time.sleep(0.5)
    assert err.getvalue() == ""
    assert [thread for thread in threading.enumerate() if thread.name == "status line"] == []


def test_closing_ends_the_thread_and_a_later_turn_starts_it_again(screen: Screen) -> None:
    view = TerminalView(out=screen, err=screen, width=80)
    for _ in range(2):
        view.show(TurnStart("?", 1))
        assert [thread.name for thread in threading.enumerate()].count("status line") == 1
        view.close()
        assert "status line" not in [thread.name for thread in threading.enumerate()]


def test_a_terminal_that_is_gone_ends_the_live_line(screen: Screen) -> None:
    gone = Screen()
    view = TerminalView(out=screen, err=gone, width=80)
    gone.close()
    view.show(ProgressMade("load", 1, 100))
    ends_at = time.monotonic() + 10
    while "status line" in [thread.name for thread in threading.enumerate()]:
        assert time.monotonic() < ends_at
        time.sleep(0.02)
    view.close()


# -- which view ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("out", "term", "flags", "kind"),
    [
        (Screen(), "xterm", (False, False), TerminalView),
        (Screen(), "xterm", (True, False), PlainView),
        (Screen(), "dumb", (False, False), PlainView),
        (io.StringIO(), "xterm", (False, False), PlainView),
        (Screen(), "xterm", (False, True), JsonView),
    ],
)
def test_view_fits_the_stream(
    out: io.StringIO, term: str, flags: tuple[bool, bool], kind: type[View], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TERM", term)
    plain, json_lines = flags
    assert type(make_view(plain=plain, json_lines=json_lines, out=out, err=io.StringIO())) is kind


def test_streams_of_any_encoding_are_written_to() -> None:
    data = io.BytesIO()
    stream = io.TextIOWrapper(data, encoding="ascii")
    view = make_view(plain=True, json_lines=False, out=stream, err=stream)
    for event in TURN:
        view.show(event)
    assert b"? revenue.png  (created, 21 kB)" in data.getvalue()


def test_plain_text_says_once_what_is_waited_for() -> None:
    waits = [ProgressMade("prompt", done, 500) for done in (0, 250, 500)]
    assert in_plain(waits)[1] == "Reading 500 tokens.\n"


def test_plain_text_says_nothing_of_a_short_wait() -> None:
    waits = [ProgressMade("load", done, 100) for done in (0, 50, 100)]
    waits += [ProgressMade("prompt", done, 60) for done in (0, 60)]
    assert in_plain(waits)[1] == ""


def test_plain_text_speaks_of_a_load_that_takes_its_time() -> None:
    out, err = io.StringIO(), io.StringIO()
    view = PlainView(out, err)
    view.show(ProgressMade("load", 0, 100))
    time.sleep(0.6)
    view.show(ProgressMade("load", 50, 100))
    assert err.getvalue() == "Loading the model.\n"


def test_undo_is_told_file_by_file() -> None:
    files = FilesUndone(
        ("a",), ("b",), (FileLeft("c", "it was changed since"),), (FileLeft("d", "too large to be kept"),)
    )
    told = (
        "The last turn was undone.\n"
        "↶ a is as it was before\n"
        "↶ b was removed\n"
        "! c was left as it is: it was changed since\n"
        "! d could not be put back: too large to be kept\n"
        "Variables keep the values that the cells gave them.\n"
    )
    event = Undone("two", (1,), files)
    assert in_plain([event]) == ("", told)
    assert told in on_terminal([event])
    assert [each["path"] for each in event_json(event)["files"]["kept"]] == ["c"]


def test_keeping_files_is_told_when_it_takes_long() -> None:
    assert progress_line("keep", 50, 100, None).startswith("Keeping copies of files ▕█████     ▏ 50 %")
