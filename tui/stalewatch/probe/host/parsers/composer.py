"""Laravel's package manifest against what Composer installed. Pure: packages.php is a function of installed.json and composer.json."""

from __future__ import annotations

import re
from typing import Any

import msgspec

from stalewatch.model.text import SafeText, safe

_KEY = re.compile(r"^  '((?:[^'\\]|\\.)+)' =>\s*$", re.MULTILINE)


class _Package(msgspec.Struct):
    name: str = ""
    version: Any = None
    extra: Any = None


class _Installed(msgspec.Struct):
    packages: list[_Package] = []


def cached_packages(content: str) -> tuple[SafeText, ...] | None:
    """The keys of ``bootstrap/cache/packages.php``, sorted; None if it is not an exported array."""
    if not content.lstrip().startswith("<?php"):
        return None
    return tuple(sorted(safe(key.replace("\\'", "'"), 200) for key in _KEY.findall(content)))


def installed_packages(installed: bytes, composer: bytes) -> tuple[SafeText, ...] | None:
    """The packages that ``package:discover`` would write: those with ``extra.laravel``, but those that are excluded. Sorted;
    None when installed.json cannot be read. Both formats of Composer (1: a list, 2: an object) are known."""
    try:
        found = _decode_installed(installed)
    except msgspec.MsgspecError:
        return None
    ignored = _dont_discover(_composer_extra(composer))
    configurations = {package.name: _laravel(package.extra) for package in found if package.name}
    for configuration in configurations.values():
        ignored |= _dont_discover(configuration)
    if "*" in ignored:
        return ()
    return tuple(sorted(safe(name, 200) for name, configuration in configurations.items() if configuration and name not in ignored))


def framework_version(installed: bytes) -> str:
    """The version of laravel/framework that Composer installed, as it writes it without the ``v`` ("" not found)."""
    try:
        found = _decode_installed(installed)
    except msgspec.MsgspecError:
        return ""
    version = next((package.version for package in found if package.name == "laravel/framework"), "")
    return version.removeprefix("v") if isinstance(version, str) else ""


def _decode_installed(content: bytes) -> list[_Package]:
    if content.lstrip()[:1] == b"[":
        return msgspec.json.decode(content, type=list[_Package])
    return msgspec.json.decode(content, type=_Installed).packages


def _composer_extra(content: bytes) -> Any:
    try:
        document = msgspec.json.decode(content) if content.strip() else {}
    except msgspec.MsgspecError:
        return None
    return _laravel(document.get("extra")) if isinstance(document, dict) else None


def _laravel(extra: Any) -> Any:
    return extra.get("laravel") if isinstance(extra, dict) else None


def _dont_discover(configuration: Any) -> set[str]:
    names = configuration.get("dont-discover") if isinstance(configuration, dict) else None
    return {name for name in names if isinstance(name, str)} if isinstance(names, list) else set()
