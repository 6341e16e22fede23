"""FPM's configuration files. Pure: texts in, pools out. The host probe sends only the settings we know (no ``env[DB_PASSWORD]``)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import msgspec

from stalewatch.model.snapshot import Pool
from stalewatch.model.text import safe

if TYPE_CHECKING:
    from collections.abc import Mapping

_SECTION = re.compile(r"^\s*\[([^\]\n]+)\]\s*$")
_SETTING = re.compile(r"^\s*([A-Za-z_.]+(?:\[[^\]\n]+\])?)\s*=\s*(.*?)\s*$")
_PREFIXED = re.compile(r"^(?:php_(?:admin_)?(?:value|flag)|env)\[")
_UNITS = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400}


class FpmConfig(msgspec.Struct, frozen=True):
    """One or more files read in order: global settings, include patterns, and the settings of each pool."""

    settings: dict[str, str]
    includes: tuple[str, ...]
    pools: dict[str, dict[str, str]]


def parse_config(*texts: str) -> FpmConfig:
    """Read *texts* in order, as FPM would. Lines that are no settings are skipped: FPM itself is who refuses them."""
    settings: dict[str, str] = {}
    includes: list[str] = []
    pools: dict[str, dict[str, str]] = {}
    for content in texts:
        current = settings
        for line in content.splitlines():
            if line.lstrip().startswith((";", "#")):
                continue
            if section := _SECTION.match(line):
                current = settings if section[1].strip() == "global" else pools.setdefault(section[1].strip(), {})
            elif setting := _SETTING.match(line):
                value = _unquote(setting[2])
                if setting[1] == "include":
                    includes.append(value)
                else:
                    current[setting[1]] = value
    return FpmConfig(settings, tuple(includes), pools)


def pools(config: FpmConfig) -> tuple[Pool, ...]:
    """Every pool that listens somewhere, in the order of the files."""
    return tuple(_pool(name, settings) for name, settings in config.pools.items() if settings.get("listen"))


def seconds(value: str) -> float | None:
    """``10``, ``10s``, ``2m``: seconds; None for anything else."""
    match = re.fullmatch(r"(\d{1,9})\s*([smhd]?)", value.strip())
    return float(int(match[1]) * _UNITS[match[2]]) if match else None


def control_timeout(config: FpmConfig) -> float:
    """``process_control_timeout`` in seconds; FPM's default is 0."""
    return seconds(config.settings.get("process_control_timeout", "0")) or 0.0


def listen_address(listen: str) -> str:
    """*listen* as a socket path or ``host:port``: a bare port and ``*:port`` are reached on loopback."""
    if listen.startswith("/"):
        return listen
    if listen.isdecimal():
        return f"127.0.0.1:{listen}"
    host, _, port = listen.rpartition(":")
    return f"{'127.0.0.1' if host in ('', '*', '0.0.0.0') else '[::1]' if host == '[::]' else host}:{port}"


def chroot_of(settings: Mapping[str, str]) -> str:
    """The chroot of a pool with *settings*, without a slash at its end; "" none."""
    root = str(settings.get("chroot", ""))
    return root.rstrip("/") if root.startswith("/") else ""


def _pool(name: str, settings: dict[str, str]) -> Pool:
    def value(key: str) -> str:
        return settings.get(key, "").replace("$pool", name)

    children = value("pm.max_children")
    kept = {key: safe(value(key), 512) for key in sorted(settings) if _PREFIXED.match(key) or key in ("chdir", "chroot", "prefix")}
    return Pool(
        name=safe(name, 128),
        listen=safe(listen_address(value("listen"))),
        user=safe(value("user"), 64),
        group=safe(value("group"), 64),
        pm=safe(value("pm"), 32),
        max_children=min(int(children), 1_000_000) if children.isdecimal() else None,
        status_path=safe(value("pm.status_path"), 512),
        status_listen=safe(listen_address(value("pm.status_listen")), 512) if value("pm.status_listen") else safe(""),
        settings=kept,
        idle_timeout=seconds(value("pm.process_idle_timeout")) or 10.0,
    )


def _unquote(value: str) -> str:
    if value[:1] in ("'", '"'):
        return value[1:].partition(value[0])[0]
    return value.partition(";")[0].rstrip()
