"""What a pool takes from its environment and from `.user.ini`, against what it holds of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stalewatch.diagnosis import evidence, paths
from stalewatch.diagnosis.fpm_start import start_of
from stalewatch.diagnosis.rule import Rule
from stalewatch.model import figures
from stalewatch.model.report import Layer, Remedy, Severity, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stalewatch.diagnosis.context import Context
    from stalewatch.model.report import Finding
    from stalewatch.model.snapshot import CacheFile, FileStat, FpmFacts

SHOWN = 5
OTHER_ENVIRONMENT = Rule(
    code="config.other-environment",
    layer=Layer.CONFIG,
    verdict=Verdict.SUSPECT,
    severity=Severity.WARNING,
    meaning="The pool sets environment variables (env[…]) of which the cached configuration holds other values: it was cached before they "
    "changed, or by an artisan that does not have the pool's environment. PHP compared them itself; only names are shown. Of a variable "
    "that is made into another value this is said only where a pool file is newer than the cache. Or the configuration was cached with "
    "another APP_ENV than .env has, and the pool sets none.",
    evidence=("variables", "pool file", "modified", "changed", "cache written", "cache", "repeat"),
    remedy=(Remedy.REBUILD,),
    advice="A fix runs `artisan config:cache` with the pool's variables; by itself it does not have them.",
)
USER_INI = Rule(
    code="fpm.user-ini-pending",
    layer=Layer.FPM,
    verdict=Verdict.PENDING,
    severity=Severity.INFO,
    meaning="A .user.ini changed, and a worker reads it again only when user_ini.cache_ttl is over: until then it may run with the old "
    "settings.",
    evidence=("file", "modified", "changed", "user_ini.cache_ttl", "repeat"),
    remedy=(Remedy.WAIT,),
)


def cached_otherwise(context: Context, cache: CacheFile) -> Iterator[Finding]:
    """The cached configuration holds other values than the pool's environment (``docs/facts.md#pool-environment``)."""
    if context.runtime is None or cache.stat is None:
        return
    path = paths.absolute(cache.path, context.root)
    told = next((one for one in context.runtime.environment or () if one.path == path), None)
    if told is None:
        return
    files = context.fpm.config_files if context.fpm is not None else ()
    newer = [file for file in files if file.path.endswith(".conf") and max(file.mtime, file.ctime) > cache.stat.mtime]
    names = [*told.differs, *(told.unlike if newer else ())]
    if not names:
        return
    newest = max(newer, key=lambda file: (file.mtime, file.ctime), default=None)
    yield OTHER_ENVIRONMENT.finding(
        cache.path,
        f"the pool's environment has other values than the cached configuration: {figures.several(list(map(str, names)), SHOWN)}",
        (
            evidence.text("variables", figures.several(list(map(str, names)), SHOWN)),
            evidence.text("pool file", newest.path if newest is not None else ""),
            evidence.time("modified", newest.mtime if newest is not None else None),
            evidence.time("changed", newest.ctime if newest is not None else None),
            evidence.time("cache written", cache.stat.mtime),
            evidence.text("cache", cache.path),
            evidence.stat(path),
        ),
        since=max(newest.mtime, cache.stat.mtime) if newest is not None else None,
    )


def other_app_env(context: Context, cache: CacheFile) -> Iterator[Finding]:
    """Whoever cached the configuration had another ``APP_ENV`` than ``.env`` gives the pool (``docs/facts.md#pool-environment``)."""
    variables = context.runtime.variables if context.runtime is not None else None
    if cache.environments is None or cache.stat is None or variables is None or "APP_ENV" in variables:
        return
    was, own = cache.environments
    yield OTHER_ENVIRONMENT.finding(
        cache.path,
        f"the configuration was cached in the environment {was}, and .env says {own}",
        (
            evidence.text("variables", "APP_ENV"),
            evidence.time("cache written", cache.stat.mtime),
            evidence.text("cache", cache.path),
            evidence.command("grep", "-n", "APP_ENV", paths.absolute(".env", context.root)),
        ),
    )


def user_ini(context: Context, fpm: FpmFacts) -> Iterator[Finding]:
    """A .user.ini that workers may not have read yet (``docs/facts.md#pool-environment``)."""
    ttl = context.runtime.user_ini_ttl if context.runtime is not None else None
    file = _user_ini(context)
    if ttl is None or file is None:
        return
    changed = file.ctime if file.mtime > context.now else max(file.mtime, file.ctime)
    if start_of(context, fpm).known > changed or context.now >= changed + ttl:
        return
    yield USER_INI.finding(
        file.path,
        f"{file.path} changed, and workers may run with its old settings for up to {figures.span(ttl)}",
        (
            evidence.text("file", file.path),
            evidence.time("modified", file.mtime),
            evidence.time("changed", file.ctime),
            evidence.age("user_ini.cache_ttl", float(ttl)),
            evidence.stat(file.path),
        ),
        until=changed + ttl,
    )


def _user_ini(context: Context) -> FileStat | None:
    """FPM reads it from the document root on: ``public``, where there is one."""
    places = {str(place.path): place for place in (context.host.places or ())} if context.host is not None else {}
    public = f"{context.root}/public"
    return places.get(f"{public}/.user.ini" if f"{public}/index.php" in places else f"{context.root}/.user.ini")
