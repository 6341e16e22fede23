"""Whom a restart of workers reaches: those that look into the cache store in which it leaves its key. Pure."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from stalewatch.diagnosis import worker_places
from stalewatch.diagnosis.symfony import environment_served
from stalewatch.diagnosis.worker_evidence import TOLERANCE
from stalewatch.diagnosis.worker_restarts import restart_lines, start_again
from stalewatch.model import figures
from stalewatch.model.layers import Layer
from stalewatch.model.report import Remedy

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from stalewatch.model.report import Finding, Report
    from stalewatch.model.snapshot import CacheStore, HostFacts, QueueWorker

NAMES = {
    "queue": "queue:restart",
    "horizon": "horizon:terminate",
    "octane": "octane:reload",
    "reverb": "reverb:restart",
    "messenger": "messenger:stop-workers",
}
"""The command by the kind of worker: of artisan, the last one of bin/console."""
BY_STORE = frozenset({"queue", "reverb"})
"""The kinds of Laravel that look for a key in their own cache store."""
_BY_SIGNAL = frozenset({"horizon", "octane"})
"""The kinds that get a signal, which the system lets their own user and root send."""
_OF_ONE_PROCESS = frozenset({"array", "null", "apc"})
"""Drivers whose values no other process of the command line sees."""
_LOCAL = re.compile(r"(localhost|127\..*|\[?::1\]?|/.*)(:\d*)?")


def store_of(host: HostFacts) -> CacheStore | None:
    """The default cache store of the application, as its cached configuration has it; None: not known."""
    return next((cache.store for cache in host.caches if cache.name == Layer.CONFIG.value and cache.stat is not None), None)


def hears(worker: QueueWorker, host: HostFacts) -> bool | None:
    """Whether the restart of its kind reaches *worker*; None: cannot be told."""
    if worker.orphan:
        return False
    if worker.kind in _BY_SIGNAL:
        return not worker.user or worker.user == signalled_as(host).get(worker.kind)
    if worker.kind == "messenger":
        return not _elsewhere(worker, host)
    if worker.kind not in BY_STORE:
        return True
    store = store_of(host)
    if store is None:
        return None
    if store.driver in _OF_ONE_PROCESS:
        return False
    root = host.release.root
    if store.driver != "file" or not host.release.link or not f"{store.place}/".startswith(f"{root}/"):
        return True
    if worker.process.cwd_deleted:
        return False
    return worker.release == root if worker.release else None if not _came_before(worker, host) else False


def _came_before(worker: QueueWorker, host: HostFacts) -> bool:
    """Whether it started before the link led to the current release, so that it runs in another one."""
    switched = host.release.switched_at
    return switched is not None and worker.process.started + TOLERANCE < switched


def signalled_as(host: HostFacts) -> dict[str, str]:
    """By the kinds that get a signal, the user whose workers get it: of the oldest, and never root, as whom nothing of an app is run."""
    workers = sorted(host.queue_workers, key=lambda worker: -worker.process.started)
    return {worker.kind: str(worker.user) for worker in workers if worker.kind in _BY_SIGNAL and worker.user not in ("", "root")}


def concerned(finding: Finding, host: HostFacts) -> tuple[QueueWorker, ...]:
    """The workers that *finding* is about and that some restart is for."""
    workers = tuple(worker for worker in host.queue_workers if worker.holds == "start" and worker.kind != "other")
    if finding.code == worker_places.DELETED.code:
        return tuple(worker for worker in workers if worker.process.cwd_deleted)
    if finding.code == worker_places.OLD_RELEASE.code:
        return tuple(worker for worker in workers if _elsewhere(worker, host))
    since = finding.since
    return tuple(worker for worker in workers if since is None or worker.process.started < since)


def _elsewhere(worker: QueueWorker, host: HostFacts) -> bool:
    return worker.release != host.release.root if worker.release else _came_before(worker, host)


def unreached(finding: Finding, report: Report) -> str:
    """Why no restart of the runbook reaches the workers of *finding*, and what does ("" it may reach some)."""
    host = report.host
    if host is None or Remedy.RESTART_WORKERS not in finding.remedy:
        return ""
    workers = concerned(finding, host)
    kinds = {worker.kind for worker in workers}
    lost = kinds == {"messenger"} and not environment_served(report)
    if not workers or (not lost and any(hears(worker, host) is not False for worker in workers)):
        return ""
    name = NAMES.get(min(kinds), "queue:restart")
    why = "which environment is served is not known" if lost else _why(min(kinds), host)
    return f"{name} reaches none of them ({why}); by hand: {by_hand(workers, report)}"


def _why(kind: str, host: HostFacts) -> str:
    if kind == "messenger":
        return "Symfony keeps its key apart for each release"
    if kind in _BY_SIGNAL and all(worker.orphan for worker in host.queue_workers if worker.kind == kind):
        return "they have lost the process that would end them"
    if kind in _BY_SIGNAL:
        return "they run as root, as whom nothing of an application is run"
    store = store_of(host)
    if store is not None and store.driver in _OF_ONE_PROCESS:
        return f"the cache store {store.name} is of the driver {store.driver}, which no other process sees"
    return "the cache store is a folder of the current release, they look into that of their own"


def by_hand(workers: Sequence[QueueWorker], report: Report) -> str:
    """What to type so that *workers*, which run, are started again."""
    lines, login = list(restart_lines(workers)), str(report.host.login) if report.host is not None else ""
    alone = [worker for worker in workers if not worker.unit and not worker.supervisor]
    if alone:
        pids = " ".join(str(worker.process.pid) for worker in alone[:10])
        users = {str(worker.user) for worker in alone}
        own = f"kill {pids}" if users == {login} else f"kill {pids} (as their user)"
        kill = f"sudo -u {next(iter(users))} kill {pids}" if len(users) == 1 and not users & {"", login} else own
        again = start_again([worker for worker in alone if not worker.orphan], report.app, login)
        lines.append(f"{kill}, and if nothing starts {figures.agree(len(alone), 'it', 'them')} again: {again}" if again else kill)
    return "; ".join(lines)


def reach(host: HostFacts, app: str, workers: Iterable[QueueWorker], sharing: Sequence[str]) -> str:
    """In one sentence, whom the key of ``queue:restart`` reaches among *workers*, and who else looks into that store. *sharing*: servers of
    this fleet that have the same one."""
    many = figures.count(sum(hears(worker, host) is not False for worker in workers), "worker")
    store = store_of(host)
    place = f" ({store.driver}{f', {store.place}' if store.place else ''})" if store is not None else ""
    if store is not None and is_local(store):
        others = "and none of another server"
    else:
        names = f" ({', '.join(sharing)})" if sharing else ""
        others = f"and those of other servers that share this store{names}"
    return f"queue:restart is a key in the cache store of {app}{place}: it reaches {many} here, {others}"


def is_local(store: CacheStore) -> bool:
    """Whether no other server can look into *store*."""
    return store.driver in {*_OF_ONE_PROCESS, "file"} or bool(_LOCAL.fullmatch(store.place))


def sharing(report: Report, others: Iterable[Report]) -> tuple[str, ...]:
    """The servers among *others* whose workers look into the same store as those of *report*."""
    store = store_of(report.host) if report.host is not None else None
    if store is None or is_local(store) or ":" not in store.place:
        return ()
    same = (other for other in others if other.server != report.server and other.host is not None and store_of(other.host) == store)
    return tuple(dict.fromkeys(other.server for other in same))
