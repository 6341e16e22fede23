"""The runtime probe's answer: JSON -> values of the snapshot. Pure; the format is in :mod:`stalewatch.probe.runtime`."""

from __future__ import annotations

import zlib
from typing import Any

import msgspec

from stalewatch.model import bounded_json, reasons
from stalewatch.model.errors import ProtocolError
from stalewatch.model.redaction import redacted
from stalewatch.model.replace import replace
from stalewatch.model.runtime import CachedEnvironment, CodeLink, FromMemory, IniFile, MovedDirectory, RunningFile, ThroughLink
from stalewatch.model.snapshot import FileStat, Opcache, RuntimeFacts, Script, Unseen
from stalewatch.model.text import SafeText, is_exact, safe

TIMEOUT = 5.0
MAX_ANSWER = 64 * 1024 * 1024
MAX_SCRIPTS = 50_000
_MAX_TIME = 32_503_680_000
_BEGIN = b'{"stalewatch":1'
_SAPIS = ("fpm-fcgi",)
_UNSEEN = {
    "restricted": reasons.OPCACHE_RESTRICTED.unseen(
        "opcache.restrict_api does not let the probe ask OPcache",
        "set opcache.restrict_api to nothing, or to a path above the probe's directory",
    ),
    "disable_functions": reasons.OPCACHE_FUNCTIONS_DISABLED.unseen(
        "disable_functions holds opcache_get_status in this pool",
        "take opcache_get_status, opcache_is_script_cached and opcache_invalidate out of disable_functions",
    ),
}

NO_SCOREBOARD = reasons.FPM_NO_STATUS.unseen(
    "PHP may not call fpm_get_status in this pool", "take it out of disable_functions, or set pm.status_path"
)


class Row(msgspec.Struct, frozen=True, array_like=True):
    """One script as the probe sends it."""

    path: str
    timestamp: int | None = None
    last_used: int = 0
    hits: int = 0
    memory: int = 0
    revalidate: int | None = None
    mtime: float | None = None
    ctime: float | None = None
    size: int = 0
    inode: int = 0
    cached: bool = True
    digest: str = ""
    parent_changed: float | None = None
    kept: float | None = None
    dev: int | None = None

    def script(self) -> Script:
        """The snapshot's value. A path with U+FFFD is not UTF-8 on the server: it is shown, never used in a command."""
        path = safe(self.path)
        return Script(
            path=path,
            exact=is_exact(self.path, path) and "\ufffd" not in path,
            timestamp=_bounded(self.timestamp),
            last_used=_bounded(self.last_used) or 0,
            hits=max(self.hits, 0),
            memory=max(self.memory, 0),
            revalidate=_bounded(self.revalidate),
            mtime=_moment(self.mtime),
            ctime=_moment(self.ctime),
            size=max(self.size, 0),
            inode=max(self.inode, 0),
            cached=self.cached,
            digest=safe(self.digest, 64),
            parent_changed=_moment(self.parent_changed),
            kept=_moment(self.kept),
            dev=self.dev if self.dev is None else max(self.dev, 0),
        )


class OpcacheAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """``opcache`` of an answer: the fields of :class:`stalewatch.model.snapshot.Opcache` that PHP knows."""

    error: str = ""
    enabled: bool = False
    restart_pending: bool = False
    restart_in_progress: bool = False
    cache_full: bool = False
    start_time: int = 0
    last_restart_time: int = 0
    hits: int = 0
    misses: int = 0
    manual_restarts: int = 0
    oom_restarts: int = 0
    hash_restarts: int = 0
    cached_scripts: int = 0
    cached_keys: int = 0
    max_cached_keys: int = 0
    used_memory: int = 0
    free_memory: int = 0
    wasted_memory: int = 0
    validate_timestamps: bool = True
    revalidate_freq: int = 2
    revalidate_path: bool = False
    file_update_protection: int = 2
    file_cache: str = ""
    file_cache_only: bool = False
    preload: str = ""
    enable_file_override: bool = False
    force_restart_timeout: int = 180


class Compared(msgspec.Struct, frozen=True, kw_only=True):
    """``compare`` of an answer."""

    total: int = 0
    changed_total: int = 0
    truncated: bool = False
    changed: list[Row] = []
    entry_points: list[Row] = []
    file_cache_seen: bool = False
    moved: list[tuple[str, float]] | None = None
    preloaded: list[str] | None = None
    links: list[tuple[str, str, float]] | None = None
    through: list[tuple[str, str, bool, Row]] | None = None


class ParsedAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """``parsed`` of an answer."""

    count: int = 0
    trouble: list[tuple[str, str, int, str]] = []
    paths: list[str] = []
    folders: list[str] = []
    why: str = ""


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """One whole answer."""

    stalewatch: int
    verb: str
    sapi: str
    php: str
    now: float
    opcache: OpcacheAnswer
    uid: int = -1
    user: str = ""
    ms: float = 0.0
    loaded: int = 0
    realpath_cache_ttl: int = 120
    status: Any = None
    unasked: str = ""
    compare: Compared | None = None
    replaced: list[str] | None = None
    ini: list[tuple[str, float | None, float | None]] | None = None
    extension_dir: str = ""
    scripts: list[Row] = []
    scripts_truncated: bool = False
    digests: list[tuple[str, int, int, int, int, str]] = []
    places: list[tuple[str, int, int, int, int, int]] | None = None
    results: list[tuple[str, bool, bool | None]] = []
    configuration: list[tuple[str, int, list[str], list[str]]] | None = None
    environment: list[tuple[str, list[str], list[str]]] | None = None
    user_ini_ttl: int | None = None
    apcu: list[tuple[str, bool, str | None]] | None = None
    variables: list[str] | None = None
    artefacts: list[tuple[str, str]] = []
    parsed: ParsedAnswer | None = None
    remembered: list[tuple[str, float]] | None = None
    extensions: list[str] = []
    remade: tuple[list[str], int, str] | None = None
    boot: str = ""
    host: str = ""


def decode(body: bytes, *, deflated: bool, fpm: bool = True) -> Answer:
    """Decode an answer's body. Raises ProtocolError if it is malformed, too big, or not from FPM where it must be (*fpm*)."""
    try:
        if deflated:
            engine = zlib.decompressobj(wbits=-15)
            body = engine.decompress(body, MAX_ANSWER)
            if engine.unconsumed_tail:
                raise ProtocolError("the runtime probe's answer is too big")
        elif (begin := body.find(_BEGIN)) >= 0:
            body = body[begin:].partition(b"\n")[0]  # without what auto_prepend_file and its kin print around it
        elif not body.startswith(b"{"):
            raise ProtocolError(
                f"something else answers in the probe's place: {redacted(body[:100], 100)}", reason=reasons.FPM_OTHER_ANSWER
            )
        answer = bounded_json.decode(body, type=Answer)
    except (msgspec.MsgspecError, UnicodeDecodeError, zlib.error) as error:
        raise ProtocolError(f"the pool's answer is not an answer of the probe: {safe(str(error), 200)}") from None
    if fpm and answer.sapi not in _SAPIS:
        raise ProtocolError(f"the answer is from PHP {safe(answer.sapi, 40)}, not from FPM")
    return answer


def opcache(answer: Answer) -> Opcache | Unseen:
    """OPcache by an answer; Unseen where it may not be asked. Disabled (globally or in the pool) is a fact: ``enabled=False``."""
    facts = answer.opcache
    if facts.error in _UNSEEN:
        return _UNSEEN[facts.error]
    if facts.error == "missing":
        return Opcache(enabled=False)
    compared = answer.compare
    values = {name: getattr(facts, name) for name in facts.__struct_fields__ if name not in ("error", "file_cache", "preload")}
    times = {name: _bounded(values[name]) for name in ("start_time", "last_restart_time")}
    values |= {"file_cache": safe(facts.file_cache), "preload": safe(facts.preload), **times}
    if compared is None:
        return Opcache(**values)
    return Opcache(
        **values,
        changed=tuple(row.script() for row in compared.changed),
        changed_total=max(compared.changed_total, len(compared.changed)),
        entry_points=tuple(row.script() for row in compared.entry_points),
        scripts=tuple(row.script() for row in answer.scripts[:MAX_SCRIPTS]),
        scripts_at=answer.now if answer.verb == "scripts" else None,
        file_cache_seen=compared.file_cache_seen,
        compared=max(compared.total, 0),
        compared_at=_moment(answer.now) or 0.0,
        preloaded=None if compared.preloaded is None else tuple(map(safe, compared.preloaded)),
        moved=None if compared.moved is None else tuple(MovedDirectory(safe(path), _moment(at) or 0.0) for path, at in compared.moved),
        links=_links(compared),
        through=_through(compared),
        truncated=compared.truncated or answer.scripts_truncated or len(answer.scripts) > MAX_SCRIPTS,
    )


def _links(compared: Compared) -> tuple[CodeLink, ...] | None:
    if compared.links is None:
        return None
    return tuple(CodeLink(safe(path), safe(target), _moment(switched) or 0.0) for path, target, switched in compared.links)


def _through(compared: Compared) -> tuple[ThroughLink, ...] | None:
    if compared.through is None:
        return None
    return tuple(ThroughLink(safe(link), safe(old), row.script(), keyed) for link, old, keyed, row in compared.through)


def places(answer: Answer, chroot: str = "") -> tuple[FileStat, ...] | None:
    """The paths that were asked for, as the pool sees them; *chroot*: what its paths are below."""
    if answer.places is None:
        return None
    return tuple(
        FileStat(safe(chroot + path), float(max(mtime, 0)), float(max(ctime, 0)), max(size, 0), max(inode, 0), dev=max(dev, 0))
        for path, dev, inode, mtime, ctime, size in answer.places
    )


def configuration(answer: Answer) -> tuple[RunningFile, ...] | None:
    """The files that were asked for against what the pool runs with."""
    if answer.configuration is None:
        return None
    return tuple(
        RunningFile(safe(path), alike=max(alike, 0), differs=tuple(map(safe, differs)), untold=tuple(map(safe, untold)))
        for path, alike, differs, untold in answer.configuration
    )


def environment(answer: Answer) -> tuple[CachedEnvironment, ...] | None:
    """The cached configurations that were asked for against the pool's environment."""
    if answer.environment is None:
        return None
    return tuple(
        CachedEnvironment(safe(path), tuple(map(safe, differs)), tuple(map(safe, unlike))) for path, differs, unlike in answer.environment
    )


def ini_files(answer: Answer, before: RuntimeFacts | None) -> tuple[IniFile, ...]:
    """What is gone or changed of what PHP read; a short answer does not tell it, and the one before holds until PHP reads again."""
    if answer.ini is not None:
        return tuple(IniFile(safe(path), _moment(mtime), _moment(ctime)) for path, mtime, ctime in answer.ini)
    known = before.seen_opcache if before is not None else None
    return before.ini if before is not None and known is not None and known.start_time == answer.opcache.start_time else ()


def replaced(answer: Answer, before: RuntimeFacts | None) -> tuple[SafeText, ...] | None:
    """What this process runs and the disk holds no more; the verb status does not ask for it: what was seen before holds until FPM is
    restarted."""
    if answer.verb != "status":
        return tuple(safe(path) for path in answer.replaced) if answer.replaced is not None else None
    known = before.seen_opcache if before is not None else None
    return before.replaced if before is not None and known is not None and known.start_time == answer.opcache.start_time else None


def variables(answer: Answer, before: RuntimeFacts | None) -> tuple[SafeText, ...] | None:
    """The names of the worker's environment variables; a short answer does not tell them."""
    if answer.variables is not None:
        return tuple(safe(name, 200) for name in answer.variables)
    return before.variables if before is not None else None


def remembered(answer: Answer, before: RuntimeFacts | None, chroot: str = "") -> tuple[FromMemory, ...]:
    """What PHP answers from memory alone; a short answer does not tell it. A pool in a *chroot* sees nothing of the others' files."""
    if answer.remembered is None or chroot:
        return before.remembered if before is not None else ()
    return tuple(FromMemory(safe(path), _moment(until) or 0.0) for path, until in answer.remembered)


def extensions(answer: Answer, before: RuntimeFacts | None) -> tuple[SafeText, ...]:
    """The names of the extensions that run; only a full list tells them."""
    return tuple(safe(name, 100) for name in answer.extensions) or (before.extensions if before is not None else ())


def extension_dir(answer: Answer, before: RuntimeFacts | None) -> SafeText:
    """Where the pool loads extensions from; a short answer does not tell it."""
    return safe(answer.extension_dir, 500) or (before.extension_dir if before is not None else safe(""))


def without_scripts(facts: RuntimeFacts) -> RuntimeFacts:
    """An earlier answer that is used again."""
    facts = replace(facts, places=None, reused=True)  # what the pool saw is no answer to what we see now
    if not isinstance(facts.opcache, Opcache) or not facts.opcache.scripts:
        return facts
    return replace(facts, opcache=replace(facts.opcache, scripts=()))


def _bounded(value: int | None) -> int | None:
    return value if value is None or 0 <= value <= _MAX_TIME else min(max(value, 0), _MAX_TIME)


def _moment(value: float | None) -> float | None:
    if value is None or 0.0 <= value <= _MAX_TIME:
        return value
    return None if value != value else min(max(value, 0.0), float(_MAX_TIME))
