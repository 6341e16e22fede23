"""The keys that may open a server: from the agent, and from the identity files that need no passphrase. None is ever forwarded.

In the order of ssh: keys of the agent that ssh_config names, the agent's others (unless IdentitiesOnly), then keys from files.
"""

from __future__ import annotations

import asyncio
import os
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

import asyncssh

from stalewatch.model import figures
from stalewatch.model.text import safe

if TYPE_CHECKING:
    from stalewatch.transport.ssh.options import SshOptions

_UNUSABLE: Final = (asyncssh.KeyImportError, asyncssh.KeyEncryptionError, OSError, ValueError)
_MAX_KEY: Final = 1024 * 1024
_AGENT_PATIENCE = 3.0
"""Seconds that an agent has to list its keys: one that hangs must not keep keys in files from being offered."""


class Identities:
    """*pairs* to offer in order, and *skipped*: why others are not offered. Close it after the login."""

    def __init__(self, agent: asyncssh.SSHAgentClient | None, pairs: list[asyncssh.SSHKeyPair], skipped: list[str]) -> None:
        self._agent = agent
        self.pairs = pairs
        self.skipped = skipped

    async def close(self) -> None:
        if self._agent is not None:
            self._agent.close()
            await self._agent.wait_closed()

    def advice(self) -> str:
        """What to do if the server accepted none of them."""
        if not self.pairs and not self.skipped:
            return "there is no key to offer: ssh-add one, or name an IdentityFile in ssh_config"
        offered = f"offered {figures.count(len(self.pairs), 'key')}"
        return "; ".join([*self.skipped, offered, "add the right key to the agent (ssh-add), or to authorized_keys on the server"])


async def gather(options: SshOptions) -> Identities:
    """Collect the identities for one hop. A key that cannot be used is skipped with a reason; a passphrase is never asked for."""
    skipped: list[str] = []
    agent, held = await _from_agent(options, skipped)
    wanted = [blob for file in options.identityfiles if (blob := _public_blob(file)) is not None]
    named = sorted((pair for pair in held if pair.public_data in wanted), key=lambda pair: wanted.index(pair.public_data))
    others = [] if options.identitiesonly else [pair for pair in held if pair.public_data not in wanted]
    in_agent = {pair.public_data for pair in held}
    from_files = await asyncio.to_thread(_from_files, options, in_agent, skipped)
    return Identities(agent, [*named, *others, *from_files], skipped)


async def _from_agent(options: SshOptions, skipped: list[str]) -> tuple[asyncssh.SSHAgentClient | None, list[asyncssh.SSHKeyPair]]:
    path = options.identityagent or os.environ.get("SSH_AUTH_SOCK", "")
    if path in ("", "none"):
        return None, []
    try:
        agent = await asyncssh.connect_agent(path)
    except (OSError, asyncssh.Error) as error:
        skipped.append(f"no agent answers at {path} ({safe(str(error), 100)})")
        return None, []
    try:
        async with asyncio.timeout(_AGENT_PATIENCE):
            return agent, list(await agent.get_keys())
    except TimeoutError:
        agent.close()
        skipped.append(f"the agent at {path} does not answer")
        return None, []
    except (OSError, ValueError) as error:
        skipped.append(f"the agent at {path} gives no keys ({safe(str(error), 100)})")
        return agent, []


def _from_files(options: SshOptions, in_agent: set[bytes], skipped: list[str]) -> list[asyncssh.SSHKeyPair]:
    pairs: list[asyncssh.SSHKeyPair] = []
    for file in options.identityfiles:
        path = Path(file)
        if not _can_be_read(path):
            skipped += [f"{file} is not a key"] if os.path.exists(file) else []  # noqa: PTH110  Path's raises where a folder is closed
            continue
        if _is_public(path) or _public_blob(file) in in_agent:
            continue
        try:
            stat = path.stat()
            key = _private_key(file, (stat.st_mtime_ns, stat.st_size))
            certificates = _certificates((*options.certificatefiles, f"{file}-cert.pub"))
            pairs += asyncssh.load_keypairs([key], None, certificates)
        except _UNUSABLE as error:
            locked = str(error).startswith("Passphrase")
            skipped.append(f"{file} is locked by a passphrase and not in the agent" if locked else f"{file}: {safe(str(error), 100)}")
    return pairs


@lru_cache(maxsize=64)
def _private_key(file: str, _stamp: tuple[int, int]) -> asyncssh.SSHKey:
    """Checking an RSA key takes milliseconds: once per file and not per server and reconnect."""
    return asyncssh.read_private_key(file)


def _certificates(files: tuple[str, ...]) -> list[asyncssh.SSHCertificate]:
    found: list[asyncssh.SSHCertificate] = []
    for file in files:
        if not _can_be_read(Path(file)):
            continue
        try:
            found += asyncssh.load_certificates([file])
        except _UNUSABLE:  # missing, or not a certificate: the key alone may do
            continue
    return found


def _public_blob(file: str) -> bytes | None:
    """The public half of an identity file: in it (also where it is locked, or public only), or beside it."""
    for candidate in (file, f"{file}.pub"):
        if not _can_be_read(Path(candidate)):
            continue
        try:
            return asyncssh.read_public_key(candidate).public_data
        except _UNUSABLE:
            continue
    return None


def _can_be_read(path: Path) -> bool:
    """Whether it is a file, and one that may be a key: a pipe or a device would hold up the links to all servers."""
    try:
        return path.is_file() and path.stat().st_size <= _MAX_KEY
    except OSError:
        return False


def _is_public(path: Path) -> bool:
    """Whether it holds no private key (the library reads the public half out of private files too)."""
    try:
        return b"PRIVATE KEY" not in path.read_bytes()[:4096]
    except OSError:
        return False
