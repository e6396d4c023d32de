"""How well cells can be confined here, why not better, and what the person or an administrator can do about it.

The tiers are tried as they are for a session. The remedies follow from settings of Linux that are known to stand in the
way; where none of these is set, the failed layer is named and no more.
"""

from __future__ import annotations

import os
import shlex
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from offline_interpreter.config import Options
from offline_interpreter.doctor.findings import Finding, State
from offline_interpreter.errors import KernelError, WorkspaceRefused
from offline_interpreter.kernel.sandbox.places import refuse_workspace
from offline_interpreter.kernel.sandbox.plan import Access
from offline_interpreter.kernel.sandbox.tiers import Tier, choose_confinement
from offline_interpreter.records import Limits, SandboxMode

NAME = "sandbox"
_BY_NAMESPACES = ("namespaces", "view", "supervisor")  # the layers that need user namespaces
_TAKEN: dict[SandboxMode, str] = {"strict": "A", "auto": "A B", "network-only": "A B C", "off": "A B C off"}
_KINDS = ("user", "mnt", "net", "pid", "ipc", "uts")
_PROFILE = "/etc/apparmor.d/offline-interpreter"
_SYSTEM = Path("/")


class _Remedy(NamedTuple):
    """What stands in the way of a better tier, and what to do; the commands are an administrator's."""

    text: str
    commands: tuple[str, ...] = ()


def check_confinement(options: Options) -> Iterator[Finding]:
    """Yield the tier that cells get in the workspace; a folder that may be none is replaced by an empty one."""
    if sys.platform != "linux":
        text = "There is no confinement for this system yet; code can do what you can, with --sandbox off."
        state = state_of("off", options.sandbox)
        yield Finding(NAME, state, text, "Use Linux, in a virtual machine or as WSL2.", data={"tier": "off"})
        return
    with tempfile.TemporaryDirectory(prefix="doctor-") as empty:
        place = options.workspace if _may_be_used(options.workspace) else Path(empty)
        try:
            chosen = choose_confinement(
                "network-only", place, python=options.python, access=Access(), limits=Limits(), anew=True
            )
        except KernelError as error:
            yield _finding(state_of("off", options.sandbox), "off", error.cause, (error.cause,))
            return
    text = chosen.message
    if chosen.reasons:
        text += f" Not better, because: {'; '.join(chosen.reasons)}."
    if options.sandbox == "off":
        text += " Your settings switch it off, and then code can do what you can."
    yield _finding(state_of(chosen.tier, options.sandbox), chosen.tier, text, chosen.reasons)


def state_of(tier: Tier, mode: SandboxMode) -> State:
    """Return how bad it is that a machine offers ``tier`` to somebody whose settings ask for ``mode``."""
    if tier not in _TAKEN[mode]:
        return "problem"
    return "ok" if tier == "A" and mode != "off" else "note"


def _finding(state: State, tier: Tier, text: str, reasons: Sequence[str]) -> Finding:
    remedies = list(remedies_for("; ".join(reasons)))
    told = " ".join(remedy.text for remedy in remedies)
    commands = tuple(command for remedy in remedies for command in remedy.commands)
    return Finding(NAME, state, text, told, commands, {"tier": tier, "reasons": list(reasons)})


def remedies_for(reasons: str, system: Path = _SYSTEM, *, user: int | None = None) -> Iterator[_Remedy]:
    """Yield what can be done about ``reasons``, by the settings below ``system`` that are known to cause them.

    ``user`` is the number of who runs this, by default that of this process.
    """
    if any(f"tier A: {layer}" in reasons for layer in _BY_NAMESPACES):
        yield from _for_namespaces(reasons, system, os.geteuid() if user is None else user)
    if "landlock" in reasons:
        yield _for_landlock(system)
    if "lies in the workspace" in reasons:
        yield _Remedy("Work in a folder that does not hold the Python that runs this.")


def _for_namespaces(reasons: str, system: Path, user: int) -> Iterator[_Remedy]:
    settings = system / "proc/sys"
    if _setting(settings / "kernel/apparmor_restrict_unprivileged_userns") == "1" and user != 0:
        yield _Remedy(
            "AppArmor keeps programs from user namespaces here, as Ubuntu does. An administrator can allow them to "
            "this Python, and so to all that it runs:",
            (apparmor_command(os.path.realpath(sys.executable)), f"sudo apparmor_parser -r {_PROFILE}"),
        )
    elif spent := [kind for kind in _KINDS if _setting(settings / f"user/max_{kind}_namespaces") == "0"]:
        text = f"Namespaces are switched off (user.max_{spent[0]}_namespaces is 0). An administrator can allow them:"
        yield _Remedy(text, tuple(f"sudo sysctl -w user.max_{kind}_namespaces=15000" for kind in spent))
    elif _setting(settings / "kernel/unprivileged_userns_clone") == "0":
        text = "User namespaces are for root alone (kernel.unprivileged_userns_clone is 0). An administrator can "
        yield _Remedy(text + "allow them:", ("sudo sysctl -w kernel.unprivileged_userns_clone=1",))
    elif "not permitted" in reasons and any((system / mark).exists() for mark in (".dockerenv", "run/.containerenv")):
        yield _Remedy(
            "A container's own filter forbids namespaces. Start it with a seccomp profile that allows unshare and "
            "mount, or run without a container."
        )


def apparmor_command(python: str) -> str:
    """Return the command that writes the AppArmor profile which lets ``python`` make user namespaces."""
    name = python.replace("\\", "\\\\").replace('"', '\\"')
    profile = f'abi <abi/4.0>, profile offline-interpreter "{name}" flags=(unconfined) {{ userns, }}'
    return f"echo {shlex.quote(profile)} | sudo tee {_PROFILE}"


def _for_landlock(system: Path) -> _Remedy:
    modules = _setting(system / "sys/kernel/security/lsm")
    if modules and "landlock" not in modules.split(","):
        return _Remedy(
            f"Landlock is not switched on. An administrator can add it to the kernel's command line and start the "
            f"machine anew: lsm=landlock,{modules}"
        )
    return _Remedy("Landlock needs Linux 5.13 or newer, with CONFIG_SECURITY_LANDLOCK.")


def _may_be_used(workspace: Path) -> bool:
    try:
        refuse_workspace(workspace, kept=())
    except WorkspaceRefused:
        return False
    return True


def _setting(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii", errors="replace").strip()
    except OSError:
        return ""
