"""Judged scripts -> groups with one cause: one deploy, one ``chmod -R``, one directory that was renamed."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from stalewatch.diagnosis.opcache import codes
from stalewatch.diagnosis.opcache.script_state import ScriptState, ScriptVerdict

if TYPE_CHECKING:
    from collections.abc import Iterable

    from stalewatch.diagnosis.opcache.naming import Naming
    from stalewatch.diagnosis.rule import Rule
    from stalewatch.model.runtime import MovedDirectory

APART = 600.0
"""Seconds: changes that are further apart are taken for two causes."""
MOST = 3
"""So many causes of one kind are told apart, the latest ones; what is older is one group."""
SWEEP = 60.0
"""Seconds that one command (chmod -R, a copy) may take on its way from a directory to what is below it."""

CONTENT = "content"
"""New content: proven for some of the scripts, or probable."""
TOUCHED = "touched"
"""A newer ctime, of the script or of a directory above it, without a newer mtime."""


class Group(NamedTuple):
    """Scripts with one cause, the most used first. *rule*: the worst that is said of one of them. *folders*: the topmost directories whose
    own ctime moved with it; empty where none did."""

    kind: str
    rule: Rule
    scripts: tuple[ScriptVerdict, ...]
    folders: tuple[str, ...] = ()

    @property
    def lead(self) -> ScriptVerdict:
        """The one that requests use most."""
        return self.scripts[0]

    @property
    def proof(self) -> ScriptVerdict:
        """The most used one of those that *rule* was proven of."""
        return next((one for one in self.scripts if codes.BY_STATE[one.state].verdict is self.rule.verdict), self.lead)


def groups(telling: Iterable[ScriptVerdict], naming: Naming, root: str, moved: tuple[MovedDirectory, ...]) -> list[Group]:
    """*telling* by cause: the worst first, then those whose scripts are used most. *root*: of the app, whose own scripts lead."""
    kinds: dict[str, list[tuple[ScriptVerdict, Rule]]] = {}
    for one in telling:
        rule = naming.of(one.script.path)[0] if one.state is ScriptState.STALE else codes.BY_STATE[one.state]
        kinds.setdefault(_kind(one, rule), []).append((one, rule))
    made = [_group(kind, cluster, root, moved) for kind, all_of in kinds.items() for cluster in _clusters(all_of)]
    return sorted(made, key=lambda group: (-group.rule.verdict.rank, _place(group.lead, root), -(group.lead.since or 0.0)))


def _kind(one: ScriptVerdict, rule: Rule) -> str:
    if rule is codes.BYTECODE or (one.state is ScriptState.SUSPECT and one.since is not None and one.since == one.script.mtime):
        return CONTENT
    return TOUCHED if one.state in (ScriptState.SUSPECT, ScriptState.RENAMED) else rule.code


def _clusters(all_of: list[tuple[ScriptVerdict, Rule]]) -> list[list[tuple[ScriptVerdict, Rule]]]:
    """By the time of the change, latest first."""
    timeless = [pair for pair in all_of if pair[0].since is None]
    timed = sorted((pair for pair in all_of if pair[0].since is not None), key=lambda pair: -(pair[0].since or 0.0))
    found: list[list[tuple[ScriptVerdict, Rule]]] = [timed[:1]] if timed else []
    for later, pair in pairwise(timed):
        if len(found) < MOST and (later[0].since or 0.0) - (pair[0].since or 0.0) > APART:
            found.append([])
        found[-1].append(pair)
    return [*found, timeless] if timeless else found


def _group(kind: str, cluster: list[tuple[ScriptVerdict, Rule]], root: str, moved: tuple[MovedDirectory, ...]) -> Group:
    scripts = tuple(sorted((one for one, _ in cluster), key=lambda one: _place(one, root)))
    rule = max((rule for _, rule in cluster), key=lambda rule: (rule.verdict.rank, rule is codes.SUSPECT))
    folders = dict.fromkeys(_cause_of(one, moved) for one in scripts) if kind == TOUCHED else {}
    return Group(kind, rule, scripts, tuple(folder for folder in folders if folder))


def _place(one: ScriptVerdict, root: str) -> tuple[bool, int, str]:
    """Most used first, in powers of two: scripts that every request uses must not change places between two looks."""
    return not one.script.path.startswith(f"{root}/"), -one.script.hits.bit_length(), one.script.path


def _cause_of(one: ScriptVerdict, moved: tuple[MovedDirectory, ...]) -> str:
    """The topmost directory above the script that changed in the same sweep; "" none did."""
    above = [each for each in moved if one.script.path.startswith(f"{each.path}/")]
    newest = max((each.ctime for each in above), default=0.0)
    if not above or one.script.parent_changed is None or one.since is None or newest < one.since - SWEEP:
        return ""
    return min((each.path for each in above if each.ctime >= newest - SWEEP), key=len)
