"""What is said of the cause of each finding. A row for every rule that can be stale, suspect, pending or unknown.

In the texts ``{label}`` is the evidence of that label (a moment stays one), ``{label/name}`` the last part of a path,
``{label/release}`` which release a path is of. Beside labels: ``{subject}``, ``{summary}``, and what :mod:`stalewatch.diagnosis.cause`
adds. What stands in brackets is left out where one of its labels is not known; a text that lacks one outside of brackets is left out.
"""

from __future__ import annotations

from typing import NamedTuple

from stalewatch.model.cause import THE_DISK_HAS
from stalewatch.model.layers import FILE_CACHED, Layer


class Words(NamedTuple):
    """The parts of a :class:`~stalewatch.model.cause.Cause`, as templates."""

    how: str
    disk: str = ""
    why: str = ""
    what: str = ""
    who: str = "the pool"
    verb: str = "runs"
    has: str = THE_DISK_HAS


_APP, _FPM = "the application", "PHP-FPM"
_MODIFIED = "{modified}"
_AT_START = "PHP-FPM reads it only when it starts or reloads"
_KEEPS = "a worker keeps the code that it started with"
_LINK_KEPT = "PHP keeps where the link led before"
_CTIME_ONLY = "only its change time moved: a chmod, or new content with an old time"
_LARAVEL = {Layer.CONFIG: "config", Layer.ROUTES: "routes", Layer.EVENTS: "events"}
_SYMFONY = {Layer.CONFIG: "container", Layer.ROUTES: "routes"}

UNKNOWN = Words("not known", "", "{summary}", what="what runs ({layer})", verb="is")
"""Of what could not be looked at."""
PLAIN = Words("", "", "{summary}")
"""Of a code that has no row: a layer of one's own."""

_COMPILED = Words("as compiled {compiled}", _MODIFIED, "{unnoticed}", what="{name}")
_BYTECODE = {
    "opcache.stale-bytecode": _COMPILED,
    **dict.fromkeys(
        (
            "opcache.stale-config-cache",
            "opcache.stale-route-cache",
            "opcache.stale-event-cache",
            "opcache.stale-package-manifest",
            "opcache.stale-view",
        ),
        _COMPILED,
    ),
    "opcache.same-mtime": Words(
        "as compiled before[ {changed}]", "other content[ since {changed}]", "it has the same time, and PHP compares nothing else", "{name}"
    ),
    "opcache.deleted-script": Words(
        "as it was cached", "no such file[ since {there until}]", "what is in OPcache stays there until a reload", "{name}"
    ),
    "opcache.deleted-unseen": Words("as it was cached", "no such file", "whether it was used since could not be seen", "{name}"),
    "opcache.preload-changed": Words("as preloaded {cache since}", _MODIFIED, "PHP never checks what it preloaded", "{name}"),
    "opcache.preload-other-release": Words(
        "classes of {preloaded release/release}",
        "{current release/release}",
        "opcache.preload names another release",
        has="current is",
    ),
    "opcache.link-switched": Words("the code in {led to}", "{leads to}[ since {switched}]", _LINK_KEPT, has="the link leads to"),
    "opcache.suspect-bytecode": Words("code from before {modified}", _MODIFIED, "PHP does not say when it compiled the file", "{name}"),
    "opcache.directory-renamed": Words(
        "code from before {directory renamed}",
        "a directory renamed into place[ {directory renamed}]",
        "a rename changes no time of the files below it",
        "{name}",
    ),
    "opcache.pending": Words(
        "as compiled before {modified}", _MODIFIED, "PHP looks at the disk again when the next check is due", "{name}"
    ),
    "opcache.restart-pending": Words(
        "everything again", "", "a reset waits until no request uses OPcache", "every request", verb="compiles"
    ),
    "opcache.stale-file-cache": Words(
        "as stored in opcache.file_cache[ {bytecode file}]", _MODIFIED, "PHP never compares what it stored with the disk", "{name}"
    ),
    "opcache.file-cache": Words(
        "an old version from opcache.file_cache", _MODIFIED, "PHP never compares what it stored with the disk", "{name}"
    ),
    "opcache.not-compared": UNKNOWN,
}
_RELEASE = {
    "release.old-served": Words("{served/release}", "{current/release}[ since {switched}]", _LINK_KEPT, has="current is"),
    "release.link-passed": Words(
        "{served/release}", "{current/release}[ since {switched}]", "no request told since the link was switched", has="current is"
    ),
    "release.deploy-under-way": Words("under way[ since {since}]", "{sign}", "it has not ended yet", "a deploy", verb="is"),
    "release.mixed": Words(
        "another version[ ({commit/commit})]",
        "{others/commit}[ since {others since}]",
        "the newest code did not reach this server",
        "this server",
        verb="has",
        has="the others have",
    ),
    "release.other-commit": Words(
        "[{commit/commit}]", "", "the commit that was asked for is not deployed here: {expected/commit}", "the disk", verb="has"
    ),
    "release.other-file": Words("other content", "", "it is not what was expected", "{name}", verb="has"),
}
_PACKAGES = {
    "packages.differ": Words(
        "the list of packages[ of {written}]", "other packages", "{summary}", who="Laravel", verb="reads", has="vendor/ has"
    ),
    "packages.broken": Words("truncated or not valid PHP", "", "Laravel cannot read its list of packages", "{name}", verb="is"),
    "packages.class-map": Words(
        "from {loaded from/name}",
        "{declared in}",
        "Composer's class map is older than that file",
        "{class}",
        verb="comes",
        has="it is declared in",
    ),
    "packages.autoload-differs": Words(
        "the autoloader of {autoloader written}",
        "other folders in composer.json",
        "composer dump-autoload was not run",
        who=_APP,
        verb="uses",
    ),
    "packages.lock-differs": Words(
        "other versions of {packages}",
        "",
        "composer install was not run after the lock changed",
        "vendor/",
        verb="has",
        has="composer.lock has",
    ),
    "packages.apcu-holds": Words(
        "[in {loaded from/name}]where it was before",
        "{declared in}[ of {modified}]",
        "APCu keeps where classes are until a reload",
        "{class}",
        verb="is looked for",
    ),
    **dict.fromkeys(("packages.class-map-unseen", "packages.composer-unseen", "packages.unseen"), UNKNOWN),
}
_VIEWS = {
    "views.source-newer": Words("as compiled {compiled}", "{moved}", "Blade compiles it again at the next render", "{name}"),
    "views.stale": Words("as compiled {compiled}", "{moved}", "{why}", "{name}"),
    "views.held-by-opcache": Words("as compiled {compiled}", "{moved}", "OPcache keeps the compiled view", "{name}"),
    "views.older-source": Words(
        "as compiled {compiled}",
        "new content[ since {source changed}] with an older time",
        "Blade compiles only what has a newer time",
        "{name}",
    ),
    "views.suspect": Words("as compiled {compiled}", "a change[ of {source changed}]", _CTIME_ONLY, "{name}"),
    "views.directive-newer": Words("as compiled {compiled}", "{moved}", "Blade keeps what a directive returned", "views"),
    "views.unproven": Words("as compiled {compiled}", "{moved}", "OPcache could not be asked", "{name}"),
    "views.not-all-seen": UNKNOWN,
}
_POOL = {
    "fpm.config-newer": Words("settings read {running since}", "{file/name} of {moved}", _AT_START, who=_FPM),
    "fpm.binary-newer": Words("the PHP of {running since}", "{file/name} of {moved}", "a program that runs keeps its old file", who=_FPM),
    "fpm.binary-replaced": Words(
        "the old {file/name}", "another one[ since {changed}]", "a program that runs keeps its old file", who=_FPM
    ),
    "fpm.extension-replaced": Words(
        "the old {file/name}", "another one, or none[, since {changed}]", "a program that runs keeps its old file", who=_FPM
    ),
    "fpm.config-invalid": Words(
        "settings read {running since}", "{file/name} of {moved}", "php-fpm -t refuses that file: a reload would stop PHP-FPM", who=_FPM
    ),
    "fpm.other-tree": Words(
        "[an older {older script/name}, in ]another tree", "", "its mount namespace is its own, and a reload keeps it", who=_FPM
    ),
    "fpm.ini-gone": Words("settings of {file/name}[, read {pool started}]", "no such file", _AT_START, who=_FPM),
    "fpm.config-differs": Words("other settings than {file/name}[: {settings}]", "{file/name}[ of {changed}]", _AT_START, who=_FPM),
    "fpm.config-suspect": Words("settings from before {changed}", "{file/name} of {changed}", _AT_START, who=_FPM),
    "fpm.user-ini-pending": Words(
        "settings from before {changed}", "{file/name} of {changed}", "PHP reads that file again within {user_ini.cache_ttl}", who=_FPM
    ),
    "fpm.web-php-changed": Words(
        "what it read[ {cache started}]",
        "another {file/name}[ of {moved}]",
        "PHP reads it only when it starts",
        who="the web server's PHP",
    ),
    "fpm.not-running": Words("down", "", "nobody is served", _FPM, verb="is"),
    "fpm.socket-missing": Words("not reachable", "", "its socket is not there, and nobody is served", _FPM, verb="is"),
    "fpm.not-answering": Words("not answering", "", "nothing answers on its socket, and nobody is served", _FPM, verb="is"),
    **dict.fromkeys(("fpm.start-unknown", "fpm.config-unseen"), UNKNOWN),
}
_RUN_OLD = Words("the code of {started}", "{file} of {moved}", _KEEPS, "{subject}")
_WORKERS = {
    "workers.older-than-code": _RUN_OLD,
    "workers.suspect": _RUN_OLD._replace(disk="{file}, changed {code changed}", why=_CTIME_ONLY),
    "workers.file-cache": _RUN_OLD._replace(how="what PHP compiled {compiled}", why="PHP never compares what it stored with the disk"),
    "workers.reload-unseen": _RUN_OLD._replace(why="whether octane:reload was run since cannot be seen"),
    "workers.other-older": _RUN_OLD,
    "workers.old-release": _RUN_OLD._replace(how="{release/release}", disk="{current release/release}", has="current is"),
    "workers.deleted-directory": _RUN_OLD._replace(how="code of a folder that was removed", disk="no such folder"),
    "workers.old-binary": _RUN_OLD._replace(
        how="the PHP of {started}", disk="another one[ since {binary changed}]", why="a program that runs keeps its old file"
    ),
    "workers.binary-suspect": _RUN_OLD._replace(
        how="the PHP of {started}", disk="{file/name} of {binary changed}", why="which file they run could not be read"
    ),
    "workers.cron-old-release": Words(
        "{release/release}", "{current release/release}", "its line names that folder", "cron", has="current is"
    ),
    "workers.orphaned": Words("on without the one that started them", "", "nobody restarts them after a deploy", "{subject}"),
    "workers.not-back": Words(
        "fewer than before[ {told to end}]", "", "they were told to end and did not all come back", "{subject}", verb="are"
    ),
    **dict.fromkeys(
        ("workers.code-unseen", "workers.release-unseen", "workers.app-unseen", "workers.binary-unseen", "workers.cron-unseen"), UNKNOWN
    ),
}


def _laravel(layer: Layer, word: str) -> dict[str, Words]:
    """One PHP file that holds *word* (``config``)."""
    cached = Words(
        f"the {word} cached {{cache written}}",
        "{subject}[ of {moved}]",
        "where a cache is, its sources are not read",
        who=_APP,
        verb="uses",
    )
    return {
        f"{layer}.stale": cached._replace(disk="{subject}[ of {moved}][, removed since {source last seen}]"),
        f"{layer}.suspect": cached._replace(disk="{subject}[, changed {source changed}]", why=_CTIME_ONLY),
        f"{layer}.provider-newer": cached._replace(why="it can add to the cache, but need not"),
        f"{layer}.made-elsewhere": cached._replace(
            how=f"the {word} cached[ {{cache written}}][ for {{made for}}]",
            has="it is served from",
            disk="{application}",
            why="the cache names the folder that it was made for",
        ),
        f"{layer}.broken": Words(
            "cut off, no PHP, or closed", "", "neither the application nor artisan can read it", f"the {word} cache", verb="is"
        ),
        f"{layer}.file-cache": cached._replace(why="artisan read an older compile of it"),
        f"{layer}.sources-unseen": UNKNOWN,
    }


def _symfony(layer: Layer, word: str) -> dict[str, Words]:
    """What Symfony compiled."""
    compiled = Words(
        f"the {word} compiled {{compiled}}",
        "{subject}[ of {moved}]",
        "without debug mode Symfony never compares them",
        who="Symfony",
        verb="uses",
    )
    return {
        f"{layer}.compiled-stale": compiled,
        f"{layer}.compiled-suspect": compiled._replace(disk="{subject}[, changed {source changed}]", why=_CTIME_ONLY),
        f"{layer}.compiled-unseen": UNKNOWN,
    }


WORDS: dict[str, Words] = {
    **_RELEASE,
    **_PACKAGES,
    **{code: words for layer in FILE_CACHED for code, words in _laravel(layer, _LARAVEL.get(layer, layer.value)).items()},
    **{code: words for layer, word in _SYMFONY.items() for code, words in _symfony(layer, word).items()},
    "config.other-environment": Words(
        "the config cached {cache written}",
        "other values of {variables}",
        "it was cached with another environment",
        who=_APP,
        verb="uses",
        has="the pool has",
    ),
    **_VIEWS,
    **_BYTECODE,
    **_POOL,
    **_WORKERS,
}
"""By the code of the rule."""
