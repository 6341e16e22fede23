"""Modification times in the future: they prove nothing, and the change time counts."""

from __future__ import annotations

from stalewatch.model.report import Layer
from tests.lab.truth import changes as do
from tests.lab.truth.opcache_stale import BYTECODE, SUSPECT
from tests.lab.truth.servers import HEAL_JOB, job, unchanged_job
from tests.lab.truth.state import HOME, Ask, healthy, stale

_SOURCES = "config/services.php routes/api.php resources/views/home.blade.php app/Providers/EventServiceProvider.php"
_TOLD = frozenset({"health.future-times"})
_CONFIG = Ask(uri="/config", old="v1 agent-v1", new="v1 agent-v2")


def ahead(files: str, by: str = "2 hours") -> do.Change:
    """*files* get a modification time *by* ahead of the clock."""
    return do.shell(f"find {files} -type f -exec touch -d '+{by}' {{}} +")


_deploy = do.then(do.pause(1.1), do.cache(), lambda host: host.reload(), do.get(), do.get("/view"))

STATES = (
    healthy(name="future: an archive from a zone ahead, then a perfect deploy", act=do.then(ahead(_SOURCES), _deploy), health=_TOLD),
    healthy(
        name="future: the same, its time has passed",
        act=do.then(ahead(_SOURCES, "6 seconds"), _deploy, do.pause(7)),
    ),
    healthy(
        name="future: the whole application, vt=0, then a perfect deploy",
        arrange=do.VT0,
        act=do.then(ahead("app config routes resources bootstrap/app.php public"), _deploy, do.get()),
        health=_TOLD,
    ),
    healthy(
        name="future: the whole application, then a worker",
        expect={Layer.WORKERS: ("fresh",)},
        act=do.then(ahead("app config routes"), _deploy, lambda host: host.start_worker(), unchanged_job),
        ask=unchanged_job,
        health=_TOLD,
    ),
    stale(
        name="future: a worker, then code from a zone ahead",
        expect={Layer.WORKERS: ("suspect", "workers.suspect")},
        arrange=do.then(do.get(), do.get("/job"), lambda host: host.start_worker(), unchanged_job),
        act=do.then(
            do.pause(2.5), do.change_text("app/Jobs/WriteVersion.php", "job v1", "job v2"), ahead("app/Jobs/WriteVersion.php"), HEAL_JOB
        ),
        ask=job,
        health=_TOLD,
    ),
    stale(
        name="future: a configuration source edited, cached before, one look",
        expect={Layer.CONFIG: ("suspect", "config.suspect")},
        act=do.then(do.pause(2.5), do.AGENT, ahead("config/services.php")),
        ask=_CONFIG,
        health=_TOLD,
    ),
    stale(
        name="future: the same, seen before",
        expect={Layer.CONFIG: ("stale", "config.stale")},
        act=do.then(do.pause(2.5), do.AGENT, ahead("config/services.php")),
        ask=_CONFIG,
        health=_TOLD,
        remembered=True,
    ),
    stale(
        name="future: vt=0, a controller edited, in use, one look",
        expect=SUSPECT,
        arrange=do.VT0,
        act=do.then(do.edit, ahead(do.CONTROLLER), do.pause(2.1), do.get()),
        ask=HOME,
        health=_TOLD,
    ),
    stale(
        name="future: vt=0, the same, seen before",
        expect=BYTECODE,
        arrange=do.VT0,
        act=do.then(do.edit, ahead(do.CONTROLLER), do.pause(2.1), do.get()),
        ask=HOME,
        health=_TOLD,
        remembered=True,
    ),
)
