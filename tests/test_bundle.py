"""Making and verifying bundles: what goes in, what is kept, what is never mixed, and what each fault is called."""

import fcntl
import importlib.util
import json
import os
import shutil
import signal
import subprocess
import sys
import zipfile
from collections.abc import Iterable
from pathlib import Path

import pytest
from bundles import ENGINE_TEXT, TARGET, Maker, seal, tree
from packaging.version import Version
from wheels import write_wheel

from offline_interpreter.bundle import elf
from offline_interpreter.bundle.carrying import Carrier, check_drive, file_system
from offline_interpreter.bundle.engine import ENGINE, look_into
from offline_interpreter.bundle.installer.layout import MANIFEST, SUMS, UNFINISHED
from offline_interpreter.bundle.installer.machine import python_tag
from offline_interpreter.bundle.installer.sums import holds, place, sha256_of
from offline_interpreter.bundle.pip import run_pip
from offline_interpreter.bundle.requirements import Collection, read_wheel
from offline_interpreter.bundle.sources import locked_versions, repack
from offline_interpreter.bundle.target import parse_target
from offline_interpreter.errors import BundleError, UsageError
from offline_interpreter.models.store import Store

pytestmark = [
    pytest.mark.skipif(sys.platform != "linux", reason="bundles are for Linux"),
    pytest.mark.skipif(not importlib.util.find_spec("pip"), reason="pip is not installed in this environment"),
    pytest.mark.skipif(not importlib.util.find_spec("hatchling"), reason="hatchling is not installed"),
]

WEIGHTS = bytes(range(256)) * 4000


@pytest.fixture(scope="module")
def maker(tmp_path_factory: pytest.TempPathFactory) -> Maker:
    made = Maker(tmp_path_factory.mktemp("maker"))
    made.add_stand_ins()
    made.add_model("small", WEIGHTS)
    made.add_model("other", WEIGHTS[::-1], license_="mit")
    return made


@pytest.fixture(scope="module")
def made(maker: Maker, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A bundle; tests copy it before they change it."""
    folder = tmp_path_factory.mktemp("made") / "bundle"
    ran = maker.bundle("create", str(folder), "--models", "small")
    assert ran.returncode == 0, ran.stderr
    return folder


@pytest.fixture
def bundle(made: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(made, tmp_path / "bundle"))


def error_of(ran: "subprocess.CompletedProcess[str]", code: int = 1) -> str:
    assert ran.returncode == code, ran.stderr
    assert "Traceback" not in ran.stderr
    return ran.stderr.splitlines()[-1].removeprefix("offline-interpreter: ")


# -- what is in it ------------------------------------------------------------------------------------------------


def test_the_manifest_says_what_it_is_for(made: Path) -> None:
    manifest = json.loads((made / MANIFEST).read_text())
    assert (manifest["python"], manifest["platform"]) == (python_tag(), TARGET.platform)
    assert (manifest["cpu"], tuple(manifest["cpu_features"])) == (TARGET.cpu, TARGET.cpu_features)
    assert manifest["models"] == ["small"]
    versions = locked_versions(TARGET.markers())
    assert {f"pandas=={versions['pandas']}", f"{ENGINE}=={versions[ENGINE]}"} < set(manifest["program"])
    assert not any(pin.startswith(("pytest==", "mypy==")) for pin in manifest["program"])
    assert {file["path"].split("/")[0] for file in manifest["files"]} == {"wheels", "models"}


def test_nothing_is_left_of_the_making(made: Path) -> None:
    names = {path.name for path in made.iterdir()}
    assert names == {"install.sh", "README.txt", MANIFEST, SUMS, "installer", "wheels", "models"}
    assert not list(made.rglob("*.part"))
    assert "@" not in (made / "install.sh").read_text().replace('"$@"', "")
    assert "@" not in (made / "README.txt").read_text()


@pytest.mark.skipif(not shutil.which("sha256sum"), reason="needs sha256sum")
def test_the_checksums_are_those_of_sha256sum(made: Path) -> None:
    ran = subprocess.run(["sha256sum", "-c", "--quiet", SUMS], cwd=made, capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, "", "")


def test_a_model_lies_there_as_the_store_keeps_it(made: Path, maker: Maker) -> None:
    model = Store(made / "models").find("small")
    kept = maker.store.find("small")
    assert model is not None
    assert kept is not None
    assert (model.files, model.license, model.revision) == (kept.files, kept.license, kept.revision)
    assert model.path.read_bytes() == WEIGHTS


def test_what_is_carried_of_the_program_needs_pythons_library_alone(made: Path, tmp_path: Path) -> None:
    for path in sorted((made / "installer").glob("*.py")):
        assert path.read_bytes() == (Path(elf.__file__).parent / "installer" / path.name).read_bytes()
    code = "import sys; sys.path.append(sys.argv[1]); import installer.main as main; print(main.__package__)"
    command = [sys.executable, "-I", "-S", "-B", "-W", "error", "-c", code, str(made)]
    ran = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert ran.stdout == "installer\n"


def test_the_program_itself_comes_with_all_that_a_next_bundle_is_made_of(made: Path) -> None:
    with zipfile.ZipFile(next((made / "wheels").glob("offline_interpreter-*.whl"))) as wheel:
        names = set(wheel.namelist())
    data = {"requirements.lock", "portable_engine.cmake", "engine_only.cmake", "bundle/install.sh", "bundle/README.txt"}
    assert {f"offline_interpreter/data/{name}" for name in data} < names


def test_a_catalogue_of_the_persons_own_is_carried(maker: Maker, bundle: Path) -> None:
    own = maker.home / ".config" / "offline-interpreter" / "models.toml"
    own.parent.mkdir(parents=True, exist_ok=True)
    source = (Path(__file__).parent.parent / "models.toml").read_text(encoding="utf-8")
    own.write_text(source, encoding="utf-8")
    try:
        assert maker.bundle("create", str(bundle), "--models", "small").returncode == 0
        assert (bundle / "models.toml").read_text(encoding="utf-8") == source
    finally:
        own.unlink()


# -- again, and into a folder that is not empty -------------------------------------------------------------------


def test_again_keeps_what_is_right(maker: Maker, bundle: Path) -> None:
    before = {path: path.stat().st_ino for path in bundle.rglob("*") if path.suffix in {".whl", ".gguf"}}
    content = tree(bundle)
    ran = maker.bundle("create", str(bundle), "--models", "small")
    assert ran.returncode == 0, ran.stderr
    assert "Fetching" not in ran.stderr
    assert {path: path.stat().st_ino for path in before} == before
    assert tree(bundle) == content


def test_again_makes_good_what_is_not_right(maker: Maker, bundle: Path) -> None:
    content = tree(bundle)
    (bundle / SUMS).unlink()
    (bundle / "models" / "small" / "weights.gguf").write_bytes(bytes(len(WEIGHTS)))
    (bundle / "models" / "small" / "weights.gguf.part").write_bytes(b"half")
    wheel = next((bundle / "wheels").glob("rich-*.whl"))
    wheel.write_bytes(wheel.read_bytes()[:-30])
    next((bundle / "wheels").glob("pandas-*.whl")).unlink()
    ran = maker.bundle("create", str(bundle), "--models", "small")
    assert ran.returncode == 0, ran.stderr
    assert tree(bundle) == content


def test_models_can_be_changed_and_nothing_of_before_stays(maker: Maker, bundle: Path) -> None:
    assert maker.bundle("create", str(bundle), "--models", "other").returncode == 0
    assert [path.name for path in (bundle / "models").iterdir()] == ["other"]
    assert maker.bundle("verify", str(bundle)).returncode == 0


def test_two_targets_are_never_mixed(maker: Maker, bundle: Path) -> None:
    before = tree(bundle)
    said = error_of(maker.bundle("create", str(bundle), "--cpu", "baseline"), 2)
    assert f"is a bundle for {python_tag()} {TARGET.platform} {TARGET.cpu} cpu, not for " in said
    assert tree(bundle) == before


def test_a_folder_of_other_things_is_left(maker: Maker, tmp_path: Path) -> None:
    (tmp_path / "holiday.jpg").write_bytes(b"")
    said = error_of(maker.bundle("create", str(tmp_path)), 2)
    assert said.startswith(f"{str(tmp_path)!r} holds 'holiday.jpg', which is not of a bundle. Name a new folder, as ")
    (tmp_path / "holiday.jpg").rename(tmp_path / "README.txt")
    assert "holds 'README.txt'" in error_of(maker.bundle("create", str(tmp_path)), 2)
    assert [path.name for path in tmp_path.iterdir()] == ["README.txt"]


def test_a_file_is_no_folder(maker: Maker, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    said = error_of(maker.bundle("create", str(tmp_path / "file")), 2)
    assert said == f"{str(tmp_path / 'file')!r} cannot be made: File exists. Name another folder."


def test_what_stopped_in_the_middle_is_no_bundle(maker: Maker, tmp_path: Path) -> None:
    folder = tmp_path / "bundle"
    taken = maker.wheels / next(maker.wheels.glob("rich-*.whl")).name
    taken.rename(maker.home / taken.name)
    try:
        said = error_of(maker.bundle("create", str(folder)))
    finally:
        (maker.home / taken.name).rename(taken)
    assert said.startswith("Packages could not be fetched: ")
    assert (folder / UNFINISHED).is_file()
    assert "not finished" in error_of(maker.bundle("verify", str(folder)))
    assert "not finished" in error_of(maker.bundle("install", str(folder)))
    assert maker.bundle("create", str(folder)).returncode == 0
    assert maker.bundle("verify", str(folder)).returncode == 0


def test_ctrl_c_ends_with_a_line_and_the_next_goes_on(maker: Maker, tmp_path: Path) -> None:
    folder = tmp_path / "bundle"
    command = [sys.executable, "-m", "offline_interpreter", "bundle", "create", str(folder)]
    with subprocess.Popen(command, env=maker.environment, stderr=subprocess.PIPE, text=True) as child:
        said = iter(child.stderr or ())
        assert any(line == "Fetching packages.\n" for line in said)
        child.send_signal(signal.SIGINT)
        rest = list(said)
    assert (child.returncode, rest) == (130, ["Stopped. The same command goes on where it can.\n"])
    assert maker.bundle("create", str(folder)).returncode == 0
    assert maker.bundle("verify", str(folder)).returncode == 0


def test_two_at_once_do_not_meet(maker: Maker, bundle: Path) -> None:
    before = tree(bundle)
    descriptor = os.open(bundle, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        assert "Another `bundle create` into" in error_of(maker.bundle("create", str(bundle)))
    finally:
        os.close(descriptor)
    assert tree(bundle) == before


def test_packages_for_cells_are_carried_and_not_installed(maker: Maker, bundle: Path) -> None:
    write_wheel(maker.wheels, "small_sums", "1.0", "small_base>=1")
    write_wheel(maker.wheels, "small_base", "1.0")
    ran = maker.bundle("create", str(bundle), "--packages", "small_sums, small_base")
    assert ran.returncode == 0, ran.stderr
    assert {path.name.split("-")[0] for path in (bundle / "wheels").glob("small_*")} == {"small_sums", "small_base"}
    assert not [pin for pin in json.loads((bundle / MANIFEST).read_text())["program"] if pin.startswith("small")]
    said = error_of(maker.bundle("create", str(bundle), "--packages", "small sums"), 2)
    assert said.startswith("'small sums' is not the name of a package.")


# -- what cannot be made ------------------------------------------------------------------------------------------


def test_a_model_must_be_in_the_store(maker: Maker, tmp_path: Path) -> None:
    said = error_of(maker.bundle("create", str(tmp_path / "b"), "--models", "nowhere"), 3)
    assert said == "Model 'nowhere' is not in the store. Run `offline-interpreter models pull nowhere` first."
    assert not (tmp_path / "b").exists()


def test_a_model_that_is_damaged_in_the_store_is_not_carried(maker: Maker, tmp_path: Path) -> None:
    model = maker.add_model("broken", WEIGHTS)
    model.path.write_bytes(bytes(len(WEIGHTS)))
    said = error_of(maker.bundle("create", str(tmp_path / "b"), "--models", "broken"))
    assert said == "'weights.gguf' is damaged in the store. Run `offline-interpreter models verify broken`."
    assert not (tmp_path / "b" / SUMS).exists()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"platform_": "win_amd64"}, "No bundle can be made for the platform 'win_amd64'."),
        ({"platform_": "linux_aarch64" if TARGET.machine == "x86_64" else "linux_x86_64"}, "cannot be built here"),
        ({"platform_": f"manylinux_2_5_{TARGET.machine}"}, "is too old"),
        ({"python": "3.9"}, "The option 'python' is '3.9'. It must be a version from 3.10 on, like 3.11."),
        ({"python": "3.11.4"}, "The option 'python' is '3.11.4'."),
        ({"cpu": "v9"}, "The option 'cpu' is 'v9'."),
    ],
)
def test_a_target_that_cannot_be_is_told(options: dict[str, str], said: str) -> None:
    with pytest.raises(UsageError) as raised:
        parse_target(**{"python": None, "platform_": None, "cpu": None, "backend": "cpu", **options})  # type: ignore[arg-type]
    assert said in str(raised.value)


def test_native_names_what_this_processor_has() -> None:
    target = parse_target(None, None, "native", "cpu")
    assert set(TARGET.cpu_features) <= set(target.cpu_features) or TARGET.cpu != "v3"
    assert "fpu" not in target.cpu_features


def test_wheels_for_older_systems_come_first() -> None:
    tags = parse_target(None, None, None, "cpu").platforms(28)
    assert tags.index(f"manylinux_2_17_{TARGET.machine}") < tags.index(f"manylinux_2_28_{TARGET.machine}")
    assert f"manylinux_2_29_{TARGET.machine}" not in tags


# -- drives -------------------------------------------------------------------------------------------------------


def mounts(folder: Path, kind: str) -> Path:
    path = folder / "mountinfo"
    place = str(folder / "a stick").replace(" ", "\\040")
    lines = ["21 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw", f"99 21 8:17 / {place} rw - {kind} /dev/sdb1 rw"]
    path.write_text("\n".join(lines) + "\n")
    return path


def test_a_fat_drive_needs_parts(tmp_path: Path) -> None:
    stick = tmp_path / "a stick"
    stick.mkdir()
    listed = mounts(tmp_path, "vfat")
    assert (file_system(stick, listed), file_system(tmp_path, listed)) == ("vfat", "ext4")
    with pytest.raises(UsageError, match="This drive cannot hold files over 4 GiB: use --split"):
        check_drive(stick, 0, 1 << 32, listed)
    check_drive(stick, 0, (1 << 32) - 1, listed)
    check_drive(tmp_path, 0, 1 << 32, listed)


def test_a_full_drive_is_told_before(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match=r"needs 1000000\.00 GB free and has"):
        check_drive(tmp_path, 10**15, 0)


def test_a_file_that_a_drive_cannot_hold_is_told(maker: Maker, tmp_path: Path) -> None:
    maker.add_model("large", bytes(17 << 20))
    program = [
        sys.executable,
        "-m",
        "offline_interpreter",
        "bundle",
        "create",
        str(tmp_path / "b"),
        "--models",
        "large",
    ]
    command = ["sh", "-c", f'ulimit -f {(16 << 20) // 512} && exec "$@"', "-", *program]
    ran = subprocess.run(command, env=maker.environment, capture_output=True, text=True, check=False)
    assert "This drive cannot hold files over 4 GiB: use --split." in error_of(ran, 2)
    assert maker.bundle("create", str(tmp_path / "b"), "--models", "large", "--split", "16M").returncode == 0


def test_a_file_in_too_many_parts_is_told(tmp_path: Path) -> None:
    (tmp_path / "source").write_bytes(bytes(1000))
    with pytest.raises(UsageError, match="'source' would lie in 1000 parts"):
        Carrier(tmp_path / "bundle", 1).carry(tmp_path / "source", "models/m/f")


@pytest.mark.parametrize("split", [None, 1, 7, 99, 100, 101])
def test_a_file_is_the_same_in_parts_and_joined(tmp_path: Path, split: int | None) -> None:
    source = tmp_path / "source"
    source.write_bytes(bytes(range(100)))
    carrier = Carrier(tmp_path / "bundle", split)
    file = carrier.carry(source, "models/m/f")
    assert len(file.parts) == (1 if split is None or split >= 100 else -(-100 // split))
    place(tmp_path / "bundle", file, tmp_path / "joined", lambda _: None)
    assert (tmp_path / "joined").read_bytes() == source.read_bytes()
    assert holds(tmp_path / "joined", file)
    assert {path: sha256_of(tmp_path / "bundle" / path) for path in file.parts} == carrier.sums


def test_a_part_that_is_there_is_kept_and_a_wrong_one_replaced(tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.write_bytes(bytes(range(100)))
    folder = tmp_path / "bundle" / "models" / "m"
    Carrier(tmp_path / "bundle", 40).carry(source, "models/m/f")
    inodes = [path.stat().st_ino for path in sorted(folder.iterdir())]
    (folder / "f.002").write_bytes(bytes(40))
    Carrier(tmp_path / "bundle", 40).carry(source, "models/m/f")
    again = [path.stat().st_ino for path in sorted(folder.iterdir())]
    assert (again[0], again[2]) == (inodes[0], inodes[2])
    assert b"".join(path.read_bytes() for path in sorted(folder.iterdir())) == source.read_bytes()


# -- verify -------------------------------------------------------------------------------------------------------


def test_a_whole_bundle_is_whole(maker: Maker, made: Path) -> None:
    ran = maker.bundle("verify", str(made))
    assert (ran.returncode, ran.stdout) == (0, f"{made} is whole. Checksum of SHA256SUMS: {sha256_of(made / SUMS)}\n")


def test_each_fault_has_its_line(maker: Maker, bundle: Path) -> None:
    (bundle / "models" / "small" / "weights.gguf").write_bytes(b"")
    (bundle / "README.txt").unlink()
    (bundle / "wheels" / "extra.whl").write_bytes(b"")
    (bundle / "wheels" / "._seen").write_bytes(b"")
    (bundle / ".DS_Store").write_bytes(b"")
    (bundle / "System Volume Information").mkdir()
    (bundle / "System Volume Information" / "WPSettings.dat").write_bytes(b"")
    ran = maker.bundle("verify", str(bundle))
    assert ran.returncode == 1
    assert ran.stdout.splitlines() == [
        "README.txt is missing.",
        "models/small/weights.gguf is damaged: its content is not what it was when the bundle was made.",
        "wheels/extra.whl does not belong to the bundle.",
    ]


def test_what_the_manifest_lists_must_be_summed(maker: Maker, bundle: Path) -> None:
    (bundle / "models" / "small" / "weights.gguf").unlink()
    seal(bundle)
    ran = maker.bundle("verify", str(bundle))
    assert (ran.returncode, ran.stdout) == (1, f"models/small/weights.gguf is missing in {SUMS}.\n")


@pytest.mark.parametrize("text", ["", "nonsense\n", f"{'0' * 64}  ../outside\n"])
def test_damaged_checksums_are_told(maker: Maker, bundle: Path, text: str) -> None:
    (bundle / SUMS).write_text(text)
    assert error_of(maker.bundle("verify", str(bundle))).startswith("SHA256SUMS is damaged.")


def test_what_is_no_bundle_is_told(maker: Maker, tmp_path: Path) -> None:
    said = error_of(maker.bundle("verify", str(tmp_path / "nowhere")))
    assert said == f"{str(tmp_path / 'nowhere')!r} is not a bundle: it has no manifest.json."


# -- which wheels -------------------------------------------------------------------------------------------------


class Index:
    """A folder of wheels that are fetched by copying; it remembers what was asked for."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.target, self.asked = folder / "index", folder / "target", list[str]()
        self.folder.mkdir()
        self.target.mkdir()

    def add(self, name: str, version: str, *requires: str) -> None:
        write_wheel(self.folder, name, version, *requires)

    def fetch(self, pins: list[str]) -> None:
        self.asked += pins
        for pin in pins:
            name, _, version = pin.partition("==")
            for path in self.folder.glob(f"{name}-{version or '*'}-*.whl"):
                shutil.copy(path, self.target)

    def collect(self, roots: Iterable[str], python: str = "3.11", **locked: str) -> dict[str, str]:
        markers = {**TARGET.markers(), "python_version": python, "python_full_version": f"{python}.0"}
        chosen = Collection(self.target, markers, locked, self.fetch).collect(roots)
        return {name: str(wheel.version) for name, wheel in chosen.items()}


@pytest.fixture
def index(tmp_path: Path) -> Index:
    made = Index(tmp_path)
    made.add(
        "app", "1.0", "lib>=1", "old; python_version<'3.11'", "plot; extra == 'data'", "win; sys_platform=='win32'"
    )
    made.add("lib", "1.0")
    made.add("lib", "2.0", "app")
    made.add("old", "1.0")
    made.add("plot", "1.0", "lib<2")
    return made


def test_conditions_are_decided_by_the_target(index: Index) -> None:
    assert index.collect(["app"], "3.10", lib="1.0") == {"app": "1.0", "lib": "1.0", "old": "1.0"}
    assert index.collect(["app"], "3.12", lib="1.0") == {"app": "1.0", "lib": "1.0"}


def test_extras_are_followed_and_the_newest_is_taken_where_nothing_is_locked(index: Index) -> None:
    assert index.collect(["app[data]"], lib="1.0") == {"app": "1.0", "lib": "1.0", "plot": "1.0"}
    assert index.collect(["app"], lib="2.0") == {"app": "1.0", "lib": "2.0"}


def test_what_is_there_is_not_fetched_again(index: Index) -> None:
    index.collect(["app"], lib="1.0")
    index.asked.clear()
    index.collect(["app"], lib="1.0")
    assert index.asked == []
    path = index.target / "lib-1.0-py3-none-any.whl"
    path.write_bytes(path.read_bytes()[:-10])
    index.collect(["app"], lib="1.0")
    assert index.asked == ["lib==1.0"]


def test_packages_that_do_not_fit_together_are_told(index: Index) -> None:
    with pytest.raises(BundleError, match=r"Packages do not fit together: lib<2 is needed, and lib==2.0 was chosen"):
        index.collect(["app[data]"], lib="2.0")


def test_a_wheel_that_is_not_found_is_told(index: Index) -> None:
    with pytest.raises(BundleError, match=r"No wheel of 'lib==3.0' was found that fits the target"):
        index.collect(["app"], lib="3.0")


def test_the_locked_releases_are_those_of_the_target() -> None:
    def locked(python: str) -> dict[str, str]:
        return locked_versions({**TARGET.markers(), "python_version": python})

    assert Version(locked("3.10")["ipython"]) < Version(locked("3.11")["ipython"])


def test_what_pip_says_becomes_one_line(tmp_path: Path) -> None:
    log = tmp_path / "logs" / "pip.log"
    arguments = ["download", "--no-index", "-d", str(tmp_path), "nothing-of-that-name"]
    with pytest.raises(BundleError) as raised:
        run_pip("Packages could not be fetched", arguments, log)
    assert str(raised.value).startswith("Packages could not be fetched: Could not find a version")
    assert raised.value.remedy == f"The whole log: {log}"
    assert "nothing-of-that-name" in log.read_text()


# -- what is built ------------------------------------------------------------------------------------------------


def test_a_project_is_packed_again_as_it_is_installed(tmp_path: Path) -> None:
    wheel = repack("pip", tmp_path)
    assert read_wheel(wheel) is not None
    target = tmp_path / "target"
    install = ["install", "--no-index", "--no-deps", "--target", str(target), str(wheel)]
    run_pip("It could not be installed", install, tmp_path / "log")
    code = f"import sys; sys.path.insert(0, {str(target)!r}); import pip; print(pip.__file__)"
    ran = subprocess.run([sys.executable, "-I", "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.startswith(str(target))


def test_what_the_engine_needs_is_read_from_its_libraries() -> None:
    spec = importlib.util.find_spec("llama_cpp")
    assert spec is not None
    library = Path(spec.origin or "").parent / "lib" / "libllama.so"
    needs = elf.read_needs(library.read_bytes())
    assert "libc.so.6" in needs.libraries
    assert needs.newest("GLIBC") >= (2, 2)
    assert needs.newest("NOWHERE") == ()


def test_a_cut_library_is_told() -> None:
    spec = importlib.util.find_spec("llama_cpp")
    assert spec is not None
    data = (Path(spec.origin or "").parent / "lib" / "libggml.so").read_bytes()
    whole = elf.read_needs(data)
    for size in [*range(0, 4096, 7), len(data) // 2]:
        try:
            assert elf.read_needs(data[:size]) in (whole, elf.Needs(frozenset()))
        except BundleError as error:
            assert "no 64-bit ELF file" in str(error)  # noqa: PT017 - it may also be read


def test_an_engine_without_libraries_needs_nothing(tmp_path: Path) -> None:
    write_wheel(tmp_path, "llama_cpp_python", "1.0", module="llama_cpp", text=ENGINE_TEXT)
    engine = look_into(tmp_path / "llama_cpp_python-1.0-py3-none-any.whl", TARGET)
    assert (engine.glibc, engine.libraries) == (0, ())
    cuda = parse_target(None, None, None, "cuda")
    assert look_into(engine.wheel, cuda).libraries == ("libcuda.so.1",)
