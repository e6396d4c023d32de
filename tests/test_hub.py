"""Pulls from a hub, by the real client from a real server: whatever fails, nothing damaged is taken for a model."""

from __future__ import annotations

import hashlib
import os
import socket
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from loopback_hub import COMMIT, PAGE, POINTER, Fault, Hub, loopback_hub
from synthetic import gguf_bytes

from offline_interpreter.errors import ModelMissing, ModelUnusable, OfflineInterpreterError, PullFailed, StoreError
from offline_interpreter.models.catalogue import HubSource, ModelEntry, ModelFile
from offline_interpreter.models.pull import Pulled, pull_entry, pull_file
from offline_interpreter.models.store import HeldModel, Store
from offline_interpreter.models.verify import check_before_load
from offline_interpreter.models.work import Work

MIB = 1 << 20
REPO = "someone/tiny-GGUF"
NAME = "tiny-q4.gguf"


def gguf(seed: int, size_bytes: int = 3 * MIB, **facts: object) -> bytes:
    weights = np.random.default_rng(seed).standard_normal(size_bytes // 4).astype(np.float32)
    return gguf_bytes({"general.architecture": "llama"} | facts, {f"weights.{seed}": weights})


DATA = gguf(1)


@pytest.fixture(scope="module", autouse=True)
def _session() -> Iterator[None]:
    """Keep the client's connections for all tests of this module, for it takes long to begin one."""
    yield
    from huggingface_hub.utils import close_session

    close_session()


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    with loopback_hub() as hub:
        hub.files[f"{REPO}/{NAME}"] = DATA
        monkeypatch.setenv("HF_ENDPOINT", hub.url)
        monkeypatch.setenv("NO_PROXY", "*")
        monkeypatch.delenv("HF_TOKEN", raising=False)
        yield hub


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Store:
    monkeypatch.setenv("OFFLINE_INTERPRETER_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    return Store(tmp_path / "models")


def file_of(data: bytes, name: str = NAME) -> ModelFile:
    return ModelFile(name, len(data), hashlib.sha256(data).hexdigest())


def entry(*files: ModelFile) -> ModelEntry:
    return ModelEntry("tiny", HubSource(REPO, COMMIT), "mit", 4096, files or (file_of(DATA),))


def pull(store: Store) -> Pulled:
    return pull_entry(store, entry())


def held(store: Store) -> HeldModel:
    model = store.find("tiny")
    assert model is not None
    return model


def assert_whole(store: Store, model_id: str = "tiny", **files: bytes) -> None:
    model = store.find(model_id)
    assert model is not None
    assert store.state(model) == "ready"
    assert {path.name: path.read_bytes() for path in model.paths} == (files or {NAME: DATA})
    assert sorted(path.name for path in model.folder.iterdir()) == sorted([*(files or {NAME: DATA}), "model.json"])


def assert_no_model(store: Store, model_id: str = "tiny") -> None:
    model = store.find(model_id)
    if model is not None:
        assert store.state(model) == "incomplete"
        with pytest.raises(ModelMissing):
            check_before_load(model)
    assert not list((store.folder / model_id).glob("*.gguf"))


# -- what goes well -----------------------------------------------------------------------------------------------


def test_pull_brings_the_file_and_says_where_it_is_from(hub: Hub, store: Store) -> None:
    pulled = pull(store)
    assert pulled.new_bytes == len(DATA)
    assert pulled.model == HeldModel("tiny", store.folder / "tiny", (file_of(DATA),), "mit", COMMIT, REPO)
    assert held(store) == pulled.model
    assert_whole(store)
    assert hub.methods() == ["HEAD", "GET"]


def test_second_pull_asks_nobody(hub: Hub, store: Store) -> None:
    pull(store)
    hub.requests.clear()
    assert pull(store).new_bytes == 0
    assert hub.requests == []


def test_file_that_was_copied_there_by_hand_is_hashed_and_not_fetched(hub: Hub, store: Store) -> None:
    (store.folder / "tiny").mkdir(parents=True)
    (store.folder / "tiny" / NAME).write_bytes(DATA)
    assert pull(store).new_bytes == 0
    assert_whole(store)
    assert hub.requests == []


def test_damaged_file_in_the_store_is_fetched_again(hub: Hub, store: Store) -> None:
    path = pull(store).model.path
    path.write_bytes(DATA[:-1] + b"?")
    assert pull(store).new_bytes == len(DATA)
    assert_whole(store)


def test_progress_counts_to_the_size(hub: Hub, store: Store) -> None:
    seen: list[Work] = []
    pull_entry(store, entry(), on_work=seen.append)
    for kind in ("fetch", "check"):
        done = [work.done_bytes for work in seen if work.kind == kind]
        assert done == sorted(done)
        assert done[-1] == len(DATA)
        assert len(done) >= 3
    assert {(work.name, work.total_bytes) for work in seen} == {(NAME, len(DATA))}


def test_token_is_sent_to_the_hub(hub: Hub, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    pull(store)
    assert {request.token for request in hub.requests} == {"Bearer hf_secret"}


def test_redirect_to_another_host_is_followed_without_the_token(
    hub: Hub, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    with loopback_hub("127.0.0.2") as other:
        other.files = hub.files
        hub.faults = [Fault("redirect", method, text=other.url) for method in ("HEAD", "GET")]
        pull(store)
        assert [request.token for request in other.requests] == [""]
    assert_whole(store)


# -- what the hub says before anything is fetched ------------------------------------------------------------------

REFUSALS = {
    "the publisher changed the file": (
        Fault("etag", "HEAD"),
        rf"The publisher changed this file: {NAME}; nothing was downloaded\.",
    ),
    "gated": (
        Fault("error", "HEAD", status=401, text="GatedRepo"),
        rf"{REPO} needs an accepted license and a token\. Accept it at http.*/{REPO}, and set HF_TOKEN",
    ),
    "no repository": (
        Fault("error", "HEAD", status=401, text="RepoNotFound"),
        rf"The repository '{REPO}' was not found at 127\.0\.0\.1:\d+, or is private\.",
    ),
    "no revision": (Fault("error", "HEAD", status=404, text="RevisionNotFound"), rf"has no revision '{COMMIT}'"),
    "no file": (
        Fault("error", "HEAD", status=404, text="EntryNotFound"),
        rf"{REPO} has no file '{NAME}' at revision {COMMIT}\.",
    ),
    "busy": (Fault("error", "HEAD", status=503), r"127\.0\.0\.1:\d+ answered 503 Service Unavailable"),
    "hung up": (Fault("close", "HEAD"), r"Cannot reach 127\.0\.0\.1:\d+ \(.+\)\. Set HF_ENDPOINT to a mirror, or"),
    "reset": (Fault("reset", "HEAD"), r"Cannot reach 127\.0\.0\.1:\d+ \(.*reset.*\)\. Set HF_ENDPOINT to a mirror"),
    "a login page": (Fault("bare", "HEAD"), r"does not answer as a model hub does\. A login page or a proxy may"),
}


@pytest.mark.parametrize(("fault", "message"), REFUSALS.values(), ids=REFUSALS)
def test_what_the_hub_refuses_is_said_and_nothing_is_fetched(
    hub: Hub, store: Store, fault: Fault, message: str
) -> None:
    hub.faults = [replace(fault)]
    with pytest.raises(PullFailed, match=message):
        pull(store)
    assert hub.methods() == ["HEAD"]
    assert store.find("tiny") is None
    assert not (store.folder / "tiny").exists()
    pull(store)
    assert_whole(store)


def test_nobody_there(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
    monkeypatch.setenv("HF_ENDPOINT", f"http://127.0.0.1:{port}")
    with pytest.raises(
        PullFailed, match=rf"^Cannot reach 127\.0\.0\.1:{port} \(Connection refused\)\. Set HF_ENDPOINT"
    ):
        pull(store)
    assert store.models() == ()


@pytest.mark.parametrize("endpoint", ["not an address", "ftp://127.0.0.1", "http://"])
def test_endpoint_that_is_none(store: Store, monkeypatch: pytest.MonkeyPatch, endpoint: str) -> None:
    monkeypatch.setenv("HF_ENDPOINT", endpoint)
    with pytest.raises(PullFailed, match=r"^Cannot reach "):
        pull(store)


# -- what happens to the line -------------------------------------------------------------------------------------

KEPT = 2 * MIB  # of what was got before the line was cut, whole pieces


def fails_at(kind: str, at: int) -> list[Fault]:
    """Return faults that let so many bytes through, and then nothing any more."""
    first = [Fault(kind, at=at)] if at else []  # type: ignore[arg-type]
    return [*first, Fault(kind, times=100)]  # type: ignore[arg-type]


def begin(hub: Hub, store: Store) -> Path:
    """Pull until the line is cut, and return the part."""
    hub.faults = fails_at("reset", KEPT)
    with pytest.raises(PullFailed):
        pull(store)
    hub.faults = []
    hub.count_anew()
    part: Path = store.folder / "tiny" / f"{NAME}.part"
    assert part.stat().st_size
    return part


CUTS = {
    "hung up before the answer": ("close", 0, 0),
    "hung up in the header of the file": ("close", 2, 0),
    "hung up in the middle": ("close", KEPT + 1000, KEPT),
    "hung up before the last byte": ("close", len(DATA) - 1, 3 * MIB),
    "reset before the answer": ("reset", 0, 0),
    "reset in the middle": ("reset", KEPT + 1000, KEPT),
    "reset before the last byte": ("reset", len(DATA) - 1, 3 * MIB),
}


@pytest.mark.parametrize(("kind", "at", "kept"), CUTS.values(), ids=CUTS)
def test_line_that_is_cut_for_good_is_gone_on_with(hub: Hub, store: Store, kind: str, at: int, kept: int) -> None:
    hub.faults = fails_at(kind, at)
    size = f"{kept / 1e6:.1f} MB" if kept else "0 B"
    with pytest.raises(
        PullFailed, match=rf"^Stopped at {size} of 3\.1 MB \(.+\)\. Run the same command again to resum"
    ):
        pull(store)
    assert_no_model(store)
    hub.faults = []
    hub.count_anew()
    pull(store)
    assert_whole(store)
    assert hub.sent_bytes == len(DATA) - kept


@pytest.mark.parametrize("kind", ["close", "reset"])
def test_line_that_is_cut_now_and_then_needs_no_second_command(hub: Hub, store: Store, kind: str) -> None:
    hub.faults = [Fault(kind, at=MIB + 5) for _ in range(2)]  # type: ignore[arg-type]
    pull(store)
    assert_whole(store)
    assert [request.range for request in hub.requests if request.method == "GET"][1:] == [
        f"bytes={MIB}-",
        f"bytes={2 * MIB}-",
    ]


def test_server_that_knows_no_range_sends_all_again(hub: Hub, store: Store) -> None:
    begin(hub, store)
    hub.faults = [Fault("no_range", times=100)]
    pull(store)
    assert_whole(store)
    assert hub.sent_bytes == len(DATA)


def test_slow_line_is_waited_for(hub: Hub, store: Store) -> None:
    hub.faults = [Fault("slow", at=4 * MIB)]
    pull(store)
    assert_whole(store)


def test_server_that_refuses_to_go_on(hub: Hub, store: Store) -> None:
    begin(hub, store)
    hub.faults = [Fault("error", status=503)]
    with pytest.raises(PullFailed, match=r"answered 503 .* Run the same command again"):
        pull(store)
    assert_no_model(store)
    pull(store)
    assert hub.sent_bytes == len(DATA) - KEPT
    assert_whole(store)


# -- what is sent -------------------------------------------------------------------------------------------------

BODIES = {
    "one bit is another one": (
        Fault("corrupt"),
        ModelUnusable,
        r"^Damaged: .* expected \w{12}…, got .*moved to .*\.bad",
    ),
    "a login page": (Fault("body", body=PAGE), PullFailed, r"sent for tiny-q4\.gguf is a web page, not a model"),
    "a pointer": (Fault("body", body=POINTER), PullFailed, r"is a Git LFS pointer, not a model"),
    "something else": (Fault("body", body=b"PK\x03\x04" * 99), PullFailed, r"is not a GGUF file"),
    "nothing": (Fault("body"), ModelUnusable, rf"File is 0 bytes, needs {len(DATA)}"),
    "too little": (
        Fault("body", body=DATA[: 2 * MIB]),
        ModelUnusable,
        rf"came cut short\. File is {2 * MIB} bytes, needs {len(DATA)}",
    ),
    "too much": (Fault("body", body=DATA + b"more"), PullFailed, rf"is longer than the {len(DATA)} bytes"),
    "another model of its size": (Fault("body", body=gguf(2)), ModelUnusable, r"^Damaged: "),
}


@pytest.mark.parametrize(("fault", "error", "message"), BODIES.values(), ids=BODIES)
def test_what_is_not_the_file_is_never_a_model(
    hub: Hub, store: Store, fault: Fault, error: type[OfflineInterpreterError], message: str
) -> None:
    hub.faults = [replace(fault)]
    with pytest.raises(error, match=message):
        pull(store)
    assert_no_model(store)
    pull(store)
    assert_whole(store)


def test_login_page_leaves_what_was_got_before(hub: Hub, store: Store) -> None:
    begin(hub, store)
    hub.faults = [Fault("bare", "HEAD"), Fault("body", "HEAD", body=PAGE)]
    with pytest.raises(PullFailed, match="does not answer as a model hub does"):
        pull(store)
    pull(store)
    assert hub.sent_bytes == len(DATA) - KEPT


# -- parts of earlier pulls ---------------------------------------------------------------------------------------


def test_part_that_is_whole_is_not_fetched(hub: Hub, store: Store) -> None:
    begin(hub, store).write_bytes(DATA)
    pull(store)
    assert hub.sent_bytes == 0
    assert_whole(store)


def test_part_that_begins_as_a_model_and_goes_on_as_garbage_is_set_aside(hub: Hub, store: Store) -> None:
    begin(hub, store).write_bytes(b"GGUF" + b"garbage" * 1000)
    with pytest.raises(ModelUnusable, match=r"^Damaged: .*moved to tiny-q4\.gguf\.bad"):
        pull(store)
    assert_no_model(store)
    pull(store)
    assert_whole(store)


@pytest.mark.parametrize("garbage", [b"<html>", b"", DATA + b"more"], ids=["page", "empty", "too long"])
def test_part_that_cannot_be_the_beginning_is_begun_again(hub: Hub, store: Store, garbage: bytes) -> None:
    begin(hub, store).write_bytes(garbage)
    pull(store)
    assert hub.sent_bytes == len(DATA)
    assert_whole(store)


def test_part_of_another_file_is_begun_again(hub: Hub, store: Store) -> None:
    begin(hub, store)
    hub.files[f"{REPO}/{NAME}"] = other = gguf(2)
    pull_entry(store, entry(file_of(other)))
    assert hub.sent_bytes == len(other)
    assert_whole(store, **{NAME: other})


# -- what happens here --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("kind", "number"), [("fetch", 1), ("fetch", 3), ("check", 1), ("check", 3)])
def test_interrupt_in_each_phase_is_gone_on_from(hub: Hub, store: Store, kind: str, number: int) -> None:
    seen = 0

    def interrupt(work: Work) -> None:
        nonlocal seen
        seen += work.kind == kind
        if seen == number:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        pull_entry(store, entry(), on_work=interrupt)
    assert_no_model(store)
    hub.count_anew()
    pull(store)
    assert_whole(store)
    assert hub.sent_bytes == len(DATA) - min(number * MIB if kind == "fetch" else len(DATA), len(DATA))


def test_no_room_is_said_before_anything_is_fetched(hub: Hub, store: Store) -> None:
    hub.faults = [Fault("size", "HEAD", at=1 << 60)]
    with pytest.raises(
        StoreError, match=r"^This needs \d+ [TPE]?B?.*, and the disk of '.*tiny' has .*Free some, or set"
    ):
        pull_entry(store, entry(ModelFile(NAME, 1 << 60, hashlib.sha256(DATA).hexdigest())))
    assert "GET" not in hub.methods()


def test_store_that_cannot_be_written_to(hub: Hub, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StoreError, match=r"The store '.*' cannot be written to: .*Set OFFLINE_INTERPRETER_MODELS to"):
        pull(Store(tmp_path / "file" / "models"))


def test_second_pull_at_once_is_refused(hub: Hub, store: Store) -> None:
    def pull_too(work: Work) -> None:
        if work.kind == "fetch":
            with pytest.raises(StoreError, match=rf"'tiny' is being worked on by process {os.getpid()}\. Wait until"):
                pull(store)

    pull_entry(store, entry(), on_work=pull_too)
    assert_whole(store)


# -- files that no catalogue knows --------------------------------------------------------------------------------


def test_any_file_of_a_repository_is_pulled_as_the_hub_says_it_is(hub: Hub, store: Store) -> None:
    model = pull_file(store, f"{REPO}:{NAME}").model
    assert model == HeldModel("tiny-q4", store.folder / "tiny-q4", (file_of(DATA),), "unknown", COMMIT, REPO)
    assert [request.path for request in hub.requests] == [f"/{REPO}/resolve/main/{NAME}"] * 2
    assert_whole(store, "tiny-q4")


def test_file_in_a_folder_at_a_revision_under_a_name_of_ones_own(hub: Hub, store: Store) -> None:
    hub.files[f"{REPO}/Q8/{NAME}"] = DATA
    model = pull_file(store, f"{REPO}:Q8/{NAME}", revision=COMMIT, model_id="mine").model
    assert (model.id, model.files[0].name) == ("mine", NAME)
    assert {request.path for request in hub.requests} == {f"/{REPO}/resolve/{COMMIT}/Q8/{NAME}"}


@pytest.mark.parametrize(
    "name", ["tiny", "owner/name", "owner/name:", "owner/name:file.bin", "a/b/c:x.gguf", "a/b:../.gguf"]
)
def test_what_names_no_file_is_refused(store: Store, name: str) -> None:
    with pytest.raises(OfflineInterpreterError, match=r"names no file of a repository\. Write OWNER/REPO:FILE\.gguf"):
        pull_file(store, name)


def test_id_that_leads_out_of_the_store_is_refused(hub: Hub, store: Store) -> None:
    with pytest.raises(OfflineInterpreterError, match=r"'\.\./x' is no id of a model"):
        pull_file(store, f"{REPO}:{NAME}", model_id="../x")
    assert hub.requests == []


def test_mirror_that_knows_no_sha256_is_believed_its_size(hub: Hub, store: Store) -> None:
    hub.faults = [Fault("no_etag", "HEAD")]
    hub.faults += [Fault("body", "HEAD", body=DATA)]
    assert pull_file(store, f"{REPO}:{NAME}").model.files == (file_of(DATA),)


def test_name_that_another_model_has_is_refused(hub: Hub, store: Store) -> None:
    hub.files[f"else/where/{NAME}"] = gguf(2)
    pull_file(store, f"{REPO}:{NAME}")
    with pytest.raises(
        StoreError, match=rf"There is another model 'tiny-q4', from {REPO}\. Remove it, or choose an --id"
    ):
        pull_file(store, f"else/where:{NAME}")
    assert_whole(store, "tiny-q4")


def test_model_of_the_catalogue_at_another_revision(hub: Hub, store: Store) -> None:
    hub.files[f"{REPO}/{NAME}"] = other = gguf(2)
    with pytest.raises(PullFailed, match="The publisher changed"):
        pull(store)
    model = pull_entry(store, entry(), revision="main").model
    assert (model.files, model.license, model.revision) == ((file_of(other),), "mit", COMMIT)


def test_file_that_is_no_whole_gguf_is_refused_though_the_hub_has_it_so(hub: Hub, store: Store) -> None:
    hub.files[f"{REPO}/{NAME}"] = DATA[:-5000]
    with pytest.raises(ModelUnusable, match="is cut short"):
        pull_file(store, f"{REPO}:{NAME}")
    assert_no_model(store, "tiny-q4")


# -- models of several files --------------------------------------------------------------------------------------

PARTS = {
    f"tiny-{number + 1:05}-of-00003.gguf": gguf(number, MIB, **{"split.no": number, "split.count": 3})
    for number in range(3)
}


def test_all_parts_of_a_split_model_are_pulled(hub: Hub, store: Store) -> None:
    hub.files |= {f"{REPO}/{name}": data for name, data in PARTS.items()}
    model = pull_file(store, f"{REPO}:tiny-00002-of-00003.gguf").model
    assert (model.id, model.path.name) == ("tiny", "tiny-00001-of-00003.gguf")
    assert_whole(store, **PARTS)


def test_part_that_the_hub_lacks_is_named_before_anything_is_fetched(hub: Hub, store: Store) -> None:
    hub.files |= {f"{REPO}/{name}": data for name, data in list(PARTS.items())[:2]}
    with pytest.raises(PullFailed, match=r"has no file 'tiny-00003-of-00003\.gguf'"):
        pull_file(store, f"{REPO}:tiny-00001-of-00003.gguf")
    assert "GET" not in hub.methods()


def test_parts_that_are_there_are_not_fetched_again(hub: Hub, store: Store) -> None:
    hub.files |= {f"{REPO}/{name}": data for name, data in PARTS.items()}
    hub.faults = [Fault("slow", at=1 << 30), Fault("slow", at=1 << 30), Fault("corrupt", times=0)]
    seen = set()

    def interrupt(work: Work) -> None:
        seen.add(work.name)
        if len(seen) == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        pull_entry(store, entry(*(file_of(data, name) for name, data in PARTS.items())), on_work=interrupt)
    assert store.state(held(store)) == "incomplete"
    hub.count_anew()
    pull_entry(store, entry(*(file_of(data, name) for name, data in PARTS.items())))
    assert hub.sent_bytes <= len(PARTS["tiny-00003-of-00003.gguf"])
    assert_whole(store, **PARTS)


def test_parts_that_do_not_belong_together_are_no_model(hub: Hub, store: Store) -> None:
    names = list(PARTS)
    hub.files |= {f"{REPO}/{name}": PARTS[names[0]] for name in names}
    with pytest.raises(ModelUnusable, match="is not part 2 of 3"):
        pull_file(store, f"{REPO}:{names[0]}")
    model = store.find("tiny")
    assert model is not None
    assert store.state(model) == "incomplete"
