"""Which release is on the disk and when it was deployed: git's reflog, the logs of deployer and Capistrano, REVISION. Pure."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import msgspec

from stalewatch.model import bounded_json
from stalewatch.model.redaction import redacted
from stalewatch.model.snapshot import Deploy
from stalewatch.model.text import safe
from stalewatch.probe.host.parsers.records import FAR_FUTURE

MAX_DEPLOYS = 20
_REFLOG = re.compile(r"^[0-9a-f]{40,64} ([0-9a-f]{40,64}) (.*) <([^>]*)> (\d{1,12}) [+-]\d{4}(?:\t(.*))?$")
_REVISIONS = re.compile(r"^Branch (.{1,200}?) \(at ([0-9a-f]{7,64})\) deployed as release (\d{14}) by (.{1,100})$")
_HASH = re.compile(r"^[0-9a-f]{40,64}$")


class _DeployerEntry(msgspec.Struct):
    created_at: str = ""
    release_name: str | int = ""
    user: str = ""
    target: str = ""


def parse_reflog(content: str) -> tuple[Deploy, ...]:
    """The moves of HEAD, newest first. A commit that was made on the server counts too: files changed then."""
    deploys = []
    for line in content.splitlines():
        if match := _REFLOG.match(line):
            commit, who, _, at, what = match.groups()
            moment = min(float(at), FAR_FUTURE)
            deploys.append(Deploy(at=moment, source="git", what=redacted(what or "", 200), who=safe(who, 100), commit=safe(commit)))
    return tuple(reversed(deploys[-MAX_DEPLOYS:]))


def parse_releases_log(content: str) -> tuple[Deploy, ...]:
    """deployer's ``.dep/releases_log`` (one JSON object a line), newest first."""
    deploys = []
    for line in content.splitlines()[-MAX_DEPLOYS:]:
        try:
            entry = bounded_json.decode(line, type=_DeployerEntry)
            at = datetime.fromisoformat(entry.created_at).timestamp()
        except (msgspec.MsgspecError, ValueError, OverflowError, OSError):
            continue
        what = f"release {entry.release_name}" + (f" of {entry.target}" if entry.target else "")
        deploys.append(Deploy(at=min(max(at, 0.0), FAR_FUTURE), source="deployer", what=redacted(what, 200), who=safe(entry.user, 100)))
    return tuple(reversed(deploys))


def parse_revisions_log(content: str) -> tuple[Deploy, ...]:
    """Capistrano's ``revisions.log``, newest first. A release is named by the time it was begun, in UTC; rollbacks have no time."""
    deploys = []
    for line in content.splitlines():
        if match := _REVISIONS.match(line):
            branch, commit, release, who = match.groups()
            try:
                at = datetime.strptime(release, "%Y%m%d%H%M%S").replace(tzinfo=UTC).timestamp()
            except ValueError:
                continue
            what = redacted(f"release {release} of {branch}", 200)
            deploys.append(Deploy(at=min(max(at, 0.0), FAR_FUTURE), source="revision", what=what, who=safe(who, 100), commit=safe(commit)))
    return tuple(reversed(deploys[-MAX_DEPLOYS:]))


def parse_head(content: str) -> str:
    """The commit that ``.git/HEAD`` names; "" where it names a branch, or nothing."""
    line = content.strip()
    return line if _HASH.match(line) else ""


def is_revision(content: str) -> bool:
    """Whether *content* (of a REVISION file) looks like a commit."""
    return re.fullmatch(r"[0-9a-f]{7,64}", content.strip()) is not None
