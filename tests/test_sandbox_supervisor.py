"""The two processes between the host and the interpreter, by themselves and without namespaces."""

import subprocess
import sys

import pytest

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="there is no confinement elsewhere yet")

# Ends with 99 if the outer process opens a file while the inner one changes the mounts, which both have.
SUPERVISED = """
import os, sys
from offline_interpreter.kernel.sandbox import supervisor

has_forked = False

def note():
    global has_forked
    has_forked = True

def watch(event, arguments):
    if has_forked and event == "open":
        os._exit(99)

os.register_at_fork(after_in_parent=note)
sys.addaudithook(watch)
lifetime, host = os.pipe()
supervisor.start(lambda: None, lambda: os._exit(5), theirs=[], lifetime=lifetime)
"""


def test_the_outer_process_opens_nothing_after_the_fork_and_ends_as_the_interpreter_did() -> None:
    done = subprocess.run([sys.executable, "-c", SUPERVISED], capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (5, b"")
