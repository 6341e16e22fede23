"""The fixed files of one application that every tick stats, and the texts that are read again when one of them has changed."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import msgspec

from stalewatch.model.layers import CACHED_FILES
from stalewatch.probe.host.composer_probe import COMPOSER, GENERATED, INSTALLED, LOCK
from stalewatch.probe.host.file_contents import FileContents

if TYPE_CHECKING:
    from collections.abc import Mapping

    from stalewatch.model.snapshot import Pool
    from stalewatch.probe.host.discovery import AppLocation
    from stalewatch.probe.host.parsers.records import FileRecord

KIB = 1024
_MIB = 1024 * KIB
OLD_ROUTES = "bootstrap/cache/routes.php"
EVENT_PROVIDER = "app/Providers/EventServiceProvider.php"
_ENTRIES = ("public/index.php", "index.php", "artisan")
_USER_INI = ("public/.user.ini", ".user.ini")
_ENV_NAME = re.compile(r"[\w-]{1,64}")
ENV_FILES = (".env", ".env.production", ".env.staging", ".env.local")

MAX_BYTES = 32 * 1024 * 1024
"""Of all sources together: more is not read (0.1 s of the server's time for each change that moved one of them)."""
MOST_FOLDERS = 20
_FOLDERS = ("app/", "bootstrap/", "config/", "routes/", "resources/", "database/", "lang/", "src/", "packages/", "modules/", "Modules/")
_FILES = frozenset({"artisan", "composer.json", "composer.lock", "public/index.php"})


class AppFiles(msgspec.Struct, frozen=True, kw_only=True):
    """Absolute paths below one real root. *caches* by name in ``CACHED_FILES`` (relocated by the pool's
    ``env[APP_…_CACHE]`` where it says so).

    *env*: ``APP_ENV`` of the pool's own environment ("" not set): then Laravel reads ``.env.$APP_ENV`` where that exists.
    *symfony_cache*: ``APP_CACHE_DIR`` there. *deeper*: more folders of code, as far as they are known. *mounted*: what is mounted below the
    root, for this login or for PHP-FPM.
    """

    root: str
    base: str
    caches: dict[str, str]
    views: str
    env: str = ""
    symfony_cache: str = ""
    deeper: tuple[str, ...] = ()
    mounted: tuple[str, ...] = ()

    def at(self, name: str) -> str:
        """*name* below the root."""
        return f"{self.root}/{name}"

    @property
    def signs(self) -> dict[str, str]:
        """Files that exist only while a deploy runs, with the name to show."""
        return {
            f"{self.base}/.dep/deploy.lock": ".dep/deploy.lock",
            self.at(".git/index.lock"): ".git/index.lock",
            f"{self.base}/.envoyer.lock": ".envoyer.lock",
        }

    @property
    def diaries(self) -> tuple[str, str, str]:
        """Where deploys are written down: git's reflog, the logs of deployer and Capistrano."""
        return self.at(".git/logs/HEAD"), f"{self.base}/.dep/releases_log", f"{self.base}/revisions.log"

    @property
    def revision(self) -> str:
        """The file that names the commit of the release."""
        return self.at("REVISION")

    @property
    def fixed(self) -> tuple[str, ...]:
        """What every tick stats."""
        own = [f".env.{self.env}"] if self.env else []
        named = [*ENV_FILES, *own, "bootstrap/cache", "bootstrap/app.php", "bootstrap/providers.php", EVENT_PROVIDER, OLD_ROUTES]
        named += ["storage/framework/down", "storage/framework/maintenance.php", ".git/HEAD"]
        named += [*GENERATED, LOCK, COMPOSER, INSTALLED, *_ENTRIES, *_USER_INI]
        return (
            self.root,
            *map(self.at, named),
            *self.folders,
            *self.deeper,
            *self.mounted,
            self.views,
            *self.caches.values(),
            *self.signs,
            *self.diaries,
            self.revision,
        )

    @property
    def folders(self) -> tuple[str, ...]:
        """The folders of the application's own code."""
        return tuple(map(self.at, ("app", "config", "routes")))

    @property
    def cached_config(self) -> tuple[str, str]:
        """The cached configuration, and the folder of its sources."""
        return self.caches["config"], self.at("config")

    @property
    def places(self) -> tuple[str, ...]:
        """What the pool is asked for too: whether it sees the same tree."""
        return tuple(dict.fromkeys((self.root, *self.folders, *self.deeper, *map(self.at, (*_ENTRIES, *_USER_INI)), *self.mounted)))


def app_files(location: AppLocation, pool: Pool | None) -> AppFiles:
    """Where the app at *location* keeps its files, also by the pool's environment."""
    env = {key[4:-1]: str(value) for key, value in (pool.settings if pool else {}).items() if key.startswith("env[")}

    def located(variable: str, default: str) -> str:
        value = env.get(variable, default)
        return value if value.startswith("/") else f"{location.root}/{value}"

    caches = {name: located(file.variable, file.path) for name, file in CACHED_FILES.items()}
    views = located("VIEW_COMPILED_PATH", f"{located('LARAVEL_STORAGE_PATH', 'storage')}/framework/views")
    name = env.get("APP_ENV", "")
    return AppFiles(
        root=location.root,
        base=location.base,
        caches=caches,
        views=views,
        env=name if _ENV_NAME.fullmatch(name) else "",
        symfony_cache=env.get("APP_CACHE_DIR", ""),
    )


def code_folders(walk: Mapping[str, FileRecord], files: AppFiles) -> tuple[str, ...]:
    """The folders in which *walk* has files, and that of the packages: something may be mounted over each of them. At most
    :data:`MOST_FOLDERS`, the topmost first."""
    packages, composer = files.at("vendor/"), files.at("vendor/composer/")
    own = (path for path in walk if path.startswith(files.root + "/") and "/./" not in path)
    folders = {path.rpartition("/")[0] for path in own if not path.startswith(packages) or path.startswith(composer)}
    found = sorted(folders - {files.root, *files.folders}, key=lambda path: (path.count("/"), path))
    return (files.at("vendor"), *[path for path in found if path != files.at("vendor")][: MOST_FOLDERS - 1])


def wanted_contents(files: AppFiles) -> FileContents:
    """The texts that the snapshot needs. No secret of theirs is kept."""
    contents = FileContents()
    contents.want(files.at(".git/HEAD"), 4 * KIB)
    contents.want(files.revision, KIB)
    for diary in files.diaries:
        contents.want(diary, 64 * KIB, "tail")
    contents.want(files.caches["packages"], 2 * _MIB)
    contents.want(files.at(INSTALLED), 16 * _MIB, "gz")
    contents.want(files.at(LOCK), 16 * _MIB, "gz")
    contents.want(files.at(COMPOSER), _MIB)
    contents.want(files.at(EVENT_PROVIDER), _MIB)
    return contents


def own_sources(walk: Mapping[str, FileRecord], files: AppFiles, views: str) -> dict[str, FileRecord]:
    """Those of *walk* that a deploy brings, by path. Not: packages (composer writes random names into them), caches wherever they are
    kept, compiled *views*, and what is below no folder of Laravel (uploads, caches of plug-ins, tests)."""
    generated, folders = set(files.caches.values()), (files.views + "/", views + "/", files.at("bootstrap/cache/"))
    return {
        path: record
        for path, record in walk.items()
        if path not in generated and not path.startswith(folders) and _deployed(path.removeprefix(files.root + "/"))
    }


def affordable(walk: Mapping[str, FileRecord], root: str) -> bool:
    """Whether the server may be asked to read all of *walk* but the packages."""
    return sum(record.size for path, record in walk.items() if not path.startswith(f"{root}/vendor/")) <= MAX_BYTES


def _deployed(path: str) -> bool:
    return path in _FILES or path.startswith(_FOLDERS)
