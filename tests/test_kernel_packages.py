"""The names of packages that the system prompt lists."""

import subprocess
import sys
from pathlib import Path

import pytest

from offline_interpreter.errors import KernelError
from offline_interpreter.kernel.packages import installed_packages


@pytest.fixture(scope="module")
def foreign(tmp_path_factory):
    """A Python with one package, without IPython."""
    folder = tmp_path_factory.mktemp("environment")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder)], check=True)
    (site_packages(folder) / "Some_Package-1.2.dist-info").mkdir()
    return folder


def site_packages(environment: Path) -> Path:
    return next(environment.glob("lib/python3.*/site-packages"))


def test_our_own_packages_are_listed_sorted_and_once():
    names = installed_packages(sys.executable)
    assert "numpy" in names
    assert names == sorted(set(names))


@pytest.mark.parametrize("name", ["pip", "setuptools", "wheel", "ipython", "offline-interpreter"])
def test_what_is_not_imported_for_work_is_left_out(name):
    assert name not in installed_packages(sys.executable)


def test_a_foreign_python_is_asked_for_its_own(foreign):
    assert installed_packages(str(foreign / "bin" / "python")) == ["some-package"]


def test_a_new_package_is_seen_at_once(foreign):
    python = str(foreign / "bin" / "python")
    before = installed_packages(python)
    (site_packages(foreign) / "scikit_learn-1.4.0.dist-info").mkdir()
    (site_packages(foreign) / "old.thing-0.1-py3.9.egg-info").mkdir()
    assert set(installed_packages(python)) - set(before) == {"scikit-learn", "old-thing"}


def test_files_that_are_no_metadata_are_not_taken_for_packages(foreign):
    (site_packages(foreign) / "module.py").touch()
    (site_packages(foreign) / "-broken.dist-info").mkdir()
    assert not {"module", "broken", ""} & set(installed_packages(str(foreign / "bin" / "python")))


def test_a_python_that_is_not_there_is_an_error_of_ours():
    with pytest.raises(KernelError, match=r"'/nowhere/python' cannot be run\. Check the path\."):
        installed_packages("/nowhere/python")
