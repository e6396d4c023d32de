"""What is remembered of a self-test, and for what it counts."""

import sys
from dataclasses import replace
from pathlib import Path

import pytest

from offline_interpreter.kernel.sandbox.plan import Access, Layers, Plan
from offline_interpreter.kernel.sandbox.selftest import _judge, _record, forget, reason_against
from offline_interpreter.records import Limits

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="there is no confinement elsewhere yet")


@pytest.fixture
def plan(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Plan:
    monkeypatch.setenv("OFFLINE_INTERPRETER_CACHE", str(tmp_path / "cache"))
    (tmp_path / "work").mkdir()
    return Plan(tmp_path / "work", sys.executable, Layers(namespaces=True, landlock=True), Access(), Limits())


def test_a_passed_test_is_remembered_until_it_is_forgotten(plan: Plan) -> None:
    record = _record(plan)
    assert record is not None
    assert not record.exists()
    assert reason_against(plan) == ""
    assert record.exists()
    forget(plan)
    assert not record.exists()


def test_it_counts_for_such_plans_and_file_systems_alone(plan: Plan) -> None:
    others = [
        replace(plan, layers=Layers(namespaces=False, landlock=True)),
        replace(plan, access=Access(network=True)),
        replace(plan, workspace=Path("/proc")),
    ]
    records = {_record(each) for each in (plan, *others)}
    assert len(records) == 4
    (plan.workspace / "inner").mkdir()
    assert _record(replace(plan, workspace=plan.workspace / "inner")) == _record(plan)


def test_nothing_is_believed_that_cells_could_write(plan: Plan) -> None:
    cache = plan.workspace.parent / "cache"
    assert _record(replace(plan, workspace=plan.workspace.parent)) is None
    assert _record(replace(plan, access=Access(write=(cache,)))) is None
    assert _record(replace(plan, access=Access(read=(cache,)))) is not None


@pytest.mark.parametrize("access", ["read", "write"])
def test_what_the_person_allowed_is_no_breach(plan: Plan, access: str) -> None:
    cache = plan.workspace.parent / "cache"
    cache.mkdir()
    assert reason_against(replace(plan, access=Access(**{access: (cache,)}))) == ""


def test_what_gets_through_is_named_unless_nothing_holds_it_back(plan: Plan) -> None:
    everything = {"socket", "unix", "read", "write"}
    assert _judge(plan, {*everything}, ["workspace"]) == "the self-test got through: read, socket, unix, write"
    without = replace(plan, layers=Layers(namespaces=True, landlock=False))
    assert _judge(without, {*everything}, ["workspace"]) == "the self-test got through: socket, unix"
    assert _judge(plan, set(), []) == "the workspace could not be written to"
