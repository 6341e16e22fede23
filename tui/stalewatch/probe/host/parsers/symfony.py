"""Where a Symfony kernel keeps its compiled files, and which sources their ``.meta`` lists. Pure."""

from __future__ import annotations

import posixpath
import re
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

import msgspec

from stalewatch.probe.host.parsers.records import text

if TYPE_CHECKING:
    from collections.abc import Collection

USUAL = ("var/cache/*", "app/cache/*")
"""Folders of environments below the root, in Symfony 3 and later and before."""
_RETURN = re.compile(r"return\s+(.*?);", re.DOTALL)
_PART = re.compile(
    r"\s*(?:(?P<root>\$this->getProjectDir\(\)|\\?dirname\(__DIR__\))|(?P<here>__DIR__)|(?P<tmp>\\?sys_get_temp_dir\(\))"
    r"|(?P<env>\$this->environment|\$this->getEnvironment\(\))|'(?P<single>[^'\\$]*)'|\"(?P<double>[^\"\\$]*)\")\s*(\.|\Z)"
)
_ENVIRONMENT = re.compile(r"[\w-]{1,64}")
_FORMATS = (".yaml", ".yml", ".xml", ".php", ".ini")
_CONFIG = ("config/services{ext}", "config/services_{env}{ext}", "config/packages/*{ext}", "config/packages/{env}/*{ext}")
_ROUTES = ("config/routes{ext}", "config/routes_{env}{ext}", "config/routes/*{ext}", "config/routes/{env}/*{ext}")


def cache_folders(kernel: str, root: str, moved: str = "") -> tuple[str, ...] | None:
    """Patterns of the folders that hold one environment each. *kernel*: the lines of ``getCacheDir`` in the kernel ("" it has none);
    *moved*: ``APP_CACHE_DIR`` of the pool. None: the kernel says it in a way that is not understood."""
    usual = tuple(f"{root}/{each}" for each in USUAL)
    if not kernel:
        return (f"{moved.rstrip('/')}/*",) if moved.startswith("/") else usual
    found = _RETURN.search(kernel)
    if found is None:
        return None
    if "parent::getCacheDir()" in found[1]:
        return usual if found[1].strip() == "parent::getCacheDir()" else None
    folder, position, expression = "", 0, found[1].strip()
    while position < len(expression):
        part = _PART.match(expression, position)
        if part is None:
            return None
        folder += root if part["root"] else f"{root}/src" if part["here"] else "/tmp" if part["tmp"] else "*" if part["env"] else ""
        folder += part["single"] or part["double"] or ""
        position = part.end()
    folder = posixpath.normpath(folder)
    return (folder,) if folder.startswith("/") and folder.count("/") > 1 else None


def is_container(path: str) -> bool:
    """Whether *path* is a compiled container that does not check its sources."""
    name = path.rpartition("/")[2]
    return name.endswith("Container.php") and "Debug" not in name


class ListedSources(msgspec.Struct, frozen=True):
    """*paths* below the root of the application's own files that a ``.meta`` names, and how many *more* it names that were not read."""

    paths: frozenset[str]
    more: int = 0


def listed_sources(payload: bytes, root: str) -> ListedSources:
    """The quoted paths of a ``.meta``, and a last line with their number. Where the application was built in another directory,
    its paths are read as ours: Symfony's cache can be moved with the application."""
    lines = text(payload).strip().split("\n")
    paths = [line.strip('"') for line in lines if line.startswith('"/')]
    total = int(lines[-1]) if re.fullmatch(r"[0-9]{1,9}", lines[-1]) else 0
    base = root if any(path.startswith(f"{root}/") for path in paths) else _base(paths)
    below = frozenset(path.removeprefix(f"{base}/") for path in paths if base and path.startswith(f"{base}/"))
    return ListedSources(below, max(0, total - len(paths)))


def is_configuration(path: str) -> bool:
    """Whether a source *path* below the root is configuration. Classes are none: of them only what the container knows of them counts,
    which no time tells."""
    if path.startswith(("vendor/", "var/", "app/cache/", "public/")) or not path.endswith(_FORMATS):
        return False
    return path.startswith(("config/", "app/config/")) or not path.endswith(".php")


def would_be_read(path: str, layer: str, environment: str) -> bool:
    """Whether Symfony's usual kernel reads *path*, below the root, for *layer* of *environment*, also if no ``.meta`` knows it yet."""
    patterns = _CONFIG if layer == "config" else _ROUTES
    return any(
        fnmatchcase(path, pattern.format(ext=ext, env=environment)) and path.count("/") == pattern.count("/")
        for pattern in patterns
        for ext in _FORMATS
    )


def environment_of(folder: str) -> str:
    """The environment whose compiled files *folder* holds ("" it can be none)."""
    name = folder.rpartition("/")[2]
    return name if _ENVIRONMENT.fullmatch(name) else ""


def _base(paths: Collection[str]) -> str:
    ends = ("/config/bundles.php", "/src/Kernel.php", "/app/AppKernel.php")
    return next((path.removesuffix(end) for end in ends for path in paths if path.endswith(end)), "")
