"""On the host: what the machine offers to confine cells with, and what the person is told of it.

Tier A: all layers. B: no namespaces. C: no Landlock, so that only the network is out of reach. A tier is offered when
its self-test passes. macOS and Windows offer none.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from offline_interpreter.errors import KernelError
from offline_interpreter.kernel.sandbox.landlock import abi_version
from offline_interpreter.kernel.sandbox.places import protected_places
from offline_interpreter.kernel.sandbox.plan import Access, Layers, Plan
from offline_interpreter.kernel.sandbox.selftest import reason_against
from offline_interpreter.records import Limits, SandboxMode

Tier = Literal["A", "B", "C", "off"]

_MESSAGES: dict[Tier, str] = {
    "A": "Code is confined (tier A): no network, writes in this folder only, the rest of your files hidden.",
    "B": "Code is confined (tier B): network blocked, writes confined. Names of running processes, and "
    "whether a file exists, can be seen; chmod "
    "and timestamps are ignored; multiprocessing unavailable; processes that a cell leaves behind may live on; "
    "'.git', editors' settings and environments in this folder can be changed.",
    "C": "Code is confined (tier C) from the network only. File writes are NOT confined.",
    "off": "Code is not confined: it can do what you can. Read each cell before you say yes.",
}
_SIGNALS_ARE_CONFINED = 6  # the first version of Landlock that keeps them in
_ABOUT_THE_NETWORK = {"A": "no network", "B": "network blocked", "C": "from the network only"}
_CANDIDATES: dict[SandboxMode, tuple[tuple[Tier, Layers], ...]] = {
    "strict": (("A", Layers(namespaces=True, landlock=True)),),
    "auto": (
        ("A", Layers(namespaces=True, landlock=True)),
        ("B", Layers(namespaces=False, landlock=True)),
    ),
    "network-only": (
        ("A", Layers(namespaces=True, landlock=True)),
        ("B", Layers(namespaces=False, landlock=True)),
        ("C", Layers(namespaces=True, landlock=False)),
        ("C", Layers(namespaces=False, landlock=False)),
    ),
    "off": (),
}


@dataclass(frozen=True)
class Confinement:
    """What cells are confined by; ``plan`` is None where they are not. ``message`` is for the person.

    ``reasons`` say why nothing better was taken: each begins with its tier.
    """

    tier: Tier
    message: str
    plan: Plan | None
    reasons: tuple[str, ...] = ()


def choose_confinement(
    mode: SandboxMode, workspace: Path, *, python: str, access: Access, limits: Limits, anew: bool = False
) -> Confinement:
    """Return the best confinement that ``mode`` allows and this machine offers; ``anew`` trusts no earlier self-test.

    Raises ``KernelError``, which says what is missing, where there is none.
    """
    if mode == "off":
        return Confinement("off", _MESSAGES["off"], None)
    if sys.platform != "linux":
        system = {"darwin": "macOS", "win32": "Windows (use WSL2)"}.get(sys.platform, sys.platform)
        raise _cannot(mode, f"there is no confinement for {system} yet")
    reasons: list[str] = []
    for tier, layers in _CANDIDATES[mode]:
        plan = Plan(workspace, python, layers, access, limits)
        reason = next(_hindrances(plan, anew=anew), "")
        if not reason:
            return Confinement(tier, _message(tier, access, abi_version()), plan, tuple(reasons))
        reasons.append(f"tier {tier}: {reason}")
    raise _cannot(mode, "; ".join(reasons))


def _hindrances(plan: Plan, *, anew: bool) -> Iterator[str]:
    """Yield why a plan cannot be used; what takes long comes last."""
    if not plan.layers.namespaces and plan.layers.landlock:
        running = [place for place in protected_places(plan.workspace.resolve(), plan.python) if _runs(place, plan)]
        if running:
            yield f"a Python that runs, or this program, lies in the workspace ({str(running[0])!r})"
    if reason := reason_against(plan, anew=anew):
        yield reason


def _runs(place: Path, plan: Plan) -> bool:
    ours = (Path(sys.prefix).resolve(), Path(__file__).resolve(), Path(plan.python).parent.resolve())
    return any(path.is_relative_to(place) for path in ours)


def _message(tier: Tier, access: Access, landlock_version: int) -> str:
    message = _MESSAGES[tier]
    if tier == "B" and landlock_version < _SIGNALS_ARE_CONFINED:
        message = f"{message.removesuffix('.')}; on this Linux code can end your other processes."
    if access.network:
        said = "in little" if tier == "C" else "THE NETWORK IS ALLOWED"
        message = message.replace(_ABOUT_THE_NETWORK[tier], said)
        message += " THE NETWORK IS ALLOWED." if tier == "C" else ""
    return message


def _cannot(mode: SandboxMode, reason: str) -> KernelError:
    weaker = {"strict": "--sandbox auto, or ", "auto": "--sandbox network-only, or "}.get(mode, "")
    return KernelError(
        f"Cells cannot be confined on this machine ({reason}).",
        f"Allow less confinement by {weaker}--sandbox off, with which code can do what you can.",
    )
