"""The client's side of the lab: a key, known_hosts and an ssh_config in which every host has its name."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tests.lab.etc_files import USER, public

HOST = """Host {name}
    HostName {address}
    Port {port}
    User {user}
    IdentityFile {key}
    IdentitiesOnly yes
    UserKnownHostsFile {known_hosts}
    GlobalKnownHostsFile none
    StrictHostKeyChecking yes
"""


@dataclass(frozen=True)
class SshFiles:
    """Paths to give to `stalewatch -F` and to ssh."""

    directory: Path

    @property
    def key(self) -> Path:
        return self.directory / "id_ed25519"

    @property
    def known_hosts(self) -> Path:
        return self.directory / "known_hosts"

    @property
    def config(self) -> Path:
        return self.directory / "ssh_config"

    def write(self, hosts: dict[str, str], port: int, host_keys: dict[str, Path]) -> None:
        """`hosts` is name → address, `host_keys` name → private host key."""
        known = (f"[{address}]:{port} {public(host_keys[name])}\n" for name, address in hosts.items())
        self.known_hosts.write_text("".join(known))
        blocks = (
            HOST.format(name=name, address=address, port=port, user=USER, key=self.key, known_hosts=self.known_hosts)
            for name, address in hosts.items()
        )
        self.config.write_text("\n".join(blocks))
