"""Files of a repository on a model hub: what it says of one, and one byte after the other into a file of our own.

The client is ``huggingface_hub``, whose cache is not used, for its files are links into a shared folder. It reads
``HF_ENDPOINT`` (a mirror), ``HF_TOKEN`` and ``HF_HUB_OFFLINE``. What was got is neither hashed nor put into the store:
see ``pull``. Every exception of the client is mapped to ours here.
"""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO
from urllib.parse import urlsplit

from offline_interpreter.errors import PullFailed
from offline_interpreter.models.catalogue import SHA256
from offline_interpreter.models.disk import write_all
from offline_interpreter.models.gguf import verdict
from offline_interpreter.models.store import size_of
from offline_interpreter.models.work import OnWork, Work, ignore
from offline_interpreter.plain_text import size_text
from offline_interpreter.silence import let_the_hub_through

if TYPE_CHECKING:
    from huggingface_hub.errors import HfHubHTTPError

DEFAULT_ENDPOINT = "https://huggingface.co"
MOST_IDLE_TRIES = 3  # times that a connection may be reset without having brought anything
_CHUNK_BYTES = 1 << 20  # the client takes 10 MB at once: seconds without a sign on a slow line, and lost with it
_MIRROR_OR_IMPORT = "Set HF_ENDPOINT to a mirror, or `offline-interpreter models import` a file."
_IN_BETWEEN = "A login page or a proxy may stand in between: open the address in a browser, or set HF_ENDPOINT."
RESUME = "Run the same command again to resume."


@dataclass(frozen=True)
class RemoteFile:
    """What the hub says of a file: ``sha256`` is empty, ``size_bytes`` None where it does not say."""

    commit: str
    sha256: str
    size_bytes: int | None


class Repository:
    """A repository of the hub at a revision: a commit, a branch or a tag."""

    def __init__(self, repo_id: str, revision: str) -> None:
        _prepare()
        self.repo_id = repo_id
        self.revision = revision
        self._endpoint = (os.environ.get("HF_ENDPOINT") or DEFAULT_ENDPOINT).rstrip("/")
        self._host = urlsplit(self._endpoint).netloc or self._endpoint

    def ask(self, path: str) -> RemoteFile:
        """Return what the hub says of the file ``path``. Raises ``PullFailed``."""
        from huggingface_hub import get_hf_file_metadata

        with self._explained(path, self._unreachable):
            said = get_hf_file_metadata(self._address(path))
        if not said.commit_hash or not said.etag:
            raise PullFailed(f"{self._host} does not answer as a model hub does.", _IN_BETWEEN)
        sha256 = said.etag if SHA256.fullmatch(said.etag) else ""
        return RemoteFile(said.commit_hash, sha256, said.size)

    def fetch(self, path: str, part: Path, size_bytes: int, on_work: OnWork = ignore) -> None:
        """Append to ``part`` what it lacks of a file of ``size_bytes``; it stays shorter if the server's file is.

        Raises ``PullFailed`` when the line is cut for good, or when what the server sends is no GGUF file or longer;
        what was got before stays if it is of use.
        """
        idle = 0
        while (held := size_of(part) or 0) < size_bytes:
            try:
                with part.open("ab", buffering=0) as file:
                    self._append(path, _Part(file, path, size_bytes, self._host, on_work))
                return
            except _Reset as reset:
                got = size_of(part) or 0
                idle = 0 if got > held else idle + 1
                if idle >= MOST_IDLE_TRIES:
                    raise stopped(reset.cause, got, size_bytes) from reset

    def _append(self, path: str, part: _Part) -> None:
        import httpx2
        from huggingface_hub import file_download
        from huggingface_hub.utils import build_hf_headers  # type: ignore[attr-defined, unused-ignore]

        held = part.tell()
        with self._explained(path, lambda cause: stopped(cause, part.tell(), part.size_bytes)):
            try:
                file: Any = part  # it has what the client uses of a file
                file_download.http_get(self._address(path), file, resume_size=held, headers=build_hf_headers())
            except (httpx2.ReadError, httpx2.WriteError) as error:  # the client takes a reset for final
                raise _Reset(_reason(error)) from error

    def _address(self, path: str) -> str:
        from huggingface_hub import hf_hub_url

        return hf_hub_url(self.repo_id, path, revision=self.revision, endpoint=self._endpoint)

    def _unreachable(self, cause: str) -> PullFailed:
        return PullFailed(f"Cannot reach {self._host} ({cause}).", _MIRROR_OR_IMPORT)

    @contextmanager
    def _explained(self, path: str, cut: Callable[[str], PullFailed]) -> Iterator[None]:
        """Map what the client raises; ``cut`` makes the error of a line that fails, from its reason."""
        import httpx2
        from huggingface_hub import errors

        try:
            yield
        except errors.OfflineModeIsEnabled as error:
            remedy = "Unset it, or `offline-interpreter models import` a file."
            raise PullFailed("HF_HUB_OFFLINE is set, which forbids any download.", remedy) from error
        except errors.HfHubHTTPError as error:
            raise self._refused(path, error) from error
        except (httpx2.HTTPError, httpx2.InvalidURL) as error:
            raise cut(_reason(error)) from error

    def _refused(self, path: str, error: HfHubHTTPError) -> PullFailed:
        from huggingface_hub import errors

        page = f"{self._endpoint}/{self.repo_id}"
        if isinstance(error, errors.GatedRepoError):  # also a RepositoryNotFoundError
            remedy = f"Accept it at {page}, and set HF_TOKEN to a token of yours."
            return PullFailed(f"{self.repo_id} needs an accepted license and a token.", remedy)
        if isinstance(error, errors.RepositoryNotFoundError):
            remedy = "Check its name; for a private one set HF_TOKEN to a token that may read it."
            return PullFailed(f"The repository {self.repo_id!r} was not found at {self._host}, or is private.", remedy)
        if isinstance(error, errors.RevisionNotFoundError):
            return PullFailed(f"{self.repo_id} has no revision {self.revision!r}.", f"See {page}/commits/main.")
        if isinstance(error, errors.RemoteEntryNotFoundError):
            remedy = f"See {page}/tree/{self.revision} for its files."
            return PullFailed(f"{self.repo_id} has no file {path!r} at revision {self.revision}.", remedy)
        answer = f"{error.response.status_code} {error.response.reason_phrase}".strip()
        return PullFailed(f"{self._host} answered {answer} when asked for {path}.", f"Try again later. {RESUME}")


class _Reset(Exception):
    """The connection was reset, which a new one may mend."""

    def __init__(self, cause: str) -> None:
        super().__init__(cause)
        self.cause = cause


class _Part:
    """What the client writes a file to: it takes no more than there should be, and nothing but a GGUF file."""

    def __init__(self, file: BinaryIO, path: str, size_bytes: int, host: str, on_work: OnWork) -> None:
        self.size_bytes = size_bytes
        self.tell, self.seek, self.truncate = file.tell, file.seek, file.truncate
        self._file, self._path, self._host, self._on_work = file, path, host, on_work

    def write(self, chunk: bytes) -> int:
        """Write a chunk. Raises ``PullFailed`` for what cannot be the file."""
        held = self._file.tell()
        if held == 0 and not chunk.startswith(b"GGUF"):
            raise PullFailed(f"What {self._host} sent for {self._path} {verdict(chunk[:512])}.", _IN_BETWEEN)
        if held + len(chunk) > self.size_bytes:
            self._file.truncate(0)
            cause = f"What {self._host} sent for {self._path} is longer than the {self.size_bytes} bytes of the file."
            raise PullFailed(cause, _IN_BETWEEN)
        write_all(self._file, chunk)
        self._on_work(Work("fetch", self._path.rpartition("/")[2], held + len(chunk), self.size_bytes))
        return len(chunk)


def stopped(cause: str, done_bytes: int, size_bytes: int) -> PullFailed:
    """Return the error of a download that was cut."""
    return PullFailed(f"Stopped at {size_text(done_bytes)} of {size_text(size_bytes)} ({cause}).", RESUME)


def _prepare() -> None:
    """Import the client as it should be: no telemetry, no way past a mirror, no bars and warnings of its own."""
    let_the_hub_through()
    from huggingface_hub import constants, file_download  # noqa: F401 - importing it sets the level of its log
    from huggingface_hub.utils.tqdm import disable_progress_bars

    constants.DOWNLOAD_CHUNK_SIZE = _CHUNK_BYTES
    disable_progress_bars()
    logging.getLogger("huggingface_hub").setLevel(logging.ERROR)


def _reason(error: BaseException) -> str:
    """Return what an exception, or the one that caused it, says."""
    while not str(error) and error.__cause__ is not None:
        error = error.__cause__
    return re.sub(r"^\[Errno -?\d+\] ", "", str(error)).rstrip(".") or type(error).__name__
