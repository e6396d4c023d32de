"""A real child: what cells put out, how they are stopped, and what they may do to the host (nothing)."""

import base64
import gc
import os
import signal
import subprocess
import sys
import threading
import time
import tracemalloc
from collections.abc import Generator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest

from offline_interpreter.errors import KernelError
from offline_interpreter.kernel.manager import Kernel
from offline_interpreter.kernel.process import child_environment
from offline_interpreter.records import CellResult, Limits, Output

QUICK = Limits(grace_s=0.6)
PNG = b"\x89PNG"
LINK = "import gc\nlink = [o for o in gc.get_objects() if type(o).__name__ == 'Link'][0]\n"  # as a hostile cell would


@dataclass(frozen=True)
class Ran:
    outputs: list[Output]
    result: CellResult

    @property
    def status(self) -> str:
        return self.result.status

    def text(self, name="stdout") -> str:
        return "".join(output.text for output in self.outputs if output.kind == "stream" and output.name == name)

    def of(self, kind) -> list[Output]:
        return [output for output in self.outputs if output.kind == kind]

    @property
    def error(self) -> str:
        assert len(self.of("error")) == 1, self.outputs
        return self.of("error")[0].text

    @property
    def figures(self) -> list[Output]:
        return [output for output in self.outputs if "image/png" in output.data]


def outputs_of(kernel: Kernel, code: str, **options) -> Generator[Output, None, CellResult]:
    """Run a cell; leave out where it is."""
    running = kernel.execute(code, **options)
    with closing(running):
        while True:
            try:
                item = next(running)
            except StopIteration as end:
                return end.value
            if isinstance(item, Output):
                yield item


def run(kernel: Kernel, code: str, **options) -> Ran:
    outputs, running = [], outputs_of(kernel, code, **options)
    while True:
        try:
            outputs.append(next(running))
        except StopIteration as end:
            return Ran(outputs, end.value)


@pytest.fixture(scope="module")
def workspace(tmp_path_factory):
    return tmp_path_factory.mktemp("workspace")


@pytest.fixture(scope="module")
def shared(workspace):
    """One kernel for all cells that neither kill it nor mind the variables of others."""
    with closing(Kernel(workspace, limits=Limits(grace_s=5))) as kernel:
        yield kernel


@pytest.fixture
def own(tmp_path):
    with closing(Kernel(tmp_path, limits=QUICK)) as kernel:
        yield kernel


@pytest.fixture
def bare(tmp_path):
    """One whose processes have the same numbers inside as outside."""
    with closing(Kernel(tmp_path, limits=QUICK, sandbox="off")) as kernel:
        yield kernel


def interrupt_at_first_output(kernel: Kernel, code: str) -> Ran:
    outputs, running = [], outputs_of(kernel, code, timeout_s=30)
    while True:
        try:
            outputs.append(next(running))
        except StopIteration as end:
            return Ran(outputs, end.value)
        kernel.interrupt()


def wait_until(condition) -> None:
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def is_alive(process: int) -> bool:
    try:
        state = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
        threads = len(list(Path(f"/proc/{process}/task").iterdir()))
    except FileNotFoundError:
        return False
    return state not in "ZX" or threads > 1  # the first thread is a zombie while others still end


# -- state --------------------------------------------------------------------------------------------------------


def test_variables_last_from_cell_to_cell(shared):
    run(shared, "kept = 6")
    assert run(shared, "print(kept * 7)").text() == "42\n"


def test_what_a_start_puts_off_is_there_for_cells(own):
    code = (
        "import gc, logging.config\nprint(gc.isenabled(), 'logging' in logging.config.dictConfig.__module__)\n"
        "from traitlets.config.application import Application\nApplication().log.warning('said')"
    )
    ran = run(own, code)
    assert (ran.status, ran.text()) == ("ok", "True True\n")
    assert "said" in ran.text("stderr")


def test_start_does_not_wait_for_the_child(tmp_path):
    never_ready = tmp_path / "python"
    never_ready.write_text("#!/bin/sh\nsleep 600\n")
    never_ready.chmod(0o755)
    with closing(Kernel(tmp_path, python=str(never_ready))) as kernel:
        kernel.start()
        kernel.start()


def test_an_interrupt_ends_the_wait_for_a_child_that_is_not_ready(tmp_path):
    never_ready = tmp_path / "python"
    never_ready.write_text("#!/bin/sh\nsleep 600\n")
    never_ready.chmod(0o755)
    with closing(Kernel(tmp_path, python=str(never_ready))) as kernel:
        interrupting = threading.Timer(0.2, kernel.interrupt)
        interrupting.start()
        assert run(kernel, "1").result == CellResult("interrupted", 0.0)
        interrupting.join()


def test_restart_forgets_variables(own):
    run(own, "kept = 1")
    own.restart()
    assert "NameError" in run(own, "kept").error


def test_cells_run_in_the_workspace(shared, workspace):
    assert run(shared, "import os; print(os.getcwd())").text() == f"{workspace}\n"


def test_cells_import_modules_of_the_workspace(shared, workspace):
    (workspace / "helper_module.py").write_text("value = 'from the workspace'")
    assert run(shared, "import helper_module; print(helper_module.value)").text() == "from the workspace\n"


def test_cells_find_added_packages_last(tmp_path):
    (tmp_path / "added").mkdir()
    (tmp_path / "added" / "added_module.py").write_text("value = 1")
    (tmp_path / "added" / "json.py").write_text("raise SystemExit('shadowed')")
    with closing(Kernel(tmp_path, packages_dir=tmp_path / "added")) as kernel:
        ran = run(kernel, "import sys, json, added_module; print(sys.path[-1])")
    assert ran.text() == f"{tmp_path / 'added'}\n"


def test_nothing_of_the_workspace_runs_before_a_cell(tmp_path):
    for name in ("json", "IPython", "ctypes", "sitecustomize", "usercustomize", "protocol", "tempfile", "traitlets"):
        (tmp_path / f"{name}.py").write_text(f"open('ran-{name}', 'w')\nraise SystemExit('planted')")
    with closing(Kernel(tmp_path)) as kernel:
        assert run(kernel, "import json; print(json.dumps(1), display)").status == "ok"
    assert list(tmp_path.glob("ran-*")) == []


def test_our_files_are_not_importable_by_cells(shared):
    ran = run(shared, "import protocol")
    assert ran.error.endswith("ModuleNotFoundError: No module named 'protocol'")


def test_python_variables_of_the_host_do_not_reach_cells():
    given = {
        "PYTHONPATH": "/planted",
        "PYTHONSTARTUP": "/planted.py",
        "VIRTUAL_ENV": "/other",
        "PATH": "/bin",
        "HOME": "/h",
    }
    environment = child_environment(given, "/env/bin/python")
    assert environment["PATH"] == "/env/bin:/bin"
    assert environment["HOME"] == "/h"
    assert not {"PYTHONPATH", "PYTHONSTARTUP", "VIRTUAL_ENV"} & set(environment)


def test_no_file_of_ipython_appears_in_the_home(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("IPYTHONDIR", raising=False)
    with closing(Kernel(tmp_path)) as kernel:
        run(kernel, "%cd .\nx = 1")
        run(kernel, "1 / 0")
    assert list(tmp_path.iterdir()) == []


def test_start_up_files_of_ipython_do_not_run(tmp_path, monkeypatch):
    startup = tmp_path / "profile_default" / "startup"
    startup.mkdir(parents=True)
    (startup / "10-planted.py").write_text("planted = 1")
    (tmp_path / "profile_default" / "ipython_config.py").write_text("open('ran', 'w')")
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path))
    with closing(Kernel(tmp_path)) as kernel:
        assert "NameError" in run(kernel, "planted").error
    assert not (tmp_path / "ran").exists()


# -- streams ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "code",
    [
        "print('text')",
        "import os; os.write(1, b'text\\n')",
        "import subprocess; subprocess.run(['echo', 'text'])",
        "import os; os.system('echo text')",
        "import ctypes; ctypes.CDLL(None).printf(b'text\\n')",
        "!echo text",
        "!for word in te{xt,st}; do echo $word; break; done",
        "%%bash\necho text",
        "%%sh\necho text",
        "word = 'text'\n!echo {word}",
    ],
)
def test_whoever_prints_is_heard(shared, code):
    assert run(shared, code).text() == "text\n"


@pytest.mark.parametrize(
    "code", ["import sys; print('text', file=sys.stderr)", "!echo text >&2", "import os; os.write(2, b'text\\n')"]
)
def test_stderr_is_told_apart(shared, code):
    ran = run(shared, code)
    assert (ran.text("stdout"), ran.text("stderr")) == ("", "text\n")


@pytest.mark.parametrize("printing", ["print('now')", "print('now', end='')", "get_ipython().system('echo now')"])
def test_output_arrives_while_the_cell_runs(shared, workspace, printing):
    code = f"{printing}\nimport os, time\nwhile not os.path.exists('seen'): time.sleep(0.01)\nos.remove('seen')"
    running = outputs_of(shared, code, timeout_s=30)
    assert next(running).text.strip() == "now"
    (workspace / "seen").touch()
    assert run_rest(running).status == "ok"


def run_rest(running) -> CellResult:
    while True:
        try:
            next(running)
        except StopIteration as end:
            return end.value


def test_no_output_is_a_terminal(shared):
    code = "import os, sys\nprint(sys.stdout.isatty(), sys.stderr.isatty(), os.isatty(0), os.isatty(1))"
    assert run(shared, code).text() == "False False False False\n"


@pytest.mark.parametrize("command", ["!test -t 1 && echo terminal", "%%bash\nif test -t 1; then echo terminal; fi"])
def test_commands_have_no_terminal(shared, command):
    assert run(shared, command).text() == ""


def test_standard_input_is_empty(shared):
    assert run(shared, "import sys; print(repr(sys.stdin.read()))").text() == "''\n"


def test_characters_that_arrive_in_pieces_are_joined(shared):
    code = "import os, time\nfor byte in 'é€😀'.encode(): os.write(1, bytes([byte])); time.sleep(0.04)"
    ran = run(shared, code)
    assert ran.text() == "é€😀"


def test_bytes_that_are_no_text_are_replaced(shared):
    assert run(shared, "import os; os.write(1, b'a\\xffb\\xe2')").text() == "a�b�"


def test_half_a_surrogate_can_be_printed(shared):
    assert run(shared, "print('\\ud800')").text() == "\\ud800\n"


def test_text_is_utf8_whatever_the_locale(tmp_path, monkeypatch):
    monkeypatch.setenv("LC_ALL", "C")
    (tmp_path / "words.txt").write_text("größe", encoding="utf-8")
    with closing(Kernel(tmp_path)) as kernel:
        assert run(kernel, "print(open('words.txt').read())").text() == "größe\n"
        assert run(kernel, "import sys\n!{sys.executable} -c 'print(\"é\")'").text() == "é\n"


def test_small_pieces_are_gathered(shared):
    ran = run(shared, "for number in range(20_000): print(number)")
    assert ran.text().split() == [str(number) for number in range(20_000)]
    assert len(ran.outputs) < 1000


def test_long_output_comes_in_bounded_pieces(shared):
    ran = run(shared, "print('é' * 2_000_000)")
    assert len(ran.text()) == 2_000_001
    assert max(len(output.text.encode()) for output in ran.outputs) <= 2 << 16


@pytest.mark.parametrize(
    "code",
    [
        "for _ in range(200_000): print('x' * 99)",
        "print('x' * 50_000_000)",
        "!head -c 50000000 /dev/zero",
    ],
)
def test_the_memory_of_the_host_stays_flat(shared, code):
    tracemalloc.start()
    try:
        length = sum(len(output.text) for output in outputs_of(shared, code))
        peak_bytes = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert length >= 20_000_000
    assert peak_bytes < 5_000_000


def test_lines_of_threads_do_not_mix(shared):
    code = (
        "from concurrent.futures import ThreadPoolExecutor\n"
        "def say(number):\n    for _ in range(200): print('word', number, 'end')\n"
        "with ThreadPoolExecutor(4) as pool: list(pool.map(say, range(4)))"
    )
    assert set(run(shared, code).text().splitlines()) == {f"word {number} end" for number in range(4)}


def test_streams_and_displays_keep_their_order(shared):
    code = (
        "import sys\nfor number in range(50):\n"
        "    print(number); display(number); print('e', number, file=sys.stderr)\nnumber"
    )
    ran = run(shared, code)
    shown = "".join(output.text if output.kind == "stream" else f"[{output.text}]" for output in ran.outputs)
    stdout = "".join(f"[{o.text}]" if o.kind != "stream" else o.text for o in ran.outputs if o.name != "stderr")
    assert stdout == "".join(f"{number}\n[{number}]" for number in range(50)) + "[49]"
    assert all(shown.index(f"[{number}]") < shown.index(f"e {number}\n") for number in range(50))


def test_commands_and_displays_keep_their_order(shared):
    ran = run(shared, "for number in range(5):\n    !echo {number}\n    display(number)")
    assert [output.text.strip() for output in ran.outputs] == [text for n in range(5) for text in (str(n), str(n))]


def test_a_thread_that_prints_on_disturbs_no_cell(shared):
    code = (
        "import threading, time\n"
        "def speak():\n    for number in range(12): time.sleep(0.02); print('later', number); display(number)\n"
        "speaker = threading.Thread(target=speak); speaker.start()"
    )
    assert run(shared, code).status == "ok"
    assert [run(shared, f"time.sleep(0.03); print('cell {number}')").status for number in range(3)] == ["ok"] * 3
    assert run(shared, "speaker.join()\n'joined'").of("result")[0].text == "'joined'"


# -- results and displays -----------------------------------------------------------------------------------------


def test_the_last_expression_is_a_result(shared):
    assert run(shared, "print('before')\n{'a': 1}").outputs[-1] == Output(
        "result", "{'a': 1}", data={"text/plain": "{'a': 1}"}
    )


@pytest.mark.parametrize("code", ["1;", "None", "x = 1", ""])
def test_no_result_is_no_output(shared, code):
    assert run(shared, code).outputs == []


def test_results_are_kept_by_their_number(own):
    run(own, "'first'")
    run(own, "'second'")
    assert run(own, "Out[1], _2, _").of("result")[0].text == "('first', 'second', 'second')"


def test_numbers_go_on_after_a_restart(own):
    run(own, "1")
    own.restart()
    assert "Cell 2, line 1" in run(own, "1 / 0").error


def test_a_table_comes_as_html_and_as_text(shared):
    ran = run(shared, "import pandas\npandas.DataFrame({'price': [3, 4]})")
    (table,) = ran.of("result")
    assert "<table" in table.data["text/html"]
    assert table.text == table.data["text/plain"]
    assert "price" in table.text


def test_displays_come_as_they_are_made(shared):
    ran = run(shared, "from IPython.display import HTML, Markdown\ndisplay(HTML('<b>x</b>'), Markdown('*y*'))")
    assert [output.kind for output in ran.outputs] == ["display", "display"]
    assert ran.outputs[0].data["text/html"] == "<b>x</b>"
    assert ran.outputs[1].data["text/markdown"] == "*y*"


def test_every_form_of_a_bundle_is_text(shared):
    bundle = "{'application/json': {'a': [1]}, 'image/png': b'\\x89PNG', 'text/plain': 'p', 'x/half': '\\ud800'}"
    (output,) = run(shared, f"display({bundle}, raw=True)").outputs
    assert output.data["application/json"] == '{"a": [1]}'
    assert base64.b64decode(output.data["image/png"]) == PNG
    assert output.data["x/half"] == "\\ud800"


def test_what_is_too_large_to_show_is_said(shared):
    ran = run(shared, "display({'text/html': 'x' * 30_000_000, 'text/plain': 'short'}, raw=True)\n'y' * 30_000_000")
    shown, result = ran.outputs
    assert shown.data == {"text/plain": "short\n[text/html of 30 MB left out: too large to show]"}
    assert result.text.endswith("yyy …")
    assert len(result.text) < 2_000_000


def test_help_is_shown_as_a_display(shared):
    assert "Return the number of items" in run(shared, "len?").of("display")[0].text


PLOT = "import matplotlib.pyplot as plt\n"


@pytest.mark.parametrize(
    ("figures", "code"),
    [
        (1, "fig, ax = plt.subplots(); ax.plot([1, 2])"),
        (1, "plt.plot([1, 2]); plt.show()"),
        (1, "plt.plot([1, 2]); plt.title('x'); None"),
        (3, "for n in range(3): plt.plot([n, 2]); plt.show()"),
        (3, "for n in range(3): plt.figure(); plt.plot([n, 2])"),
        (2, "plt.figure(); plt.plot([1]); plt.figure(); plt.plot([1])"),
        (1, "fig, ax = plt.subplots(); ax.plot([1, 2]); fig"),
        (1, "fig, ax = plt.subplots(layout='tight'); ax.plot([1]); display(fig); plt.show(); fig"),
        (2, "fig, ax = plt.subplots(); ax.plot([1]); display(fig); ax.set_title('changed'); None"),
        (1, "fig, ax = plt.subplots(); ax.plot([1]); fig.savefig('a.png'); fig.show()"),
        (1, "plt.ioff(); plt.plot([1]); plt.ion(); None"),
        (1, "%matplotlib inline\nplt.plot([1]);"),
        (1, "import pandas; pandas.Series([1, 2]).plot()"),
        (1, "from matplotlib.figure import Figure\nfig = Figure(); fig.subplots().plot([1]); fig"),
        (1, "plt.plot([1]); 1 / 0"),
        (0, "plt.plot([1]); plt.savefig('b.png'); plt.close()"),
        (0, "plt.savefig('c.png'); plt.clf()"),
        (0, "plt.get_fignums()"),
    ],
)
def test_every_figure_is_shown_once(shared, figures, code):
    ran = run(shared, PLOT + code)
    assert len(ran.figures) == figures
    assert all(base64.b64decode(figure.data["image/png"]).startswith(PNG) for figure in ran.figures)


def test_figures_are_shown_with_a_backend_of_the_cell(own):
    ran = run(
        own,
        "import matplotlib; matplotlib.use('Agg')\n" + PLOT + "plt.plot([1]); plt.show(); plt.figure(); plt.plot([2])",
    )
    assert len(ran.figures) == 2


def test_a_figure_comes_where_it_was_shown(shared):
    ran = run(shared, PLOT + "print('a'); plt.plot([1]); plt.show(); print('b')")
    assert [output.text for output in ran.outputs if output not in ran.figures] == ["a\n", "b\n"]
    assert ran.outputs[1] in ran.figures


def test_a_figure_can_be_shown_again_in_another_cell(shared):
    run(shared, PLOT + "again, ax = plt.subplots(); ax.plot([1])")
    assert len(run(shared, "again").figures) == 1


def test_a_figure_that_cannot_be_drawn_is_an_error(shared):
    ran = run(shared, PLOT + "plt.plot([1]); plt.title(r'$\\frac{1$'); None")
    assert ran.status == "error"
    assert "ParseSyntaxException" in ran.error


def test_matplotlib_is_imported_by_cells_only(own):
    assert run(own, "import sys; print('matplotlib' in sys.modules, 'numpy' in sys.modules)").text() == "False False\n"


# -- errors -------------------------------------------------------------------------------------------------------


def test_an_error_names_the_line_of_the_cell(own):
    ran = run(own, "rows = {}\n\nrows['x']")
    assert ran.status == "error"
    assert ran.outputs == [Output("error", "Cell 1, line 3\n    rows['x']\nKeyError: 'x'", "KeyError")]


def test_functions_of_earlier_cells_are_named(own):
    run(own, "def inner(n):\n    return 1 / n")
    lines = run(own, "inner(0)").error.splitlines()
    assert lines[:2] == ["Cell 2, line 1", "    inner(0)"]
    assert lines[2:] == ["Cell 1, line 2, in inner", "    return 1 / n", "ZeroDivisionError: division by zero"]


def test_of_a_library_only_the_last_frame_is_shown(shared):
    lines = run(shared, "import json\njson.loads('{')").error.splitlines()
    assert [line.split(",")[0] for line in lines if ", line " in line] == [lines[0].split(",")[0], "json/decoder.py"]
    assert len(lines) == 5


def test_a_syntax_error_points_at_its_place(own):
    assert run(own, "x = 1\ny = = 2").error == "Cell 1, line 2\n    y = = 2\n        ^\nSyntaxError: invalid syntax"


def test_an_indentation_error_is_shown(shared):
    ran = run(shared, "if True:\nprint(1)")
    assert ran.of("error")[0].name == "IndentationError"
    assert "line 2\n    print(1)" in ran.error


@pytest.mark.parametrize(
    ("code", "line"),
    [
        ("raise ValueError('b') from KeyError('a')", "Caused by: KeyError: 'a'"),
        (
            "try: int('a')\nexcept ValueError: {}[1]",
            "While handling: ValueError: invalid literal for int() with base 10: 'a' (Cell ",
        ),
    ],
)
def test_earlier_exceptions_are_a_line_each(shared, code, line):
    lines = run(shared, code).error.splitlines()
    assert lines[0].startswith(line)
    assert lines[-1] in {"ValueError: b", "KeyError: 1"}


def test_an_error_raised_again_by_a_library_is_said_once(shared):
    error = run(shared, "import pandas\npandas.DataFrame({'a': [1]})['missing']").error
    assert error.endswith("KeyError: 'missing'")
    assert error.count("KeyError: 'missing'") == 1


def test_deep_recursion_is_shortened(shared):
    error = run(shared, "def f(n): return f(n + 1)\nf(0)").error
    assert "more times" in error
    assert error.splitlines()[-1].startswith("RecursionError")
    assert len(error) < 1000


def test_many_different_frames_are_shortened(shared):
    error = run(
        shared, "def even(n): return odd(n - 1)\ndef odd(n): return 1 / 0 if n < -40 else even(n - 1)\neven(1)"
    ).error
    assert "more frames" in error
    assert len(error.splitlines()) < 40


def test_no_frame_of_ours_and_no_escape_is_shown(shared):
    for code in (
        "1 / 0",
        "await __import__('asyncio').wait_for(1, 'x')",
        "%%bash\nfalse",
        "input()",
        "%run nothing_there.py",
    ):
        error = run(shared, code).error
        assert not any(word in error for word in ("IPython/", "kernel/", "\x1b", "run_cell"))


@pytest.mark.parametrize(
    "raising",
    [
        "class Odd(Exception):\n    def __str__(self): raise RuntimeError\nraise Odd",
        "raise Exception('x' * 10_000_000)",
        "raise Exception('\\ud800')",
        "error = Exception('a'); error.__cause__ = error; raise error",
        "raise type('N' * 1_000_000, (Exception,), {})",
        "import sys; sys.excepthook = sys.stderr = None; 1 / 0",
    ],
)
def test_an_odd_exception_is_still_an_error(shared, raising):
    ran = run(shared, raising)
    assert ran.status == "error"
    assert len(ran.error.encode()) < 2_100_000
    assert len(ran.of("error")[0].name) <= 200


def test_members_of_a_group_are_listed(shared):
    if sys.version_info < (3, 11):
        pytest.skip("exception groups came with Python 3.11")
    assert "  - KeyError: 'b'" in run(shared, "raise ExceptionGroup('several', [ValueError('a'), KeyError('b')])").error


def test_a_magic_that_is_not_there_is_one_line(shared):
    assert run(shared, "%nothing_like_it").error == "UsageError: Line magic function `%nothing_like_it` not found."


@pytest.mark.parametrize("code", ["import sys; sys.exit()", "exit()", "quit()", "raise SystemExit(0)"])
def test_a_plain_exit_ends_the_cell_only(shared, code):
    run(shared, "kept = 1")
    ran = run(shared, f"{code}\nprint('not reached')")
    assert (ran.status, ran.outputs) == ("ok", [])
    assert run(shared, "kept").status == "ok"


def test_an_exit_with_a_reason_is_an_error(shared):
    assert run(shared, "import sys; sys.exit('it failed')").error.endswith("SystemExit: it failed")


def test_warnings_name_the_cell(own):
    assert run(own, "import warnings\nwarnings.warn('old')").text("stderr").startswith("<Cell 1>:2: UserWarning: old")


# -- input --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("asking", "secret"), [("input('Name? ')", False), ("__import__('getpass').getpass('Name? ')", True)]
)
def test_the_person_is_asked(shared, asking, secret):
    asked = []

    def answer(prompt, is_secret):
        asked.append((prompt, is_secret))
        return "Ada \ud800é"

    assert run(shared, f"print({asking})", ask_input=answer).text() == "Ada \\ud800é\n"
    assert asked == [("Name? ", secret)]


def test_output_before_a_question_comes_first(shared):
    seen, at_question = [], []
    running = outputs_of(shared, "print('before'); input()", ask_input=lambda *_: at_question.extend(seen) or "x")
    seen.extend(output.text for output in iter(lambda: next(running, None), None) if not seen)
    assert seen == ["before\n"]


def test_with_nobody_there_a_question_is_a_clear_error(shared):
    assert run(shared, "input('Name? ')").error.splitlines()[-1].startswith("EOFError: Nobody is there to answer")


def test_a_person_who_ends_the_input_is_nobody(shared):
    def leave(prompt, secret):
        raise EOFError

    assert "EOFError: Nobody is there" in run(shared, "input()", ask_input=leave).error


def test_a_person_who_interrupts_a_question_interrupts_the_cell(shared):
    def interrupt(prompt, secret):
        raise KeyboardInterrupt

    ran = run(shared, "kept = 5\ninput()\nprint('not reached')", ask_input=interrupt)
    assert (ran.status, ran.text()) == ("interrupted", "")
    assert run(shared, "kept").of("result")[0].text == "5"


def test_waiting_for_the_person_is_not_counted(shared):
    def answer(prompt, secret):
        time.sleep(0.8)
        return "x"

    ran = run(shared, "input(); input()", timeout_s=1.2, ask_input=answer)
    assert ran.status == "ok"
    assert ran.result.seconds < 1.2


def test_a_failing_question_leaves_the_kernel_usable(shared):
    def fail(prompt, secret):
        raise LookupError

    with pytest.raises(LookupError):
        run(shared, "input()", ask_input=fail)
    assert run(shared, "'next'").of("result")[0].text == "'next'"


def test_a_thread_cannot_ask(shared):
    code = (
        "import threading\ndef ask():\n    try: input()\n    except EOFError as error: print(error)\n"
        "asker = threading.Thread(target=ask); asker.start(); asker.join()"
    )
    assert run(shared, code, ask_input=lambda *_: "x").text().startswith("Only the cell itself can ask")


# -- stopping -----------------------------------------------------------------------------------------------------

ENDLESS = {
    "loop": "print('on', flush=True)\nwhile True: pass",
    "sleep": "import time\nprint('on', flush=True)\ntime.sleep(600)",
    "flood": "while True: print('x')",
    "display": "while True: display(1)",
    "command": "!echo on; sleep 600",
    "pipe": "!(echo on; sleep 600) | cat",
    "bash": "%%bash\necho on; sleep 600",
    "yes": "!yes",
    "system": "import os\nos.system('echo on; sleep 600')",
    "subprocess": "import subprocess\nsubprocess.run('echo on; sleep 600', shell=True)",
    "await": "import asyncio\nprint('on', flush=True)\nawait asyncio.sleep(600)",
    "matrices": "import numpy\nprint('on', flush=True)\na = numpy.ones((600, 600))\nwhile True: a = a @ a / 600",
    "thread": "import threading\nprint('on', flush=True)\nthreading.Event().wait()",
}


@pytest.mark.parametrize("kind", ENDLESS)
def test_an_interrupt_keeps_variables(shared, kind):
    run(shared, "kept = 'kept'")
    ran = interrupt_at_first_output(shared, ENDLESS[kind])
    assert (ran.status, ran.result.state_lost) == ("interrupted", False)
    assert run(shared, "kept").of("result")[0].text == "'kept'"


@pytest.mark.parametrize("kind", ["loop", "flood", "command"])
def test_a_time_limit_keeps_variables_and_output(shared, kind):
    run(shared, "kept = 'kept'")
    ran = run(shared, ENDLESS[kind], timeout_s=0.3)
    assert (ran.status, ran.result.state_lost) == ("timeout", False)
    assert ran.text()
    assert run(shared, "kept").of("result")[0].text == "'kept'"


def test_the_limits_own_time_holds_where_none_is_given(tmp_path):
    with closing(Kernel(tmp_path, limits=Limits(cell_time_s=0.2))) as kernel:
        assert run(kernel, ENDLESS["loop"]).status == "timeout"


STUBBORN = {
    "ignored": "import signal, time\nsignal.signal(2, signal.SIG_IGN)\nprint('on')\nwhile True: time.sleep(1)",
    "masked": "import signal, time\nsignal.pthread_sigmask(0, {2})\nprint('on')\nwhile True: time.sleep(1)",
    "swallowed": "while True:\n  try:\n    print('on')\n    while True: pass\n  except KeyboardInterrupt: pass",
    "in C": "print('on')\nsum(range(10 ** 15))",
    "stopped": "import os, signal\nprint('on')\nos.kill(os.getpid(), signal.SIGSTOP)",
}


@pytest.mark.parametrize("kind", STUBBORN)
def test_a_cell_that_does_not_stop_is_killed_after_the_grace(own, kind):
    run(own, "lost = 1")
    ran = interrupt_at_first_output(own, STUBBORN[kind])
    assert (ran.status, ran.result.state_lost) == ("interrupted", True)
    assert ran.text().startswith("on\n")
    assert "NameError" in run(own, "lost").error


def test_a_time_limit_kills_what_does_not_stop_and_keeps_its_output(own):
    ran = run(own, STUBBORN["ignored"], timeout_s=0.2)
    assert (ran.status, ran.result.state_lost, ran.text()) == ("timeout", True, "on\n")
    assert run(own, "1").status == "ok"


def test_an_interrupt_that_a_callback_swallows_is_sent_again(own):
    code = (
        "class Slow:\n    def __del__(self):\n        print('on', flush=True)\n        while True: pass\n"
        "kept = 1\nslow = Slow(); del slow\nwhile True: pass"
    )
    ran = interrupt_at_first_output(own, code)
    assert (ran.status, ran.result.state_lost) == ("interrupted", False)
    assert run(own, "kept").status == "ok"


def test_signal_handlers_are_restored_for_the_next_cell(shared):
    run(shared, "import signal\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\nkept = 1")
    assert interrupt_at_first_output(shared, ENDLESS["loop"]).result.state_lost is False


def test_an_interrupt_of_an_idle_kernel_does_nothing(shared):
    shared.interrupt()
    assert run(shared, "import time; time.sleep(0.1)").status == "ok"


def test_an_interrupt_may_come_from_a_signal_handler(shared):
    before = signal.signal(signal.SIGALRM, lambda *_: shared.interrupt())
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.2)
        assert run(shared, "while True: pass", timeout_s=30).status == "interrupted"
    finally:
        signal.signal(signal.SIGALRM, before)


def test_an_interrupt_reaches_what_the_cell_started_and_the_kill_too(bare):
    code = (
        "import subprocess, time\nprint(subprocess.Popen(['sleep', '600'], start_new_session=False).pid, flush=True)\n"
    )
    ran = run(bare, code + STUBBORN["ignored"].replace("print('on')\n", ""), timeout_s=0.3)
    sleeper = int(ran.text())
    assert ran.result.state_lost
    wait_until(lambda: not is_alive(sleeper))


def test_closing_the_generator_stops_the_cell_and_keeps_in_step(shared):
    running = outputs_of(shared, "kept = 'kept'\nwhile True: print('x')")
    next(running)
    running.close()
    ran = run(shared, "print(kept)")
    assert (ran.status, ran.text().splitlines()[-1]) == ("ok", "kept")


def test_closing_the_generator_of_a_stubborn_cell_kills_it(own):
    running = outputs_of(own, STUBBORN["ignored"])
    next(running)
    running.close()
    assert run(own, "print('next')").outputs == [Output("stream", "next\n", "stdout")]


def test_a_generator_that_ends_with_its_last_output_leaves_the_kernel_alive(shared):
    run(shared, "kept = 1")
    running = outputs_of(shared, "print('only')")
    next(running)
    running.close()
    assert run(shared, "kept").status == "ok"


def test_an_interrupt_that_comes_late_does_not_stop_the_next_cell(shared):
    if shared.confinement.tier != "A":
        pytest.skip("no process stands between that could hand it on late")
    running = outputs_of(shared, "print('only')")
    next(running)
    os.killpg(shared._child._process.pid, signal.SIGSTOP)  # those that hand it on, without the interpreter
    later = threading.Timer(0.2, os.killpg, (shared._child._process.pid, signal.SIGCONT))
    later.start()
    running.close()
    assert run(shared, "import time\ntime.sleep(0.4)").status == "ok"
    later.join()


def test_an_interrupt_of_the_host_stops_the_cell(shared):
    before = signal.signal(signal.SIGALRM, signal.default_int_handler)
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.2)
        with pytest.raises(KeyboardInterrupt):
            run(shared, "kept = 1\nwhile True: pass")
    finally:
        signal.signal(signal.SIGALRM, before)
    assert run(shared, "kept").status == "ok"


def test_one_cell_runs_at_a_time(shared):
    running = shared.execute("print(1)")
    next(running)
    with pytest.raises(KernelError, match="running a cell already"):
        next(shared.execute("print(2)"))
    assert run_rest(running).status == "ok"


# -- death --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "how"),
    [
        ("import os; os._exit(3)", "with exit status 3"),
        ("import ctypes; ctypes.string_at(0)", "by signal SIGSEGV"),
        ("import os; os.abort()", "by signal SIGABRT"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", "by signal SIGKILL"),
        ("import os; os.fork() or __import__('time').sleep(60)\nos._exit(0)", "with exit status 0"),
    ],
)
def test_a_child_that_dies_is_replaced(own, code, how):
    ran = run(own, f"print('before')\n{code}")
    assert (ran.status, ran.result.state_lost, ran.text()) == ("died", True, "before\n")
    assert ran.error == f"The interpreter ended {how}."
    assert run(own, "print('after')").outputs == [Output("stream", "after\n", "stdout")]


def test_a_child_that_closed_our_pipes_is_replaced(own):
    ran = run(own, "print('before')\nimport os; os.closerange(3, 300)")
    assert (ran.status, ran.result.state_lost) == ("died", True)
    assert ran.text().startswith("before\n")
    assert run(own, "print('after')").text() == "after\n"


def test_a_child_that_died_between_cells_is_told(bare):
    process = int(run(bare, "import os; print(os.getpid())").text())
    os.kill(process, signal.SIGKILL)
    wait_until(lambda: not is_alive(process))
    ran = run(bare, "print('next')")
    assert (ran.status, ran.text(), ran.result.state_lost) == ("ok", "next\n", True)


@pytest.mark.parametrize("ending", [Kernel.restart, Kernel.close])
def test_a_running_cell_ends_as_died_when_the_kernel_is_restarted_or_closed(own, ending):
    running = outputs_of(own, ENDLESS["loop"])
    next(running)
    another = threading.Thread(target=ending, args=(own,))
    another.start()
    result = run_rest(running)
    another.join()
    assert (result.status, result.state_lost) == ("died", True)


def test_close_kills_all_that_cells_started(tmp_path):
    kernel = Kernel(tmp_path, sandbox="off")
    code = "import os, subprocess; print(os.getpid(), *[subprocess.Popen(['sleep', '600']).pid for _ in range(3)])"
    processes = [int(word) for word in run(kernel, code).text().split()]
    kernel.close()
    kernel.close()
    wait_until(lambda: not any(map(is_alive, processes)))
    with pytest.raises(KernelError, match="closed"):
        run(kernel, "1")


def test_close_lets_open_files_be_written(tmp_path):
    with closing(Kernel(tmp_path)) as kernel:
        run(kernel, "out = open('out.txt', 'w'); out.write('held')")
    assert (tmp_path / "out.txt").read_text() == "held"


def test_a_forgotten_kernel_leaves_no_process(tmp_path):
    kernel = Kernel(tmp_path, sandbox="off")
    process = int(run(kernel, "import os; print(os.getpid())").text())
    del kernel
    gc.collect()
    wait_until(lambda: not is_alive(process))


HOST = """
import sys, threading, time
from pathlib import Path
from offline_interpreter.kernel.manager import Kernel
kernel = Kernel(Path(sys.argv[1]), sandbox="off")
code = "import os, subprocess; print(os.getpid(), subprocess.Popen(['sleep', '600']).pid, flush=True)"
for output in kernel.execute(code):
    print(output.text, flush=True)
{then}
"""


@pytest.mark.parametrize(
    ("then", "end"),
    [
        ("pass", None),
        ("raise SystemExit(1)", None),
        ("time.sleep(600)", signal.SIGKILL),
        ("list(kernel.execute('sum(range(10 ** 15))'))", signal.SIGKILL),
        ("list(kernel.execute('import os, signal; os.kill(os.getpid(), signal.SIGSTOP)'))", signal.SIGKILL),
    ],
)
def test_no_process_survives_its_host(tmp_path, then, end):
    with subprocess.Popen(
        [sys.executable, "-c", HOST.format(then=then), str(tmp_path)], stdout=subprocess.PIPE
    ) as host:
        processes = [int(word) for word in host.stdout.readline().split()]
        if end is not None:
            time.sleep(0.2)
            host.send_signal(end)
    assert len(processes) == 2
    wait_until(lambda: not any(map(is_alive, processes)))


def test_the_child_outlives_the_thread_that_started_it(own):
    starter = threading.Thread(target=own.start)
    starter.start()
    starter.join()
    assert run(own, "1").result == CellResult("ok", pytest.approx(0, abs=60), state_lost=False)


def test_a_relative_path_of_python_is_the_hosts_own(tmp_path):
    with closing(Kernel(tmp_path, python=os.path.relpath(sys.executable))) as kernel:
        assert run(kernel, "1").status == "ok"


@pytest.mark.parametrize("python", ["/nowhere/python", "/bin/false"])
def test_a_python_that_cannot_run_is_one_clear_line(tmp_path, python):
    with closing(Kernel(tmp_path, python=python)) as kernel, pytest.raises(KernelError) as caught:
        run(kernel, "1")
    assert python in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_python_without_ipython_is_one_clear_line(tmp_path):
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(tmp_path / "bare")], check=True)
    python = str(tmp_path / "bare" / "bin" / "python")
    with closing(Kernel(tmp_path, python=python)) as kernel, pytest.raises(KernelError) as caught:
        run(kernel, "1")
    assert caught.value.cause.endswith("No module named 'IPython'.")
    assert caught.value.remedy == f"Install IPython for it: {python} -m pip install ipython"


def test_a_kernel_in_another_environment_runs_there(tmp_path, shared):
    """It has IPython by the base environment's path, and nothing of ours."""
    environment = tmp_path / "other"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(environment)], check=True)
    home = Path(run(shared, "import IPython; print(IPython.__file__)").text().strip()).parents[1]
    (next(environment.glob("lib/python3.*/site-packages")) / "borrowed.pth").write_text(str(home))
    python = str(environment / "bin" / "python")
    with closing(Kernel(tmp_path, python=python)) as kernel:
        assert kernel.python == python
        assert run(kernel, "import sys; print(sys.prefix)").text() == f"{environment}\n"


# -- hostile cells ------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def abused(tmp_path_factory):
    """One kernel for all cells that a next one must survive."""
    with closing(Kernel(tmp_path_factory.mktemp("abused"), limits=QUICK)) as kernel:
        yield kernel


@pytest.mark.parametrize(
    "code",
    [
        "import os; os.close(0); os.close(1); os.close(2)",
        "import os; os.dup2(os.open('/dev/null', os.O_WRONLY), 1)",
        "import sys; sys.stdout = sys.stderr = sys.stdin = None",
        "import sys; sys.stdout.close(); sys.stderr.close()",
        "import sys; sys.stdout.flush = None",
        "import json; json.dumps = json.loads = json.JSONEncoder = json.JSONDecoder = None",
        "import os, time; os.write = os.read = os.getpid = time.sleep = None",
        "import builtins; builtins.input = None; builtins.display = None",
        "import fcntl, os; os.set_blocking(1, False); print('x' * 3_000_000)",
        "import os; os.fork() or os._exit(0)",
        "import os; os.fork() or None",
        "import os; os.kill(os.getpid(), 2)",
        "%reset -f",
        "import os, shutil; shutil.rmtree(os.getcwd())",
        "del __builtins__, __builtin__, In, Out, get_ipython",
        LINK + "import os; os.write(link._pipes.event, b'garbage {{ [[' + b'[' * 100_000)",
        LINK + "import os; os.write(link._pipes.event, b'x' * 40_000_000 + b'\\n')",
        LINK + "link.send({'type': 'display', 'data': [1]}); link.send({'type': 'error', 'text': {}})",
        LINK + "for _ in range(1000): link.send({'type': 'nonsense'})",
        LINK + "link.cell = 'another'; link.send({'type': 'done', 'ok': True}); link.cell = None",
        LINK + "for _ in range(1000): link.send_apart({'type': 'ready'})",
        LINK
        + "import os\nfor pipe in vars(link._pipes).values(): pipe < 0 or os.set_blocking(pipe, False)\ndisplay('x')",
        LINK
        + "import fcntl\nfor pipe in (1, 2, link._pipes.event): fcntl.fcntl(pipe, 1031, 4096)\nprint('x' * 300_000)",
        LINK + "import os\nown = os.open(f'/proc/self/fd/{link._pipes.command}', os.O_WRONLY)\n"
        'run = b\'{"type": "run", "cell": "x", "number": 1, "memory_bytes": 0, "interrupts": 0, "code": "1"}\'\n'
        "os.write(own, b'\\n' + run + b'\\n')",
        LINK + "link.send({'type': 'input', 'request': [1], 'prompt': {}, 'secret': 3}); link.send({'type': 'input'})",
        "import gc; gc.disable(); import sys; sys.setrecursionlimit(100)",
    ],
)
def test_whatever_a_cell_does_to_its_process_the_next_one_runs(abused, code):
    run(abused, code, timeout_s=10)
    ran = run(abused, "print('next')\n2 + 2")
    assert ran.status == "ok"
    assert ran.text().endswith("next\n")
    assert ran.of("result")[0].text == "4"


@pytest.mark.parametrize("code", ["import sys; sys.modules.clear()", "get_ipython().run_cell = None"])
def test_a_shell_that_a_cell_broke_is_cured_by_a_restart(own, code):
    run(own, code)
    run(own, "1")
    own.restart()
    assert run(own, "2 + 2").of("result")[0].text == "4"


def test_a_forged_end_does_not_put_cells_out_of_step(own):
    code = LINK + "import os, time\nlink.send({'type': 'done', 'ok': True})\ntime.sleep(0.3)\nprint('first')"
    assert run(own, code).text() == ""
    assert run(own, "print('second')").text() == "first\nsecond\n"
    assert run(own, "print('third')").text() == "third\n"


def test_a_bundle_of_other_types_is_no_output(own):
    ran = run(
        own,
        LINK + "link.send({'type': 'display', 'data': [1]})\nlink.send({'type': 'result', 'data': {'a': 1, 'b': 'x'}})",
    )
    assert ran.outputs == [Output("result", "", data={"b": "x"})]


def test_displays_of_forked_processes_are_dropped(shared):
    code = "import os\nif os.fork(): os.wait()\nelse: display('forked'); os._exit(0)\ndisplay('cell')"
    assert [output.text for output in run(shared, code).of("display")] == ["'cell'"]


def test_worker_processes_print_whole_lines(shared):
    code = (
        "import multiprocessing\ndef work(n):\n    print('worker', n); return n * n\n"
        "with multiprocessing.get_context('fork').Pool(2) as pool: print(pool.map(work, range(4)))"
    )
    assert sorted(run(shared, code).text().splitlines()) == ["[0, 1, 4, 9]", *(f"worker {n}" for n in range(4))]
