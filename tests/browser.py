"""Headless Chromium, driven over a pair of pipes by its DevTools protocol: no port, no driver, no network."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

CHROMIUM = next(
    (path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))), ""
)

_FLAGS = """
--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking --hide-scrollbars
--disable-component-update --disable-sync --disable-dev-shm-usage --remote-debugging-pipe
"""

# Runs a command with two pipes as its file descriptors 3 and 4, where the protocol is spoken.
_ATTACH = """
import fcntl, os, sys
pipes = [fcntl.fcntl(int(each), fcntl.F_DUPFD, 10) for each in sys.argv[1:3]]
os.dup2(pipes[0], 3)
os.dup2(pipes[1], 4)
os.execv(sys.argv[3], sys.argv[3:])
"""


class Page:
    """One tab. ``events`` are the names and values of all that the browser told; calls wait for their reply."""

    def __init__(self, to_browser: int, from_browser: int) -> None:
        self.events: list[tuple[str, dict[str, Any]]] = []
        self._to, self._from = to_browser, from_browser
        self._rest = b""
        self._number = self._loads = 0
        self._session = ""
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self._session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(f"{domain}.enable")
        self.call("Page.setLifecycleEventsEnabled", enabled=True)

    def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        self._number += 1
        message: dict[str, Any] = {"id": self._number, "method": method, "params": parameters}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._to, json.dumps(message).encode() + b"\0")
        while True:
            told = self._read()
            if told.get("id") == self._number:
                assert "error" not in told, told
                return told["result"]

    def _read(self) -> dict[str, Any]:
        while b"\0" not in self._rest:
            chunk = os.read(self._from, 1 << 16)
            assert chunk, "the browser has ended"
            self._rest += chunk
        line, _, self._rest = self._rest.partition(b"\0")
        told: dict[str, Any] = json.loads(line)
        if "method" in told:
            self.events.append((told["method"], told["params"]))
        return told

    def open(self, path: Path, width: int, fragment: str = "", scheme: str = "light") -> None:
        """Show a file in a window of this width, and wait until it is loaded."""
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=900, deviceScaleFactor=1, mobile=False)
        self.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
        self._loads += 1
        self.events.clear()
        address = f"{path.as_uri()}?{self._loads}{fragment}"  # a new one, so that it is loaded anew
        loader = self.call("Page.navigate", url=address)["loaderId"]
        while ("Page.lifecycleEvent", loader, "load") not in self._stages():
            self._read()

    def _stages(self) -> list[tuple[str, str, str]]:
        return [
            (name, value["loaderId"], value["name"])
            for name, value in self.events
            if "loaderId" in value and "name" in value
        ]

    def value(self, expression: str) -> Any:
        """Return the JSON value of a JavaScript expression."""
        done = self.call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in done, done
        return done["result"].get("value")

    def press(self, key: str, *, alt: bool = False) -> None:
        """Press and release a key, as a keyboard does."""
        codes = {"Enter": 13, "Escape": 27, "ArrowRight": 39, "ArrowDown": 40}
        text = {"text": "\r"} if key == "Enter" else {}
        for kind in ("keyDown", "keyUp"):
            more = {**(text if kind == "keyDown" else {}), "modifiers": int(alt)}
            self.call("Input.dispatchKeyEvent", type=kind, key=key, code=key, windowsVirtualKeyCode=codes[key], **more)

    @property
    def complaints(self) -> list[str]:
        """What stands in the console, and exceptions."""
        names = ("Runtime.exceptionThrown", "Log.entryAdded", "Runtime.consoleAPICalled")
        return [json.dumps(value) for name, value in self.events if name in names]

    @property
    def requests(self) -> list[str]:
        """The addresses that were asked for since it was opened, without the number that ``open`` puts behind."""
        asked = [value["request"]["url"] for name, value in self.events if name == "Network.requestWillBeSent"]
        return [url.partition("?")[0] for url in asked]


@contextmanager
def browser(profile: Path) -> Iterator[Page]:
    """Start Chromium with an empty profile and give its tab."""
    (their_in, our_out), (our_in, their_out) = os.pipe(), os.pipe()
    attach = [sys.executable, "-c", _ATTACH, str(their_in), str(their_out)]
    process = subprocess.Popen(
        [*attach, CHROMIUM, *_FLAGS.split(), f"--user-data-dir={profile}"],
        pass_fds=(their_in, their_out),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "HOME": str(profile)},
    )
    os.close(their_in)
    os.close(their_out)
    try:
        yield Page(our_out, our_in)
    finally:
        os.close(our_out)
        os.close(our_in)
        process.terminate()
        process.wait()
