"""The hosts of Deployer -> servers: ``deploy.php`` by the text that is in it, ``deploy.yaml`` as YAML."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from stalewatch.config.inventories.deployer_php import hosts_in
from stalewatch.config.inventories.inventory_file import text_in
from stalewatch.config.inventories.listed import ListedHosts, expanded, means_production, target_of, text_of
from stalewatch.config.inventories.yaml_files import read_yaml
from stalewatch.model.errors import UsageError
from stalewatch.model.inventory import AppEntry, Server

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

_PLACEHOLDER = re.compile(r"\{\{\s*([\w-]+)\s*\}\}")
_PART = "{{"


def read_deployer(path: Path) -> ListedHosts:
    """The hosts of *path*. Raises UsageError where it can't be read."""
    text = text_in(path)
    servers: list[Server] = []
    lost: list[str] = []
    notes: list[str] = []
    for name, settings, where in _of_php(text, lost) if path.suffix == ".php" else _of_yaml(path, text, lost):
        try:
            server = _server(name, settings)
            servers.append(server)
            if not server.apps and "deploy_path" in settings:
                notes.append(
                    f"{path}{where}: {name}: its deploy_path is no absolute path that is written out: the application is looked for"
                )
        except UsageError as error:
            lost.append(f"{where}: {name}: {error.message}")
    return ListedHosts(tuple(servers), tuple(f"{path}{line}" for line in lost), tuple(notes))


def _of_php(text: str, lost: list[str]) -> Iterator[tuple[str, Mapping[str, Any], str]]:
    common, hosts, elsewhere = hosts_in(text)
    for call in elsewhere:
        file = call.arguments[0] if call.arguments else None
        if file is None or not file.startswith(("recipe/", "contrib/")):
            lost.append(
                f":{call.line}: {call.function}({file or '…'}): the hosts of that file are not read: name it with --from deployer too"
            )
    for host in hosts:
        if host.names is None:
            lost.append(f":{host.line}: a host whose name is not written out, so it can't be read without running PHP")
            continue
        for pattern in host.names:
            for name in _names(pattern, f":{host.line}", lost):
                yield name, {**common, **host.settings, "local": host.local}, f":{host.line}"


def _of_yaml(path: Path, text: str, lost: list[str]) -> Iterator[tuple[str, Mapping[str, Any], str]]:
    try:
        tables = read_yaml(text)
    except ValueError as error:
        raise UsageError(f"{path}: {error}") from error
    tables = tables if isinstance(tables, dict) else {}
    common, hosts = tables.get("config"), tables.get("hosts", tables)
    if not isinstance(hosts, dict):
        lost.append(": hosts is no mapping of names")
        return
    for pattern, settings in hosts.items():
        if str(pattern).startswith("."):  # a template of others
            continue
        if settings is not None and not isinstance(settings, dict):
            lost.append(f": {pattern} is no host")
            continue
        own = {**(common if isinstance(common, dict) else {}), **(settings or {})}
        labels = own.get("labels")
        own.setdefault("stage", labels.get("stage") if isinstance(labels, dict) else None)
        if "user" in own:
            own.setdefault("remote_user", own["user"])
        for name in _names(str(pattern), "", lost):
            yield name, own, ""


def _names(pattern: str, where: str, lost: list[str]) -> list[str]:
    try:
        return expanded(pattern)
    except UsageError as error:
        lost.append(f"{where}: {error.message}")
        return []


def _server(name: str, settings: Mapping[str, Any]) -> Server:
    known = {"alias": name, "hostname": name, **settings}

    def setting(key: str) -> str:
        if key in settings and settings[key] is None and key in ("hostname", "remote_user", "port"):
            raise UsageError(f"{key} is not written out")
        value = _filled(text_of(known.get(key), key), known)
        if _PART in value and key != "deploy_path":
            raise UsageError(f"{key} is a template ({value})")
        return value

    local = settings.get("local") is True
    stage = setting("stage")
    target = "local" if local else target_of(setting("hostname"), setting("remote_user"), setting("port"))
    apps = tuple(AppEntry(path=path) for path in [_current(known)] if path)
    return Server(target=target, name=name, group=stage, production=means_production(stage), apps=apps)


def _current(known: Mapping[str, Any]) -> str:
    """The root of the application, "" where it is not written out."""
    value = known.get("current_path") or "{{deploy_path}}/current"
    path = _filled(value, known) if isinstance(value, str) and known.get("deploy_path") else ""
    return path if path.startswith("/") and _PART not in path and path.isprintable() else ""


def _filled(text: str, known: Mapping[str, Any]) -> str:
    """*text* with what is known in the place of ``{{name}}``, also where that holds one itself."""
    for _ in range(5):
        text = _PLACEHOLDER.sub(lambda found: str(value) if isinstance(value := known.get(found[1]), str | int) else found[0], text)
    return text
