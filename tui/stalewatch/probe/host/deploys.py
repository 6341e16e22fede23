"""The deploys of one application, by what is written down of them, or by what was written last."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stalewatch.model.memo import Memo
from stalewatch.model.replace import replace
from stalewatch.model.snapshot import Deploy
from stalewatch.model.text import safe
from stalewatch.probe.host.parsers import deploy_logs

if TYPE_CHECKING:
    from collections.abc import Mapping

    from stalewatch.model.snapshot import FileStat, Inputs
    from stalewatch.probe.host.app_files import AppFiles
    from stalewatch.probe.host.file_contents import FileContents
    from stalewatch.probe.host.parsers.records import FileRecord

_DEPLOY_FILES = 10
_SAME_DEPLOY = 120.0


class Deploys:
    """Told again only when a diary was read again, or a source has changed: each deploy is looked for in all sources."""

    def __init__(self) -> None:
        self._told: Memo[tuple[Deploy, ...]] = Memo()

    def of(
        self, files: AppFiles, contents: FileContents, inputs: Mapping[str, Inputs], stats: Mapping[str, FileRecord]
    ) -> tuple[Deploy, ...]:
        """The deploys in the deploy logs, newest first; without any, the one that REVISION names; else a guess from the newest mtimes."""
        record = stats.get(files.revision)
        read = (contents.get(path) for path in (*files.diaries, files.revision))
        return self._told.get(lambda: _told(files, contents, inputs, record), (inputs, *read), record)


def _told(files: AppFiles, contents: FileContents, inputs: Mapping[str, Inputs], record: FileRecord | None) -> tuple[Deploy, ...]:
    reflog, releases, revisions = files.diaries
    logged = contents.parsed(reflog, deploy_logs.parse_reflog)
    logged += contents.parsed(releases, deploy_logs.parse_releases_log)
    logged += contents.parsed(revisions, deploy_logs.parse_revisions_log)
    revision = contents.text(files.revision).strip()
    if not logged and record is not None and deploy_logs.is_revision(revision):
        logged = (Deploy(at=record.mtime, source="revision", what=safe("REVISION"), commit=safe(revision)),)
    newest = sorted(
        {stat for layer in ("code", "config", "routes", "views") if layer in inputs for stat in inputs[layer].direct},
        key=lambda stat: -stat.mtime,
    )
    if logged:
        return tuple(_with_files(deploy, newest) for deploy in sorted(logged, key=lambda each: -each.at))
    if not newest:
        return ()
    at = newest[0].mtime
    touched = tuple(stat.path for stat in newest if at - stat.mtime <= _SAME_DEPLOY)
    return (Deploy(at=at, source="mtime", what=safe(f"{len(touched)} files changed"), files=touched[:_DEPLOY_FILES]),)


def _with_files(deploy: Deploy, newest: list[FileStat]) -> Deploy:
    touched = tuple(stat.path for stat in newest if -5.0 <= stat.mtime - deploy.at <= _SAME_DEPLOY)
    return deploy if not touched else replace(deploy, files=touched[:_DEPLOY_FILES])
