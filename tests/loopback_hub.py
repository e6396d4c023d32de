"""A model hub on this machine, for the real client: it answers as a hub does, and fails as networks do.

``faults`` are used up one by one, each by the next request that it fits; ``requests`` and ``sent_bytes`` tell what
was asked for and what of files went over the line.
"""

from __future__ import annotations

import hashlib
import socket
import struct
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Literal, NamedTuple
from urllib.parse import unquote, urlsplit

COMMIT = "0123456789abcdef0123456789abcdef01234567"
PAGE = b"<!DOCTYPE html><html><body>Please log in</body></html>" + b" " * 5000
POINTER = b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 12\n"
_PIECE_BYTES = 1 << 16

Kind = Literal[
    "close",  # hang up; "at" counts the bytes of the body that go out before
    "reset",  # the same with a TCP reset
    "error",  # "status" with the header X-Error-Code
    "corrupt",  # a byte of the body is another one
    "body",  # another body, as of a login page, with its own length
    "bare",  # the answer has no headers of a hub
    "etag",  # another SHA-256 than that of the body
    "size",  # it is said to have "at" bytes
    "no_etag",  # the ETag of a mirror that knows no SHA-256
    "no_range",  # a Range is not looked at
    "redirect",  # to another address, "text"
    "slow",  # "at" bytes a second
    "hang",  # no answer until the hub closes
]


@dataclass
class Fault:
    """What goes wrong with requests of ``method``, and ``times`` how often."""

    kind: Kind
    method: str = "GET"
    at: int = 0
    status: int = 0
    text: str = ""
    body: bytes = b""
    times: int = 1


class Request(NamedTuple):
    method: str
    path: str
    range: str
    token: str


@dataclass
class Hub:
    """``files`` maps owner/name/file to bytes; only the revisions ``main`` and ``COMMIT`` are there."""

    url: str
    files: dict[str, bytes] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)
    requests: list[Request] = field(default_factory=list)
    closing: threading.Event = field(default_factory=threading.Event)
    sent: list[int] = field(default_factory=list)  # the sizes of the pieces of files that went out

    @property
    def sent_bytes(self) -> int:
        return sum(self.sent)

    def count_anew(self) -> None:
        """Forget what was sent: an answer that is still under way to who hung up counts no more."""
        self.sent = []

    def methods(self) -> list[str]:
        return [request.method for request in self.requests]

    def take(self, kind: Kind, method: str) -> Fault | None:
        for fault in self.faults:
            if fault.kind == kind and fault.method == method and fault.times > 0:
                fault.times -= 1
                return fault
        return None


@contextmanager
def loopback_hub(host: str = "127.0.0.1") -> Iterator[Hub]:
    server = _Server((host, 0), _Handler)
    hub = Hub(f"http://{host}:{server.server_port}")
    server.hub = hub  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield hub
    finally:
        hub.closing.set()
        server.shutdown()
        thread.join()
        server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False  # a connection that the client keeps lives on

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing: who asked may hang up at any time."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    @property
    def hub(self) -> Hub:
        return self.server.hub  # type: ignore[attr-defined,no-any-return]

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - its name in the base class
        """Say nothing."""

    def do_HEAD(self) -> None:
        self._answer("HEAD")

    def do_GET(self) -> None:
        self._answer("GET")

    def _answer(self, method: str) -> None:
        headers = self.headers
        self.hub.requests.append(Request(method, self.path, headers.get("Range", ""), headers.get("Authorization", "")))
        if self.hub.take("hang", method):
            self.hub.closing.wait()
            self.close_connection = True
            return
        fault = self.hub.take("error", method)
        if fault:
            self._finish(fault.status, {"X-Error-Code": fault.text} if fault.text else {})
            return
        fault = self.hub.take("redirect", method)
        if fault:
            self._finish(302, {"Location": fault.text + self.path} | self._told(method, self._file() or b""))
            return
        self._answer_file(method)

    def _file(self) -> bytes | None:
        parts = unquote(urlsplit(self.path).path).strip("/").split("/")
        if len(parts) < 5 or parts[2] != "resolve":
            return None
        return self.hub.files.get("/".join([*parts[:2], *parts[4:]]))

    def _answer_file(self, method: str) -> None:
        parts = unquote(urlsplit(self.path).path).strip("/").split("/")
        data = self._file()
        known = {"/".join(name.split("/")[:2]) for name in self.hub.files}
        if "/".join(parts[:2]) not in known:
            self._finish(401, {"X-Error-Code": "RepoNotFound"})
        elif parts[3] not in {"main", COMMIT}:
            self._finish(404, {"X-Error-Code": "RevisionNotFound"})
        elif data is None:
            self._finish(404, {"X-Error-Code": "EntryNotFound"})
        else:
            self._send_file(method, data)

    def _told(self, method: str, data: bytes) -> dict[str, str]:
        if self.hub.take("bare", method):
            return {"Content-Type": "text/html"}
        sha256 = hashlib.sha256(data).hexdigest()
        told = {"X-Repo-Commit": COMMIT, "Accept-Ranges": "bytes", "X-Linked-Size": str(len(data))}
        told["ETag"] = told["X-Linked-Etag"] = f'"{"0" * 64 if self.hub.take("etag", method) else sha256}"'
        larger = self.hub.take("size", method)
        if larger:
            told["X-Linked-Size"] = str(larger.at)
        if self.hub.take("no_etag", method):
            del told["X-Linked-Etag"], told["X-Linked-Size"]
            told["ETag"] = 'W/"some-mark"'
        return told

    def _send_file(self, method: str, data: bytes) -> None:
        told = self._told(method, data)
        start = 0
        asked = self.headers.get("Range", "")
        if asked and not self.hub.take("no_range", method):
            start = int(asked.removeprefix("bytes=").partition("-")[0])
            if start >= len(data):
                self._finish(416, {"Content-Range": f"bytes */{len(data)}"})
                return
            told["Content-Range"] = f"bytes {start}-{len(data) - 1}/{len(data)}"
        other = self.hub.take("body", method)
        body = other.body if other else data[start:]
        if self.hub.take("corrupt", method):
            body = body[:-100] + bytes([body[-100] ^ 1]) + body[-99:]
        status = 206 if "Content-Range" in told and not other else 200
        self._finish(status, told, body, sends=method == "GET")

    def _finish(self, status: int, headers: dict[str, str], body: bytes = b"", *, sends: bool = True) -> None:
        method = self.command
        cut = self.hub.take("close", method) or self.hub.take("reset", method)
        if cut and not cut.at:
            self._hang_up(cut)
            return
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.flush()
        if sends:
            self._send_body(body, cut, self.hub.take("slow", method))
        if cut:
            self._hang_up(cut)

    def _send_body(self, body: bytes, cut: Fault | None, slow: Fault | None) -> None:
        end = min(cut.at, len(body)) if cut else len(body)
        sent = self.hub.sent
        for at in range(0, end, _PIECE_BYTES):
            piece = body[at : min(at + _PIECE_BYTES, end)]
            try:
                self.wfile.write(piece)
            except OSError:  # who asked has left
                self.close_connection = True
                return
            sent.append(len(piece))
            if slow and self.hub.closing.wait(len(piece) / slow.at):
                self.close_connection = True
                return

    def _hang_up(self, cut: Fault) -> None:
        self.close_connection = True
        if cut.kind == "reset":
            time.sleep(0.2)  # so that what was sent before has arrived: a reset throws away what is on the way
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.connection.close()
        else:
            self.connection.shutdown(socket.SHUT_RDWR)
