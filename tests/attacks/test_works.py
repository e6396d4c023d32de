"""What must go on working in tier A, and how cells that take too much end there."""

import os
import signal
import subprocess
import sys
import time
from contextlib import ExitStack, closing
from pathlib import Path

import pytest
from conftest import run

from offline_interpreter.kernel.manager import Kernel
from offline_interpreter.records import Limits

WORKS = {
    "pandas": "import pandas as pd; pd.DataFrame({'a': [1]}).to_csv('t.csv'); print(pd.read_csv('t.csv').a.sum())",
    "matplotlib": "import matplotlib.pyplot as plt; plt.plot([1]); plt.savefig('p.png'); print(1)",
    "subprocess": "import subprocess; print(subprocess.run(['expr', '0', '+', '1'], stdout=-1, text=True).stdout)",
    "command": "!echo 1",
    "copy": "import shutil; open('a', 'w').write('1'); shutil.copy2('a', 'b'); print(open('b').read())",
    "git": "import subprocess; subprocess.run(['git', 'init', '-q', 'new'], check=True); print(1)",
    "sqlite": "import sqlite3; print(sqlite3.connect('d.db').execute('select 1').fetchone()[0])",
    "temporary": "import tempfile; f = tempfile.NamedTemporaryFile(); f.write(b'1'); print(1)",
    "home": "from pathlib import Path; p = Path.home() / '.cache'; p.mkdir(exist_ok=True); print(1)",
    "git commit": "!git init -q r && cd r && touch a && git add a && git commit -qm a && git log --oneline | wc -l",
    "sklearn": """
from sklearn.ensemble import RandomForestClassifier
from joblib import Parallel, delayed
print(RandomForestClassifier(4, n_jobs=2, bootstrap=False).fit([[0], [1]], [0, 1]).predict([[1]])[0])
assert Parallel(n_jobs=2, prefer='threads')(delayed(int)(x) for x in '12') == [1, 2]
assert Parallel(n_jobs=2)(delayed(int)(x) for x in '12') == [1, 2]""",
    "imageio_ffmpeg": """
import imageio_ffmpeg
writer = imageio_ffmpeg.write_frames('film.mp4', (32, 32)); writer.send(None)
for _ in range(3): writer.send(bytes(32 * 32 * 3))
writer.close(); print(1)""",
    "spawned processes": """
import concurrent.futures, multiprocessing
with concurrent.futures.ProcessPoolExecutor(2, mp_context=multiprocessing.get_context('spawn')) as pool:
    print(list(pool.map(int, '1')))""",
    "processes": "import multiprocessing as m\nwith m.get_context('fork').Pool(2) as p: print(p.map(int, '11')[0])",
    "threads": "from concurrent.futures import ThreadPoolExecutor as T; print(list(T(4).map(int, '1'))[0])",
    "asyncio": "import asyncio\nasync def one(): return 1\nprint(asyncio.new_event_loop().run_until_complete(one()))",
    "rename": "import os; os.makedirs('x/y', exist_ok=True); open('f', 'w'); os.rename('f', 'x/y/f'); print(1)",
}


@pytest.fixture(scope="module")
def working(tmp_path_factory):
    with closing(Kernel(tmp_path_factory.mktemp("work"), sandbox="strict")) as kernel:
        yield kernel


@pytest.mark.parametrize("name", WORKS)
def test_it_works(working, name):
    if name in {"pandas", "matplotlib", "sklearn", "imageio_ffmpeg"}:
        pytest.importorskip(name)
    result, text = run(working, WORKS[name])
    assert (result.status, "1" in text) == ("ok", True), text


def test_allowed_folders_can_be_reached(tmp_path):
    from offline_interpreter.kernel.sandbox.plan import Access

    for name in ("work", "read", "write"):
        (tmp_path / name).mkdir()
    (tmp_path / "read" / "data").write_text("data")
    access = Access(read=(tmp_path / "read",), write=(tmp_path / "write",))
    code = "print(open('../read/data').read()); open('../write/out', 'w').write('out'); open('../read/out', 'w')"
    with closing(Kernel(tmp_path / "work", sandbox="strict", access=access)) as kernel:
        _, text = run(kernel, code)
    assert text.startswith("data\n")
    assert "Read-only file system" in text
    assert (tmp_path / "write" / "out").read_text() == "out"
    assert not (tmp_path / "read" / "out").exists()


def test_too_much_memory_is_an_error_and_variables_stay(tmp_path):
    with closing(Kernel(tmp_path, limits=Limits(memory_bytes=300 << 20), sandbox="strict")) as kernel:
        _, text = run(kernel, "kept = 1\nbytearray(600 << 20)")
        assert "MemoryError" in text
        assert run(kernel, "print(kept)")[1] == "1\n"


def test_too_many_threads_are_an_error_and_variables_stay(tmp_path):
    code = """
import threading
kept, stop = 1, threading.Event()
try:
    for _ in range(400): threading.Thread(target=stop.wait, daemon=True).start()
except RuntimeError as error: print(error)
stop.set()
"""
    with closing(Kernel(tmp_path, limits=Limits(processes=64), sandbox="strict")) as kernel:
        assert "can't start new thread" in run(kernel, code)[1]
        assert run(kernel, "print(kept)")[1] == "1\n"


def test_a_huge_file_is_an_error_and_variables_stay(working, tmp_path):
    _, text = run(working, "kept = 1\nimport os\nopen('huge', 'w').close(); os.truncate('huge', 1 << 50)")
    assert "File too large" in text
    assert run(working, "os.remove('huge'); print(kept)")[1] == "1\n"


def test_temporary_files_cannot_fill_the_machine(working):
    code = """
import os
try:
    with open('/var/tmp/huge', 'wb') as file:
        for _ in range(200): file.write(bytes(1 << 20))
except OSError as error: print(error)
os.remove('/var/tmp/huge')"""
    assert "No space left on device" in run(working, code)[1]


def test_nobody_becomes_root(working):
    _, text = run(working, "!sudo true\nprint(_exit_code != 0)", timeout_s=10)
    assert "True" in text.splitlines()


def test_too_many_processes_are_an_error_and_end_with_the_kernel(tmp_path):
    mark = f"61{os.getpid()}"
    code = f"""
import os, time
made = 0
try:
    for made in range(400):
        if os.fork() == 0: os.execvp('sleep', ['sleep', '{mark}'])
except OSError as error: print('EAGAIN' if error.errno == 11 else error, made)
"""
    with closing(Kernel(tmp_path, limits=Limits(processes=64), sandbox="strict")) as kernel:
        _, text = run(kernel, code)
        assert "EAGAIN" in text
    await_end_of(mark)


DAEMON = """
import os, sys
for _ in range(2):
    if os.fork(): break
    os.setsid()
else:
    os.execvp('sleep', ['sleep', '{mark}'])
if os.getpid() != {own}: os._exit(0)
"""


@pytest.mark.parametrize("ending", ["close", "restart", "os._exit(0)", "os.kill(os.getpid(), 9)", "os.abort()"])
def test_a_daemon_does_not_survive(tmp_path, ending):
    mark = f"62{os.getpid()}"
    with closing(Kernel(tmp_path, sandbox="strict", limits=Limits(grace_s=0.5))) as kernel:
        run(kernel, DAEMON.format(mark=mark, own=2))
        wait_until(lambda: processes_of(mark))
        if ending == "restart":
            kernel.restart()
        elif ending != "close":
            assert run(kernel, ending)[0].status == "died"
    await_end_of(mark)


HOST = """
import sys, time
from pathlib import Path
from offline_interpreter.kernel.manager import Kernel
kernel = Kernel(Path(sys.argv[1]), sandbox="strict")
list(kernel.execute(sys.argv[2]))
print("ready", flush=True)
time.sleep(600)
"""


def test_nothing_survives_a_killed_host(tmp_path):
    mark = f"63{os.getpid()}"
    code = DAEMON.format(mark=mark, own=2)
    with subprocess.Popen([sys.executable, "-c", HOST, str(tmp_path), code], stdout=subprocess.PIPE) as host:
        assert host.stdout.readline() == b"ready\n"
        wait_until(lambda: processes_of(mark))
        host.send_signal(signal.SIGKILL)
    await_end_of(mark)
    await_end_of(str(tmp_path))


OPENED_AGAIN = """
import os
held = []
for descriptor in os.listdir('/proc/self/fd'):
    for flags in (os.O_RDONLY, os.O_WRONLY):
        try: held.append(os.open(f'/proc/self/fd/{{descriptor}}', flags | os.O_NONBLOCK))
        except OSError: continue
import subprocess
subprocess.Popen(['sleep', '{mark}'], start_new_session=True, pass_fds=held)
"""


def test_a_cell_that_opens_the_pipes_at_their_other_end_does_not_survive_the_host(tmp_path):
    mark = f"64{os.getpid()}"
    code = OPENED_AGAIN.format(mark=mark)
    with subprocess.Popen([sys.executable, "-c", HOST, str(tmp_path), code], stdout=subprocess.PIPE) as host:
        assert host.stdout.readline() == b"ready\n"
        wait_until(lambda: processes_of(mark))
        host.send_signal(signal.SIGKILL)
    await_end_of(mark)
    await_end_of(str(tmp_path))


def test_children_start_at_the_same_time(tmp_path):
    with ExitStack() as stack:
        kernels = [stack.enter_context(closing(Kernel(tmp_path, sandbox="strict"))) for _ in range(8)]
        for kernel in kernels:
            kernel.start()
        assert [run(kernel, "print(1)")[1] for kernel in kernels] == ["1\n"] * 8


def processes_of(mark: str) -> list[str]:
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if mark.encode() in path.read_bytes() and path.parent.name != str(os.getpid()):
                found.append(path.parent.name)
        except OSError:
            continue
    return found


def wait_until(condition) -> None:
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def await_end_of(mark: str) -> None:
    wait_until(lambda: not processes_of(mark))
