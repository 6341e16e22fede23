"""Checks before anything is changed: artisan is there, there is room on the disk, sudo permits every command of the plan. Pure."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from stalewatch.diagnosis import views
from stalewatch.model import figures
from stalewatch.model.layers import Layer
from stalewatch.model.replace import replace
from stalewatch.runbook.commands import may_run, usable
from stalewatch.runbook.plan import Outcome, Phase, Status, Step
from stalewatch.runbook.step_spec import Proof, StepSpec, last_lines, not_known, outcome, to_permit
from stalewatch.runbook.steps import writable
from stalewatch.runbook.steps.artisan import ARTISAN

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stalewatch.runbook.draft import Draft

DISK_FLOOR = 64 * 1024 * 1024
"""Bytes: less free space than this and nothing is rebuilt. A small disk of its own needs :func:`_floor`."""

INODE_FLOOR = 200
"""Fewer free inodes than this and nothing is rebuilt: each cache is written as a new file, and views are many."""


def _artisan_wanted(draft: Draft) -> list[Step]:
    if not draft.laravel or not draft.of_kind(*ARTISAN):
        return []
    command = shlex.join(("test", "-f", f"{draft.access.root}/artisan"))
    return [ARTISAN_THERE.step(command, "without artisan nothing can be rebuilt", timeout=10.0)]


def _artisan_proven(proof: Proof) -> Outcome:
    if proof.code == 0:
        return outcome(Status.DONE, artisan="is there")
    return outcome(Status.FAILED, artisan="there is no artisan in the application's root")


def _disk_wanted(draft: Draft) -> list[Step]:
    folders = _written(draft)
    if not folders:
        return []
    command = f"{shlex.join(('df', '-Pk', *folders))}; {shlex.join(('df', '-Pi', *folders))}"
    step = DISK_FREE.step(command, "a full disk leaves half a cache file", timeout=10.0)
    return [replace(step, writes=writable.written(draft)) if draft.may_ask else step]


def _written(draft: Draft) -> list[str]:
    """The folders that the steps write in, each of which may be a disk of its own."""
    root = draft.access.root
    folders = [root] if draft.of_kind(*ARTISAN, "compile") else []
    for step in draft.of_kind(*ARTISAN):
        folders += [path.rpartition("/")[0] for path in step.keeps]
        folders.append(views.folder_of(draft.host, root) if step.layer is Layer.VIEWS else f"{root}/bootstrap/cache")
    folders += [f"{root}/var/cache"] if draft.of_kind("compile") else []
    return list(dict.fromkeys(folder for folder in folders if usable(folder)))


def _disk_blocks(draft: Draft) -> Iterator[str]:
    free = draft.host.disk_free
    if free is not None and free < DISK_FLOOR:
        yield f"the disk is full: {figures.size(free)} free"


def _disk_proven(proof: Proof) -> Outcome:
    """What can't be written; else the fullest of the disks, by two tables: of kilobytes, and of inodes (a file system that makes them as it
    goes has 0 in all)."""
    if refused := writable.refusals(proof.unwritable, str(proof.server.user)):
        return outcome(Status.FAILED, **refused)
    free: dict[bool, list[tuple[int, str]]] = {False: [], True: []}
    sizes: dict[str, int] = {}
    tables = 0
    for line in proof.said.splitlines():
        fields = line.split()
        if len(fields) < 6 or fields[0] == "df:":
            continue
        if not fields[3].isdigit():
            tables += 1
        elif tables < 2 or fields[1] != "0":
            free[tables > 1].append((int(fields[3]), fields[5]))
            sizes[fields[5]] = int(fields[1]) if tables < 2 and fields[1].isdigit() else sizes.get(fields[5], 0)
    if not free[False]:
        return not_known("df could not be read", last_lines(proof.said))
    space, where = min(free[False], key=lambda each: each[0] * 1024 - _floor(sizes[each[1]] * 1024))
    inodes, at = min(free[True], default=(INODE_FLOOR, ""))
    room = {"free": f"{figures.size(space * 1024)} on {where}", **({"inodes": f"{inodes} free on {at}"} if inodes < INODE_FLOOR else {})}
    enough = space * 1024 >= _floor(sizes[where] * 1024) and inodes >= INODE_FLOOR
    return outcome(Status.DONE if enough else Status.FAILED, **room)


def _floor(size: int) -> int:
    """How much of a disk of *size* bytes must be free: caches are a few MB, and some have a small disk of their own."""
    return min(DISK_FLOOR, max(2 * 1024 * 1024, size // 10))


def _rights_wanted(draft: Draft) -> list[Step]:
    commands = [part for step in draft.steps if step.via == "shell" for part in _parts(step)]
    lines = list(dict.fromkeys(line for command in commands if (line := may_run(command))))
    reason = "without these rights the runbook would stop half way"
    return [RIGHTS.step(" && ".join(lines), reason, timeout=20.0)] if lines else []


def _parts(step: Step) -> list[str]:
    """The commands of one line: a reload is tested and done in one, and names no path that could hold the sign between them."""
    return step.command.split(" && ") if step.kind == "reload" else [step.command]


def _rights_proven(proof: Proof) -> Outcome:
    asked = proof.step.command.split(" && ")
    if proof.code == 0:
        return outcome(Status.DONE, sudo="every command of the plan is permitted")
    if _refused(proof.said) or proof.code == 1:
        permitted = sum(not line.startswith(("sudo:", "Sorry, ")) for line in proof.said.strip().splitlines())  # it prints each one that is
        missing = asked[min(permitted, len(asked) - 1)].replace("sudo -n -l", "sudo -n", 1)
        return outcome(Status.FAILED, **{"not permitted": missing, "grant": _grant(missing, proof)})
    return not_known("sudo does not tell what it permits", last_lines(proof.said))


def _grant(missing: str, proof: Proof) -> str:
    return f"{to_permit(proof, missing)} (every line: stalewatch init --sudoers {proof.server.server})"


def _refused(output: str) -> bool:
    return "a password is required" in output or "not allowed" in output or "may not run" in output


ARTISAN_THERE = StepSpec(kind="artisan", phase=Phase.PREFLIGHT, wanted=_artisan_wanted, prove=_artisan_proven)
DISK_FREE = StepSpec(kind="disk-free", phase=Phase.PREFLIGHT, wanted=_disk_wanted, prove=_disk_proven, blocks=_disk_blocks)
RIGHTS = StepSpec(kind="rights", phase=Phase.PREFLIGHT, wanted=_rights_wanted, prove=_rights_proven)
