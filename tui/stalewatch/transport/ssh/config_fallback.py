"""The options of a hop where there is no ``ssh`` to ask: the library's own reader of ssh_config, which knows fewer words."""

from __future__ import annotations

import getpass
from pathlib import Path
from typing import cast

from asyncssh.config import ConfigParseError, SSHClientConfig

from stalewatch.model.errors import UsageError
from stalewatch.model.text import safe
from stalewatch.transport.ssh.options import DEFAULT_PORT, SshOptions
from stalewatch.transport.targets import Target

DEFAULT_IDENTITIES = ("id_ed25519", "id_ecdsa", "id_rsa")


def read(target: Target, ssh_config: str = "") -> SshOptions:
    """Read *ssh_config*, else the user's and the system's file. Blocks (files, ``Match exec``): call it in a thread.

    Raises UsageError when a file cannot be read or understood.
    """
    home = Path.home()
    files = [Path(ssh_config)] if ssh_config else [home / ".ssh/config", Path("/etc/ssh/ssh_config")]
    files = [file for file in files if ssh_config or file.is_file()]
    local_user = getpass.getuser()
    try:
        config = SSHClientConfig.load(None, list(files), False, False, False, local_user, target.user or (), target.host, target.port or ())
    except (ConfigParseError, OSError) as error:
        raise UsageError(
            f"cannot use ssh_config for {target}: {safe(str(error), 300)}", grant="install ssh, or correct ssh_config"
        ) from None

    def strings(option: str) -> tuple[str, ...]:
        value = config.get(option, ())
        return tuple(str(Path(item).expanduser()) for item in ([value] if isinstance(value, str) else cast("list[str]", value or ())))

    def text(option: str) -> str:
        value = config.get(option) or ""
        return " ".join(value) if isinstance(value, list) else str(value)

    return SshOptions(
        alias=target.host,
        hostname=text("Hostname") or target.host,
        port=int(cast("int", config.get("Port") or DEFAULT_PORT)),
        user=text("User") or local_user,
        identityfiles=strings("IdentityFile") or tuple(str(home / ".ssh" / name) for name in DEFAULT_IDENTITIES),
        certificatefiles=strings("CertificateFile"),
        identitiesonly=bool(config.get("IdentitiesOnly")),
        identityagent=text("IdentityAgent"),
        userknownhostsfile=strings("UserKnownHostsFile")
        if config.get("UserKnownHostsFile") is not None
        else (str(home / ".ssh/known_hosts"), str(home / ".ssh/known_hosts2")),
        globalknownhostsfile=strings("GlobalKnownHostsFile") or ("/etc/ssh/ssh_known_hosts", "/etc/ssh/ssh_known_hosts2"),
        hostkeyalias=text("HostKeyAlias"),
        proxyjump="" if text("ProxyJump") == "none" else text("ProxyJump"),
        proxycommand="" if text("ProxyCommand") == "none" else text("ProxyCommand"),
        connecttimeout=float(cast("float", config.get("ConnectTimeout") or 0.0)),
    )
