"""The rules of the bytecode: every code that begins with ``opcache.``."""

from __future__ import annotations

from stalewatch.diagnosis.opcache.script_state import ScriptState
from stalewatch.diagnosis.rule import Rule
from stalewatch.model.layers import FILE_CACHED, CachedFile, Layer
from stalewatch.model.report import Remedy, Severity, Verdict

_COUNTED = ("scripts", "most used")
_EVIDENCE = (
    *_COUNTED,
    "directory",
    "modified",
    "compiled from",
    "not compiled after",
    "compiled after",
    "proof",
    "changed",
    "there until",
    "last used",
    "hits",
    "cache since",
    "workers since",
    "directory renamed",
    "checked again",
    "repeat",
    "repeat in the pool",
)
_ACT = (Remedy.INVALIDATE, Remedy.RELOAD)


def _stale(code: str, meaning: str, remedy: tuple[Remedy, ...] = _ACT, advice: str = "") -> Rule:
    return Rule(
        code=code,
        layer=Layer.OPCACHE,
        verdict=Verdict.STALE,
        severity=Severity.CRITICAL,
        meaning=meaning,
        evidence=_EVIDENCE,
        remedy=remedy,
        advice=advice,
    )


BYTECODE = _stale(
    "opcache.stale-bytecode",
    "PHP-FPM runs bytecode that was compiled before the file changed. Proven by one of: the file's mtime differs from the compiled one "
    "although the script was used after the check was due (validate_timestamps=1); the file was modified after the script was last used "
    "from the cache, or its content changed after an earlier look saw it there, and it was not compiled again since "
    "(validate_timestamps=0).",
)
CONFIG_CACHE = _stale(
    "opcache.stale-config-cache",
    "The configuration was cached again (bootstrap/cache/config.php), but PHP-FPM still holds the old one as bytecode: config:cache "
    "writes the same path, and with validate_timestamps=0 PHP never checks it again.",
)
MANIFEST = _stale(
    "opcache.stale-package-manifest",
    "packages.php or services.php in bootstrap/cache was written again, but PHP-FPM still holds the old one as bytecode.",
)


def _cached_file(file: CachedFile) -> Rule:
    name = file.title.replace(" ", "-")
    return _stale(f"opcache.stale-{name}", f"The {file.title} was written again, but PHP-FPM still holds the old one as bytecode.")


CACHED_FILES: dict[str, Rule] = {
    **{layer.spec.files[0].name: _cached_file(layer.spec.files[0]) for layer in FILE_CACHED},
    **{file.name: MANIFEST for file in Layer.PACKAGES.spec.files},
    Layer.CONFIG: CONFIG_CACHE,
}
"""By the name of the cached file that PHP-FPM holds an old version of."""
VIEW = _stale(
    "opcache.stale-view",
    "A Blade view was compiled again to the same path, but PHP-FPM still holds the old compiled view as bytecode.",
)
SAME_MTIME = _stale(
    "opcache.same-mtime",
    "The file has new content since it was compiled, but the same modification time. PHP checks only whether the times are equal, so it "
    "never notices, not even with validate_timestamps=1.",
)
DELETED = _stale(
    "opcache.deleted-script",
    "A script that was deleted from the disk still runs from the cache: it was used after its directory changed for the last time, or its "
    "hits grow between two looks. With opcache.enable_file_override=1 a cached file that is gone even seems to exist.",
    (Remedy.RELOAD,),
)
DELETED_UNSEEN = Rule(
    code="opcache.deleted-unseen",
    layer=Layer.OPCACHE,
    verdict=Verdict.SUSPECT,
    severity=Severity.WARNING,
    meaning="A cached script of the application is not on the disk any more, and PHP may not see since when (the directories above it are "
    "hidden from the pool): whether it was used since is not known.",
    evidence=_EVIDENCE,
    remedy=(Remedy.RELOAD,),
)
PRELOADED = _stale(
    "opcache.preload-changed",
    "A preloaded script changed after PHP-FPM started. Preloaded scripts are never checked again; only a reload or restart loads them "
    "again.",
    (Remedy.RELOAD,),
)
PRELOAD_ELSEWHERE = Rule(
    code="opcache.preload-other-release",
    layer=Layer.OPCACHE,
    verdict=Verdict.STALE,
    severity=Severity.CRITICAL,
    others=(Verdict.SUSPECT,),
    meaning="PHP preloaded another release than the one that the link leads to, and its classes win over the files of the current one. "
    "Where opcache.preload itself names a script in another release, this lasts through reload and restart; else, until the next reload. "
    "Suspect where the directory that it names lies beside the current one and nothing shows whether it is an earlier release of this app "
    "or another app.",
    evidence=("opcache.preload", "current release", "preloaded release", "link switched", "cache since", "repeat"),
    remedy=(Remedy.CONFIGURE, Remedy.RELOAD),
    advice="Let opcache.preload go through the link (php.ini or the pool's file), then reload. A reload alone loads the old release again.",
)
LINK_SWITCHED = Rule(
    code="opcache.link-switched",
    layer=Layer.OPCACHE,
    verdict=Verdict.STALE,
    severity=Severity.CRITICAL,
    others=(Verdict.SUSPECT, Verdict.PENDING),
    meaning="Scripts were compiled through a symbolic link below the application's root, and the link was switched to another directory "
    "since. With validate_timestamps=0 OPcache keeps the path that was passed and never looks again where it leads. Proven by that key "
    "where what it leads to now is not cached, or by the script that the web server passes. Suspect where only use since the switch shows "
    "it, of scripts beside the new target that may have other users; pending while PHP's realpath cache may still hold the old target.",
    evidence=("led to", "leads to", "switched", "forgotten by", "last used", *_COUNTED, "cache since", "repeat", "repeat in the pool"),
    remedy=(Remedy.RELOAD,),
    advice="Reload in every deploy that switches a link.",
)
SUSPECT = Rule(
    code="opcache.suspect-bytecode",
    layer=Layer.OPCACHE,
    verdict=Verdict.SUSPECT,
    severity=Severity.WARNING,
    meaning="The file changed (mtime or only ctime) after the cache started, and PHP does not say whether it was compiled before or "
    "after that. chmod, chown, cp -p, rsync -t and a rewrite with the same mtime look the same by their times. Or another file with the "
    "same time and size lies there than at an earlier look (a tree was mounted over it), and its content is not known. An earlier look can "
    "tell (run `stalewatch mark` before a deploy, or leave a dashboard running); a fix ends the doubt.",
    evidence=_EVIDENCE,
    remedy=_ACT,
)
RENAMED = Rule(
    code="opcache.directory-renamed",
    layer=Layer.OPCACHE,
    verdict=Verdict.SUSPECT,
    severity=Severity.WARNING,
    meaning="A directory above the script was renamed into place after the cache started (its ctime is newer than its own mtime). This "
    "changes no time of the files in it, so the path may now hold other content. chmod and chown of the directory look the same, and so "
    "does the first write below it on overlayfs: an earlier look tells them apart.",
    evidence=_EVIDENCE,
    remedy=_ACT,
)
PENDING = Rule(
    code="opcache.pending",
    layer=Layer.OPCACHE,
    verdict=Verdict.PENDING,
    severity=Severity.INFO,
    meaning="The file changed and PHP has not checked it yet: for revalidate_freq seconds it serves the old code, and the first request "
    "after that compiles the new code.",
    evidence=_EVIDENCE,
    remedy=(Remedy.WAIT, Remedy.INVALIDATE, Remedy.RELOAD),
)
RESTART_PENDING = Rule(
    code="opcache.restart-pending",
    layer=Layer.OPCACHE,
    verdict=Verdict.PENDING,
    severity=Severity.INFO,
    meaning="A reset was requested and waits until no request uses the cache; until then every request compiles everything. After "
    "force_restart_timeout PHP kills the processes that still use it. It is a warning once half of that time is over.",
    evidence=("waiting since", "seen first", "force_restart_timeout", "scripts", "repeat"),
    remedy=(Remedy.WAIT,),
)
FILE_CACHE_STALE = Rule(
    code="opcache.stale-file-cache",
    layer=Layer.OPCACHE,
    verdict=Verdict.STALE,
    severity=Severity.CRITICAL,
    meaning="The file in opcache.file_cache that holds this script's bytecode is older than the script, and with validate_timestamps=0 "
    "nothing compares them: after a reload or reset PHP loads the old bytecode again.",
    evidence=(*_COUNTED, "modified", "bytecode file", "proof", "changed", "cache since", "repeat"),
    remedy=(Remedy.WIPE, Remedy.RELOAD),
    advice="Better: unset opcache.file_cache, or set validate_timestamps=1.",
)
FILE_CACHE = Rule(
    code="opcache.file-cache",
    layer=Layer.OPCACHE,
    verdict=Verdict.SUSPECT,
    severity=Severity.WARNING,
    meaning="opcache.file_cache stores bytecode on disk. With validate_timestamps=0 PHP loads it again after a reset or reload and does "
    "not check the sources, so a cache that started after the deploy proves nothing. Reported if a script's file in it cannot be seen, "
    "is gone, or is older than the script's ctime. With validate_timestamps=1 PHP compares only the modification time: reported if the "
    "file is older than a script that has the same one.",
    evidence=("file_cache", "validate_timestamps", *_COUNTED, "modified", "bytecode file", "proof", "changed", "cache since", "repeat"),
    remedy=(Remedy.WIPE, Remedy.RELOAD),
    advice="Better: unset opcache.file_cache, or set validate_timestamps=1.",
)
NOT_COMPARED = Rule(
    code="opcache.not-compared",
    layer=Layer.OPCACHE,
    verdict=Verdict.UNKNOWN,
    severity=Severity.WARNING,
    meaning="Not all cached scripts could be compared with the disk, so nothing is known about the others.",
    evidence=("scripts", "compared", "changed", "listed", "repeat"),
    advice="Reload PHP-FPM: then it compiles all of them again, as they are on the disk. Where opcache.file_cache_only is on, PHP tells "
    "nothing of them: set it to 0.",
)
BY_STATE = {
    ScriptState.STALE: BYTECODE,
    ScriptState.SAME_MTIME: SAME_MTIME,
    ScriptState.DELETED: DELETED,
    ScriptState.DELETED_UNSEEN: DELETED_UNSEEN,
    ScriptState.PRELOADED: PRELOADED,
    ScriptState.KEPT: FILE_CACHE_STALE,
    ScriptState.KEPT_UNSEEN: FILE_CACHE,
    ScriptState.SUSPECT: SUSPECT,
    ScriptState.RENAMED: RENAMED,
    ScriptState.PENDING: PENDING,
}
"""What is said of a script in each state."""
RULES = (
    BYTECODE,
    *(CACHED_FILES[layer] for layer in FILE_CACHED),
    MANIFEST,
    VIEW,
    SAME_MTIME,
    DELETED,
    DELETED_UNSEEN,
    PRELOADED,
    PRELOAD_ELSEWHERE,
    LINK_SWITCHED,
    SUSPECT,
    RENAMED,
    PENDING,
    RESTART_PENDING,
    FILE_CACHE_STALE,
    FILE_CACHE,
    NOT_COMPARED,
)
