"""The switches that keep libraries from the network, in one place, to be set before any of them is imported.

Libraries read them when they are imported. What the person has set in the environment stays as it is. They are a
second line: no command but ``models pull`` and ``bundle create`` imports a library that asks a network, which
``tests/test_silence.py`` shows by watching the system calls of each. What binds the code of cells is the sandbox.
"""

from __future__ import annotations

import os

_HUB_OFFLINE = "HF_HUB_OFFLINE"  # huggingface_hub: every call fails at once instead of being made

_SWITCHES = {
    _HUB_OFFLINE: "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "HF_HUB_DISABLE_UPDATE_CHECK": "1",
    "HF_HUB_DISABLE_XET": "1",  # it goes past mirrors and past the certificates that a site has installed
    "DO_NOT_TRACK": "1",
    "PIP_DISABLE_PIP_VERSION_CHECK": "1",
}

_set_here: set[str] = set()


def keep_silent() -> None:
    """Set every switch that the person has not set, for this process and all that it starts."""
    for name, value in _SWITCHES.items():
        if name not in os.environ:
            os.environ[name] = value
            _set_here.add(name)


def let_the_hub_through() -> None:
    """Keep all switches but the one that forbids the hub, unless the person has set it; for who is about to download.

    It must be called before ``huggingface_hub`` is imported.
    """
    keep_silent()
    if _HUB_OFFLINE in _set_here:
        _set_here.discard(_HUB_OFFLINE)
        del os.environ[_HUB_OFFLINE]
