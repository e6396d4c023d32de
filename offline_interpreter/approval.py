"""Asking whether a cell may run, and putting what was decided into one event."""

from __future__ import annotations

from offline_interpreter.errors import ApprovalRequired
from offline_interpreter.records import Approve, Approved, Code, Refuse, Stop


def decide(approve: Approve, step: Code) -> Approved:
    """Ask ``approve`` about ``step``; return the decision. Where nobody can be asked, it is ``needed``."""
    try:
        decision = approve(step)
    except ApprovalRequired as error:
        return Approved("needed", step.code, str(error))
    if isinstance(decision, Stop):
        return Approved("stopped", step.code)
    if isinstance(decision, Refuse):
        return Approved("refused", step.code, decision.reason)
    return Approved("run" if decision.code == step.code else "edited", decision.code)


def may_run(approved: Approved) -> bool:
    """Say whether the code of ``approved`` is to run."""
    return approved.decision in ("run", "edited")
