"""An Ansible inventory -> servers: files and folders in INI or YAML, and the ``group_vars`` and ``host_vars`` beside them.

Our own reader, because ``ansible-inventory`` runs whatever program or plugin a folder names and asks for the password of a vault, and a
laptop that only watches has no Ansible.
"""

from __future__ import annotations

import configparser
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stalewatch.config.inventories.ansible_groups import Groups
from stalewatch.config.inventories.ansible_ini import read_ini
from stalewatch.config.inventories.ansible_yaml import read_inventory
from stalewatch.config.inventories.inventory_file import text_in
from stalewatch.config.inventories.listed import ListedHosts, means_production, target_of, text_of
from stalewatch.config.inventories.yaml_files import read_yaml, readable
from stalewatch.model import figures
from stalewatch.model.errors import UsageError
from stalewatch.model.inventory import Server

if TYPE_CHECKING:
    from collections.abc import Iterator

_YAML = (".yml", ".yaml", ".json")
_NO_INVENTORY = (".orig", ".bak", ".cfg", ".retry", ".pyc", ".pyo", ".swp", ".rpm", ".md", ".txt", ".rst", "~")
_DEEPEST = 8
_VARIABLES = ("group_vars", "host_vars")
_VAULT = "$ANSIBLE_VAULT"
_BY_SSH = ("", "ssh", "smart", "paramiko", "paramiko_ssh", "ansible.builtin.ssh", "ansible.netcommon.libssh")
_IN_SSH_CONFIG = ("ansible_ssh_common_args", "ansible_ssh_extra_args", "ansible_ssh_private_key_file", "ansible_private_key_file")
"""What says how ssh is to connect: that is ssh_config's work here."""


def read_ansible(path: Path) -> ListedHosts:
    """The hosts of the file or folder *path*, or of the inventory that its ansible.cfg names. Raises UsageError where it can't be read."""
    groups = Groups()
    lost: list[str] = []
    notes: list[str] = []
    folders = [path if path.is_dir() else path.parent]
    for source in _configured(path):
        folders.insert(0, source if source.is_dir() else source.parent)
        for file in _files(source):
            if file.suffix == ".ini" and file != source:
                notes.append(f"{file}: is left out of a folder, as by Ansible: name the file itself")
            else:
                lost += [f"{file}: {line}" for line in _inventory(file, groups)]
    for folder in dict.fromkeys(folders):
        notes += [f"{file}: {line}" for file, line in _variables(folder, groups)]
    servers = []
    for host in groups.hosts:
        try:
            servers.append(_server(host, groups.variables(host), groups.groups_of(host)))
        except UsageError as error:
            lost.append(f"{host}: {error.message}")
    return ListedHosts(tuple(servers), tuple(lost), (*notes, *_left_to_ssh_config(groups)))


def _left_to_ssh_config(groups: Groups) -> Iterator[str]:
    for key in _IN_SSH_CONFIG:
        if hosts := [host for host in groups.hosts if key in groups.variables(host)]:
            yield f"{key} of {figures.several(hosts)} is not taken over: ssh_config says how to connect"


def _configured(path: Path) -> list[Path]:
    """*path*, or for a folder with an ansible.cfg the inventories that it names."""
    config = configparser.ConfigParser(interpolation=None, strict=False)
    if path.is_dir() and (file := path / "ansible.cfg").is_file():
        try:
            config.read_string(text_in(file))
        except configparser.Error as error:
            raise UsageError(f"{file}: is no INI: {error.message.splitlines()[0]}") from error
        if named := config.get("defaults", "inventory", fallback=""):
            return [path / name.strip() for name in named.split(",") if name.strip()]
    return [path]


def _server(host: str, variables: dict[str, Any], groups: list[str]) -> Server:
    def variable(name: str) -> str:
        key = next((key for key in (f"ansible_ssh_{name}", f"ansible_{name}") if key in variables), "")  # the old name wins there too
        return text_of(variables[key], key) if key else ""

    connection = variable("connection")
    if connection not in (*_BY_SSH, "local"):
        raise UsageError(f"is reached by {connection}, not by ssh")
    local = connection == "local"
    target = "local" if local else target_of(variable("host") or host, variable("user"), variable("port"))
    return Server(target=target, name=host, group=groups[0] if groups else "", production=means_production(*groups))


def _files(path: Path, depth: int = 0) -> Iterator[Path]:
    """*path*, or the files of a folder as Ansible takes them."""
    if not path.is_dir():
        yield path
        return
    for inner in sorted(path.iterdir()):
        skipped = inner.name.startswith(".") or inner.name.endswith(_NO_INVENTORY) or inner.name in _VARIABLES
        if not skipped and depth < _DEEPEST:
            yield from _files(inner, depth + 1)


def _inventory(file: Path, groups: Groups) -> Iterator[str]:
    if os.access(file, os.X_OK) or text_in(file).startswith("#!"):
        yield "is a program, which is not run"
        return
    text = text_in(file)
    if text.startswith(_VAULT):
        yield "is encrypted"
    elif file.name.endswith(_YAML):
        try:
            yield from read_inventory(text, groups)
        except ValueError as error:
            yield str(error)
    elif file.suffix == ".toml":
        yield "is TOML, which is not read: only INI and YAML are"
    else:
        yield from read_ini(text, groups)


def _variables(folder: Path, groups: Groups) -> Iterator[tuple[Path, str]]:
    """Add what the files of ``group_vars`` and ``host_vars`` in *folder* say: ``web.yml``, ``web``, or all files of a folder ``web``."""
    for kind in _VARIABLES:
        for entry in sorted((folder / kind).iterdir()) if (folder / kind).is_dir() else ():
            name = entry.name.removesuffix(entry.suffix) if entry.suffix in _YAML else entry.name
            for file in sorted(entry.rglob("*")) if entry.is_dir() else [entry]:
                if not file.is_file() or file.name.startswith("."):
                    continue
                text = text_in(file)
                if text.startswith(_VAULT):
                    yield file, "is encrypted, so what it says of hosts is not known"
                    continue
                try:
                    values = read_yaml(text)
                except ValueError as error:
                    yield file, str(error)
                    continue
                if isinstance(values, dict):
                    groups.file(kind, name, readable(values))
