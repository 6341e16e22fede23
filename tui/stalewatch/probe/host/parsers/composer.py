"""Laravel's package manifest against what Composer installed. Pure: packages.php is a function of installed.json and composer.json."""

from __future__ import annotations

from typing import Any

import msgspec

from stalewatch.model import bounded_json
from stalewatch.probe.host.parsers.php_export import UnreadableExportError, as_php, exported


class _Package(msgspec.Struct):
    name: str = ""
    version: Any = None
    extra: Any = None


class _Installed(msgspec.Struct):
    packages: list[_Package] = []


def cached_manifest(content: str) -> dict[str, Any] | None:
    """What ``bootstrap/cache/packages.php`` holds, by package; None if it is no exported array."""
    try:
        found = exported(content)
    except UnreadableExportError:
        return None
    if isinstance(found, dict):
        return {str(name): configuration for name, configuration in found.items()}
    return {} if found == [] else None


def installed_manifest(installed: bytes, composer: bytes) -> dict[str, Any] | None:
    """What ``package:discover`` would write, by package: ``extra.laravel`` of those that have one, but of those that are excluded.
    None when installed.json cannot be read. Both formats of Composer (1: a list, 2: an object) are known."""
    try:
        found = _decode_installed(installed)
    except msgspec.MsgspecError:
        return None
    ignored = _dont_discover(_composer_extra(composer))
    if "*" in ignored:  # only the application's own composer.json can exclude all
        return {}
    configurations = {package.name: _laravel(package.extra) for package in found if package.name}
    for configuration in configurations.values():
        ignored |= _dont_discover(configuration)
    return {name: as_php(configuration) for name, configuration in configurations.items() if configuration and name not in ignored}


def changed_packages(cached: dict[str, Any], installed: dict[str, Any]) -> dict[str, tuple[str, ...]]:
    """The packages of both whose entries are not the same, with the keys (``providers``, ``aliases``, ``dont-discover``) that differ."""
    return {name: _changed(cached[name], installed[name]) for name in sorted({*cached} & {*installed}) if cached[name] != installed[name]}


def _changed(one: Any, other: Any) -> tuple[str, ...]:
    one, other = (each if isinstance(each, dict) else {"": each} for each in (one, other))
    return tuple(str(key) or "entry" for key in sorted({*one, *other}, key=str) if one.get(key) != other.get(key))


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
        return bounded_json.decode(content, type=list[_Package])
    return bounded_json.decode(content, type=_Installed).packages


def _composer_extra(content: bytes) -> Any:
    try:
        document = bounded_json.decode(content) if content.strip() else {}
    except msgspec.MsgspecError:
        return None
    return _laravel(document.get("extra")) if isinstance(document, dict) else None


def _laravel(extra: Any) -> Any:
    return extra.get("laravel") if isinstance(extra, dict) else None


def _dont_discover(configuration: Any) -> set[str]:
    names = configuration.get("dont-discover") if isinstance(configuration, dict) else None
    return {name for name in names if isinstance(name, str)} if isinstance(names, list) else set()
