"""Servers of one app against each other: the same code on all disks? (``docs/facts.md#deploy-diaries``)"""

from __future__ import annotations

from collections import Counter
from math import inf
from typing import TYPE_CHECKING

from stalewatch.diagnosis import evidence, paths
from stalewatch.diagnosis.release import MIXED, look_at_commit
from stalewatch.diagnosis.worst_first import worst_first
from stalewatch.model import figures
from stalewatch.model.replace import replace
from stalewatch.model.report import Evidence, Finding, Layer, Report, Severity, Verdict, worst
from stalewatch.model.snapshot import MAX_SUMS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from stalewatch.model.inventory import AppKey

ONE_DEPLOY = 120.0
"""Seconds in which one deploy reaches all servers: sources that are that much apart are equally new."""


def compare(reports: Sequence[Report], groups: Mapping[AppKey, str] | None = None) -> tuple[Report, ...]:
    """*reports* in their order, with ``release.mixed`` on those that lack the newest commit of the same app, however many have it; where
    the commit is the same or not known, on those that differ in the contents of their sources. Looks from before another server's deploy
    are left out (:func:`awaits`).

    *groups*: which app a pane's key belongs to (its name in the configuration); else the app's path. Comparing twice is comparing once.
    """
    plain = [without(report) for report in reports]
    for everybody in _apps(plain, groups or {}):
        late = _overtaken([plain[index] for index in everybody])
        members = [index for index, is_late in zip(everybody, late, strict=True) if not is_late]
        for index, finding in _mixed([plain[index] for index in members]).items():
            plain[members[index]] = _with(plain[members[index]], finding)
    return tuple(plain)


def awaits(reports: Sequence[Report], groups: Mapping[AppKey, str]) -> bool:
    """Whether :func:`compare` left somebody out who is yet to be looked at again, or will once a deploy lies behind."""
    apps = [[reports[index] for index in members] for members in _apps(reports, groups)]
    return any(any(_overtaken(members)) or any(_deployed(member) > (member.observed_at or 0.0) for member in members) for members in apps)


def _apps(reports: Sequence[Report], groups: Mapping[AppKey, str]) -> list[list[int]]:
    """Which reports are of servers of one app."""
    apps: dict[str, list[int]] = {}
    for index, report in enumerate(reports):
        if report.app and (commit_of(report) or code_of(report)):
            apps.setdefault(groups.get(report.key, report.app), []).append(index)
    return list(apps.values())


def _overtaken(members: Sequence[Report]) -> list[bool]:
    """Which of *members* were last looked at before another one was deployed to: a fleet that is deployed to is not mixed for the moment
    between two looks. By our clock; a server whose clock is not known overtakes nobody. Diaries tell
    whole seconds, rounded down: whoever looks once, after a deploy, compares everybody."""
    deployed = [
        _deployed(member) - offset if (offset := _offset(member)) is not None and _deployed(member) <= (member.observed_at or 0.0) else 0.0
        for member in members
    ]
    newest = sorted(deployed)[-2:]
    looked = [(member.observed_at or 0.0) - offset if (offset := _offset(member)) is not None else inf for member in members]
    return [look < (newest[0] if own == newest[-1] else newest[-1]) for look, own in zip(looked, deployed, strict=True)]


def _offset(report: Report) -> float | None:
    return report.snapshot.clock_offset if report.snapshot is not None else None


def comparison_key(report: Report) -> tuple[object, ...]:
    """Everything that :func:`compare` reads of a report, to be compared: while no basis moves, and it awaits nobody, no comparison does."""
    host = report.host
    unreachable = report.layers.get(Layer.RELEASE) is Verdict.UNKNOWN
    return (report.app, unreachable, *((host.release, host.layout.kind) if host is not None else ()))


def mixed_of(report: Report) -> Finding | None:
    """What the comparison said of *report*."""
    return next((finding for finding in report.findings if finding.code == MIXED.code), None)


def with_mixed(report: Report, finding: Finding | None) -> Report:
    """*report* with what an earlier comparison said of its server."""
    plain = without(report)
    return plain if finding is None else _with(plain, finding)


def commit_of(report: Report) -> str:
    """The commit on the server's disk ("" not known, or not heard from)."""
    host = report.host
    return host.release.commit if host is not None and report.layers.get(Layer.RELEASE) is not Verdict.UNKNOWN else ""


def code_of(report: Report) -> str:
    """The digest of the contents on the server's disk ("" not known, or not heard from)."""
    host = report.host
    return host.release.code if host is not None and report.layers.get(Layer.RELEASE) is not Verdict.UNKNOWN else ""


def without(report: Report) -> Report:
    """*report* as it was before servers were compared."""
    if not any(finding.code == MIXED.code for finding in report.findings):
        return report
    kept = tuple(finding for finding in report.findings if finding.code != MIXED.code)
    host = report.host
    base = Verdict.FRESH if host is not None and host.layout.kind == "laravel" else Verdict.ABSENT
    own = [finding.verdict for finding in kept if finding.layer is Layer.RELEASE and finding.verdict is not Verdict.FRESH]
    return _judged(report, kept, max([base, *own], key=lambda verdict: verdict.rank))


def _mixed(members: list[Report]) -> dict[int, Finding]:
    deploying = any(host.release.under_way is not None for member in members if (host := member.host) is not None)
    said = _by_commit({index: member for index, member in enumerate(members) if commit_of(member)}, deploying)
    return said | _by_contents({index: member for index, member in enumerate(members) if code_of(member) and index not in said}, deploying)


def _by_commit(members: dict[int, Report], deploying: bool) -> dict[int, Finding]:
    commits = {index: commit_of(member) for index, member in members.items()}
    counts = Counter(commits.values())
    if len(counts) < 2:
        return {}
    first = {commit: _first_deployed(commit, members.values()) for commit in counts}
    ordered = all(first.values()) and len(set(first.values())) > 1
    newest = {commit: max(_deployed(member) for member in members.values() if commit_of(member) == commit) for commit in counts}
    leading = max(counts, key=lambda commit: (first[commit] if ordered else 0.0, counts[commit], newest[commit], commit))
    return {
        index: _other_commit(
            members[index], leading, counts[leading], len(members), deploying, first[leading], newer=first[leading] > first[commit] > 0
        )
        for index, commit in commits.items()
        if commit != leading
    }


def _first_deployed(commit: str, members: Iterable[Report]) -> float:
    """When *commit* was first on any of the servers by their deploy logs, by our clock; 0.0 not logged. Of two commits the later one is
    the newer: a server that was set back has both in its log, in the order in which they came."""
    return min((at for member in members for at in _logged(member, commit)), default=0.0)


def _logged(report: Report, commit: str) -> Iterator[float]:
    host, offset = report.host, _offset(report) or 0.0
    for deploy in host.release.deploys if host is not None else ():
        if deploy.commit == commit and deploy.source != "mtime":
            yield deploy.at - offset


def _by_contents(members: dict[int, Report], deploying: bool) -> dict[int, Finding]:
    alike: dict[str, list[Report]] = {}
    for member in members.values():
        alike.setdefault(code_of(member), []).append(member)
    if len(alike) < 2:
        return {}
    newest = max(map(_changed, members.values()))
    # Without any commit the newest sources are what was meant to be deployed; with one, they were edited on top of it.
    by_time = not any(map(commit_of, members.values()))
    recent = {code: by_time and newest - max(map(_changed, same)) <= ONE_DEPLOY for code, same in alike.items()}

    def weight(code: str) -> tuple[bool, int, bool, float, str]:
        same = alike[code]
        return recent[code], len(same), any(_clean(member) for member in same), max(map(_deployed, same)), code

    leading = max(alike, key=weight)
    return {
        index: _other_contents(
            member, alike[leading][0], len(alike[leading]), len(members), deploying, newer=by_time and not recent[code_of(member)]
        )
        for index, member in members.items()
        if code_of(member) != leading
    }


def _changed(report: Report) -> float:
    """When the newest deploy was, by our clock."""
    return _deployed(report) - (_offset(report) or 0.0)


def _other_commit(report: Report, leading: str, most: int, total: int, deploying: bool, since: float, *, newer: bool) -> Finding:
    """Not the newest commit, or another one than most (``docs/facts.md#deploy-diaries``). *since*: when that was first deployed, by our
    clock (0.0: not logged)."""
    commit = commit_of(report)
    there = f"the newer {leading[:10]}" if newer else leading[:10]
    return MIXED.finding(
        report.server,
        f"{report.server} is on commit {commit[:10]}; {there} is on {most} of {total} servers",
        (
            evidence.text("commit", commit),
            evidence.text("others", leading),
            evidence.time("others since", since + (_offset(report) or 0.0) if newer else None),
            evidence.number("servers", total),
            evidence.time("deployed", _deployed(report) or None),
            look_at_commit(report),
        ),
        verdict=Verdict.PENDING if deploying else None,
        severity=Severity.INFO if deploying else None,
    )


def _other_contents(report: Report, other: Report, most: int, total: int, deploying: bool, *, newer: bool) -> Finding:
    """Older contents, or other ones than most, with the same commit or none (``docs/facts.md#deploy-diaries``)."""
    files, commit = _differing(report, other), commit_of(report)
    alike = bool(commit) and commit == commit_of(other)
    same = f", with the same commit {commit[:10]}" if alike else ""
    edited = " (edited on the server)" if _dirty(report) else ""
    how, what = "has older code than" if newer else "differs from", figures.several(files) if files else "other sources"
    return MIXED.finding(
        report.server,
        f"{report.server} {how} {most} of {total} servers{same}: {what}{edited}",
        (
            evidence.text("commit", commit or "not known"),
            evidence.text("contents", code_of(report)),
            evidence.text("others", code_of(other)),
            evidence.text("files", figures.several(files) if files else "not among the newest"),
            evidence.number("servers", total),
            evidence.time("deployed", _deployed(report) or None),
            _sums(report, files),
        ),
        # Deployed alike and edited by hand: somebody should know, but what is on this disk is what was meant to run here.
        verdict=Verdict.PENDING if deploying else Verdict.FRESH if alike else None,
        severity=Severity.INFO if deploying else None,
    )


def _differing(report: Report, other: Report) -> tuple[str, ...]:
    """The files whose contents are known of both and differ; where all are known of both, also those that only one of them has."""
    one, two = _named(report), _named(other)
    whole = max(len(one), len(two)) < MAX_SUMS
    return tuple(path for path in sorted({*one, *two}) if (whole or (path in one and path in two)) and one.get(path) != two.get(path))


def _named(report: Report) -> dict[str, str]:
    host = report.host
    return {each.path: each.sum for each in host.release.sums} if host is not None else {}


def _sums(report: Report, files: tuple[str, ...]) -> Evidence:
    host = report.host
    root = host.release.root if host is not None else str(report.app)
    if not files:
        return evidence.command("find", paths.absolute("app", root), "-type", "f", "-exec", "cksum", "{}", "+")
    return evidence.command("cksum", "--", *(paths.absolute(path, root) for path in files[:3]))


def _dirty(report: Report) -> bool:
    host = report.host
    return bool(host is not None and host.release.dirty)


def _clean(report: Report) -> bool:
    host = report.host
    return host is not None and host.release.dirty == 0


def _with(report: Report, finding: Finding) -> Report:
    release = report.layers[Layer.RELEASE]
    verdict = finding.verdict if finding.verdict.rank > release.rank else release
    return _judged(report, (*report.findings, finding), verdict)


def _judged(report: Report, findings: tuple[Finding, ...], release: Verdict) -> Report:
    layers = {**report.layers, Layer.RELEASE: release}
    ordered = tuple(sorted(findings, key=worst_first))
    return replace(report, findings=ordered, layers=layers, verdict=worst(list(layers.values())))


def _deployed(report: Report) -> float:
    host = report.host
    return max((deploy.at for deploy in host.release.deploys), default=0.0) if host is not None else 0.0
