"""pip in cells: from a folder of wheels into a folder of the session, and from nowhere else."""

import importlib.util
import json
import socket
import subprocess
import sys
import threading
from contextlib import closing
from pathlib import Path

import pytest
from test_kernel import run
from wheels import write_wheel

from offline_interpreter.kernel.manager import Kernel

pytestmark = pytest.mark.skipif(not importlib.util.find_spec("pip"), reason="pip is not installed in this environment")

NO_NETWORK = "cannot be installed: there is no network. Go on with what is installed"
TWO_LINES = (
    "ERROR: Could not find a version that satisfies the requirement {0} (from versions: none)\nERROR: No matching"
)


@pytest.fixture(scope="module")
def wheelhouse(tmp_path_factory):
    folder = tmp_path_factory.mktemp("wheel house")
    for version in ("1.0", "2.0"):
        write_wheel(folder, "small_sums", version)
        write_wheel(folder, "small_base", version)
    write_wheel(folder, "small_asks", "1.0", "small_base", "IPython")
    write_wheel(folder, "small_old", "1.0", "small_base<2")
    write_wheel(folder, "small_new", "1.0", "small_base>=2")
    write_wheel(folder, "ipython", "99.0")
    return folder


@pytest.fixture
def packages(tmp_path):
    folder = tmp_path / "packages"
    folder.mkdir()
    return folder


@pytest.fixture
def stocked(tmp_path, packages, wheelhouse):
    (tmp_path / "work").mkdir()
    with closing(Kernel(tmp_path / "work", packages_dir=packages, wheelhouse=wheelhouse)) as kernel:
        yield kernel


@pytest.fixture(scope="module")
def bare(tmp_path_factory):
    """A kernel without a wheelhouse."""
    folder = tmp_path_factory.mktemp("bare")
    for name in ("work", "packages"):
        (folder / name).mkdir()
    with closing(Kernel(folder / "work", packages_dir=folder / "packages")) as kernel:
        yield kernel


@pytest.mark.parametrize(
    "command",
    [
        "%pip install small_sums==1.0",
        "!pip install -q small_sums<2",
        "!pip3 install --user 'small_sums < 2'",
        "!python -m pip install small_sums~=1.0 --index-url https://nowhere.invalid/simple",
        "import sys\n!{sys.executable} -m pip install small_sums==1.0",
        "%uv pip install small_sums==1.0",
        "!uv pip install --target . small_sums==1.0",
    ],
)
def test_what_was_installed_can_be_imported_at_once(stocked, packages, command):
    assert "ModuleNotFoundError" in run(stocked, "import small_sums").error
    ran = run(stocked, f"{command}\nimport small_sums\nprint(small_sums.value)")
    assert (ran.text(), ran.text("stderr")) == ("Installed: small_sums 1.0.\n1.0\n", "")
    assert (packages / "small_sums.py").is_file()


def test_programs_that_cells_start_find_it_too(stocked):
    run(stocked, "%pip install small_sums")
    assert run(stocked, "!python -c 'import small_sums; print(small_sums.value)'").text() == "2.0\n"


def test_what_is_installed_already_need_not_be_in_the_wheelhouse(stocked, packages):
    ran = run(stocked, "%pip install small_asks")
    assert sorted(ran.text().removeprefix("Installed: ").rstrip(".\n").split(", ")) == [
        "small_asks 1.0",
        "small_base 2.0",
    ]
    assert not (packages / "IPython").exists()


def test_nothing_of_the_kernels_own_python_is_replaced(stocked, packages):
    ran = run(stocked, "%pip install ipython==99.0 small_sums")
    assert ran.error.startswith("UsageError: ipython ")
    assert "belongs to the Python of the cells and cannot be replaced by 99.0 here." in ran.error
    assert list(packages.iterdir()) == []


def test_an_upgrade_replaces_the_earlier_version_and_says_so(stocked, packages):
    run(stocked, "%pip install small_sums==1.0\nimport small_sums")
    assert "already" in run(stocked, "%pip install small_sums").text()
    ran = run(stocked, "%pip install -U small_sums")
    assert ran.text().startswith("Installed: small_sums 2.0. What was imported before")
    assert [path.name for path in packages.glob("small_sums-*")] == ["small_sums-2.0.dist-info"]


def test_what_no_longer_fits_is_told_as_pip_tells_it(stocked):
    run(stocked, "%pip install small_new")
    ran = run(stocked, "%pip install small_old")
    said = ran.text("stderr").replace("_", "-")
    assert "small-new 1.0 has requirement small-base>=2, but you have small-base 1.0." in said


def test_a_conflict_is_told_as_pip_tells_it(stocked):
    ran = run(stocked, "%pip install small_old small_new")
    assert "Cannot install small-new==1.0 and small-old==1.0 because these package versions" in ran.text("stderr")
    assert ran.error == "UsageError: Nothing was installed."


def test_what_the_wheelhouse_does_not_hold_is_told(stocked, wheelhouse):
    ran = run(stocked, "%pip install nothing-like-it\nprint('not reached')")
    assert ran.text("stderr").startswith(TWO_LINES.format("nothing-like-it"))
    assert f"only wheels in '{wheelhouse}' can be installed" in ran.text("stderr")
    assert (ran.status, ran.text()) == ("error", "")


def test_installed_packages_are_listed(stocked):
    run(stocked, "%pip install small_sums")
    assert "\nsmall_sums " in run(stocked, "%pip list").text()
    assert "Version: 2.0" in run(stocked, "%pip show small_sums").text()
    assert "\nsmall_sums @ file:" in run(stocked, "!pip freeze | cat").text().replace("small-sums", "small_sums")


def test_a_trial_installs_nothing(stocked, packages):
    assert run(stocked, "!pip install --dry-run small_sums").text() == "Would install: small_sums 2.0.\n"
    assert list(packages.iterdir()) == []


def test_pip_in_a_script_takes_from_and_to_the_same_folders(tmp_path, packages):
    """Where the folder's name has no space: pip reads a list there."""
    for name in ("house", "work"):
        (tmp_path / name).mkdir()
    write_wheel(tmp_path / "house", "small_sums", "1.0")
    code = "import subprocess, sys\nsubprocess.run([sys.executable, '-m', 'pip', 'install', 'small_sums'], check=True)"
    with closing(Kernel(tmp_path / "work", packages_dir=packages, wheelhouse=tmp_path / "house")) as kernel:
        assert run(kernel, f"{code}\nimport small_sums").status == "ok"
    assert (packages / "small_sums.py").is_file()


@pytest.mark.skipif(sys.platform != "linux", reason="there is no confinement elsewhere yet")
def test_cells_cannot_write_to_the_wheelhouse(stocked, wheelhouse):
    ran = run(
        stocked, f"import os\nprint(len(os.listdir({str(wheelhouse)!r})))\nopen({str(wheelhouse / 'new')!r}, 'w')"
    )
    assert ran.text() == "8\n"
    assert not (wheelhouse / "new").exists()


# -- without a wheelhouse -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "command",
    ["%pip install nothing-like-it", "%pip install IPython nothing-like-it", "%pip install 'nothing-like-it>=1'"],
)
def test_without_a_wheelhouse_one_line_says_what_to_do(bare, command):
    error = run(bare, command).error
    assert error.startswith("UsageError: 'nothing-like-it")
    assert NO_NETWORK in error
    assert "`--wheelhouse DIR`" in error
    assert "\n" not in error


def test_a_command_of_the_shell_fails_with_the_same_line(bare):
    ran = run(bare, "!pip install nothing-like-it\nprint(_exit_code)")
    assert ran.text("stderr").count("\n") == 1
    assert NO_NETWORK in ran.text("stderr")
    assert ran.text() == "1\n"


@pytest.mark.parametrize("command", ["!pip install ipython", "%pip install -q ipython>=8", "%pip install ipython jedi"])
def test_what_is_installed_already_is_no_error(bare, command):
    ran = run(bare, f"{command}\nimport IPython")
    assert (ran.status, ran.text("stderr")) == ("ok", "")
    assert "already" in ran.text().lower()


@pytest.mark.parametrize("what", ["git+https://nowhere.invalid/x", "https://nowhere.invalid/x.whl", "x@git+ssh://x/y"])
def test_what_lies_elsewhere_is_refused(bare, what):
    assert f"{what!r} cannot be fetched: there is no network." in run(bare, f"%pip install {what}").error


def test_pip_asks_no_network_even_where_it_could(tmp_path, packages):
    """Unconfined, and with an index of ours in each place where pip looks for one."""
    with socket.create_server(("127.0.0.1", 0)) as index:
        index.settimeout(0.2)
        address = f"http://127.0.0.1:{index.getsockname()[1]}/simple"
        (tmp_path / "requirements.txt").write_text(f"--index-url {address}\nnothing-like-it\n")
        (tmp_path / "pip.conf").write_text(f"[global]\nindex-url = {address}\n")
        code = f"import os\nos.environ.update(PIP_INDEX_URL={address!r}, PIP_NO_INDEX='0', PIP_FIND_LINKS={address!r})"
        with closing(Kernel(tmp_path, packages_dir=packages, sandbox="off")) as kernel:
            run(kernel, f"%%bash\npip install --index-url {address} nothing-like-it")
            for options in (
                f"-i {address}",
                f"--extra-index-url={address}",
                f"-f {address}",
                "",
                "-r requirements.txt",
            ):
                run(kernel, f"{code}\n%pip install nothing-like-it {options}")
        with pytest.raises(TimeoutError):
            index.accept()


def test_the_index_of_the_test_above_would_have_been_asked(tmp_path):
    """The control."""
    with socket.create_server(("127.0.0.1", 0)) as index:
        address = f"http://127.0.0.1:{index.getsockname()[1]}/simple"
        asked = threading.Event()

        def answer() -> None:
            index.accept()[0].close()
            asked.set()

        threading.Thread(target=answer, daemon=True).start()
        line = ["-m", "pip", "install", "--retries", "0", "-t", str(tmp_path), "-i", address, "nothing-like-it"]
        subprocess.run([sys.executable, *line], capture_output=True, check=False)
        assert asked.is_set()


# -- without pip --------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def without_pip(tmp_path_factory):
    """A Python with IPython and without pip."""
    folder = tmp_path_factory.mktemp("without pip")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder)], check=True)
    libraries = Path(importlib.util.find_spec("IPython").origin).parents[1]
    for path in libraries.iterdir():
        if not path.name.startswith("pip") and path.suffix != ".pth":
            (next(folder.glob("lib/python3.*/site-packages")) / path.name).symlink_to(path)
    return folder / "bin" / "python"


def test_where_there_is_no_pip_its_wheel_will_do(tmp_path, without_pip, packages, wheelhouse):
    bundled = json.loads(
        subprocess.run(
            [sys.executable, "-c", "import ensurepip, glob, json; print(json.dumps(ensurepip.__path__))"],
            capture_output=True,
            check=True,
        ).stdout
    )
    wheels = list(Path(bundled[0]).glob("_bundled/pip-*.whl"))
    if not wheels:
        pytest.skip("this Python does not come with a wheel of pip")
    options = {"python": str(without_pip), "packages_dir": packages, "sandbox": "off"}
    code = "%pip install small_sums\nimport small_sums; print(small_sums.value)"
    (tmp_path / "house").mkdir()
    with closing(Kernel(tmp_path, wheelhouse=tmp_path / "house", **options)) as kernel:
        assert run(kernel, code).error.startswith("UsageError: pip is not installed in the Python of the cells.")
        assert "\nipython " in run(kernel, "%pip list").text()
        for wheel in (wheels[0], *wheelhouse.glob("small_sums-1*")):
            (tmp_path / "house" / wheel.name).write_bytes(wheel.read_bytes())
        assert run(kernel, code).text() == "Installed: small_sums 1.0.\n1.0\n"


def test_without_pip_and_wheelhouse_the_same_line_says_what_to_do(tmp_path, without_pip, packages):
    with closing(Kernel(tmp_path, python=str(without_pip), packages_dir=packages, sandbox="off")) as kernel:
        assert NO_NETWORK in run(kernel, "%pip install nothing-like-it").error
        assert run(kernel, "%pip install ipython").text().startswith("Already installed: ipython ")
