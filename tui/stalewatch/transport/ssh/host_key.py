"""A host key that is not trusted -> the error that a person can act on: unknown, changed and revoked are three messages."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Final

from stalewatch.model import reasons
from stalewatch.model.errors import HostKeyRefused
from stalewatch.model.text import safe
from stalewatch.transport.ssh.known_hosts import Judgement, Known, fingerprint, key_kind, parse

if TYPE_CHECKING:
    from stalewatch.transport.ssh.options import SshOptions

_LENIENT: Final = ("no", "off", "false", "accept-new")
_KRL_MAGIC: Final = b"SSHKRL\n\x00"


def refusal(options: SshOptions, known: Known, blob: bytes, judgement: Judgement, ssh_config: str = "") -> HostKeyRefused:
    """Why the key *blob* of this host was refused, and the line to act on. *judgement* is anything but trusted."""
    shown = f"{safe(key_kind(blob), 64)} {fingerprint(blob)}"
    where = ", ".join(f"{entry.file} line {entry.line}" for entry in judgement.entries[:3])
    once = ssh_command(options, ssh_config)
    if judgement.verdict == "revoked":
        return HostKeyRefused(
            f"the host key of {_who(options)} is revoked ({shown}; {where or options.revokedhostkeys})",
            grant=f"do not trust this server; if the revocation is a mistake, remove it from {where or options.revokedhostkeys}",
            reason=reasons.LINK_HOST_KEY_REVOKED,
        )
    if judgement.verdict == "changed":
        files = dict.fromkeys(entry.file for entry in judgement.entries)
        removals = " && ".join(f"ssh-keygen -R {shlex.quote(known.name)} -f {shlex.quote(file)}" for file in files)
        return HostKeyRefused(
            f"the host key of {_who(options)} changed: it shows {shown}, {_other(judgement, blob)}" + _strictness(options),
            grant=f"reinstalled, or somebody in between? If you know why: {removals}; then compare and accept the new one: {once}",
            reason=reasons.LINK_HOST_KEY_CHANGED,
        )
    return HostKeyRefused(
        f"the host key of {_who(options)} is unknown ({shown})" + _strictness(options),
        grant=_acquaint(options, once),
        reason=reasons.LINK_HOST_KEY_UNKNOWN,
    )


def certificate_refusal(options: SshOptions, reason: str) -> HostKeyRefused:
    """A host certificate of a trusted authority that is not valid for this host or time. *reason* is the library's."""
    revoked = "revoked" in reason
    return HostKeyRefused(
        f"the host certificate of {_who(options)} is refused: {safe(reason, 200)}",
        grant="do not trust this server" if revoked else "have the server's certificate renewed for this name",
        reason=reasons.LINK_HOST_KEY_REVOKED if revoked else reasons.LINK_HOST_KEY_UNKNOWN,
    )


def revoked_keys(options: SshOptions) -> frozenset[bytes]:
    """The keys that RevokedHostKeys lists. Raises HostKeyRefused when that file cannot be used: then no host may be trusted."""
    if not options.revokedhostkeys:
        return frozenset()
    why = "is a KRL, which only ssh itself can read"
    try:
        content = Path(options.revokedhostkeys).read_bytes()
    except OSError as error:
        content, why = _KRL_MAGIC, f"cannot be read ({error.strerror})"
    if content.startswith(_KRL_MAGIC):
        raise HostKeyRefused(
            f"RevokedHostKeys {options.revokedhostkeys} {why}: no key of {_who(options)} can be trusted",
            grant="use a readable text file of public keys, or @revoked lines in known_hosts",
            reason=reasons.LINK_HOST_KEY_REVOKED,
        )
    lines = "\n".join(f"* {line}" for line in content.decode("utf-8", "surrogateescape").splitlines())
    return frozenset(entry.blob for entry in parse(lines, options.revokedhostkeys))


def ssh_command(options: SshOptions, ssh_config: str = "") -> str:
    """The ``ssh`` command that reaches the same host, for a person to paste."""
    config = ["-F", ssh_config] if ssh_config else []
    port = ["-p", str(options.port)] if options.port != 22 else []
    return shlex.join(["ssh", *config, *port, f"{options.user}@{options.alias}"])


def _acquaint(options: SshOptions, once: str) -> str:
    if all(file == "/dev/null" for file in options.userknownhostsfile):
        return f"ssh_config sets no UserKnownHostsFile for it, so no key can be stored: set one, then compare and accept the key: {once}"
    return f"compare the fingerprint with the server's own, then accept it once: {once}"


def _other(judgement: Judgement, blob: bytes) -> str:
    """Which key is known instead: of the same kind, where there is one."""
    alike = [entry for entry in judgement.entries if entry.kind == key_kind(blob)] or list(judgement.entries)
    return ", ".join(f"{entry.file} line {entry.line} has {safe(entry.kind, 64)} {fingerprint(entry.blob)}" for entry in alike[:2])


def _strictness(options: SshOptions) -> str:
    if options.stricthostkeychecking.lower() not in _LENIENT:
        return ""
    return f"; StrictHostKeyChecking {options.stricthostkeychecking} is ignored: host keys are always verified"


def _who(options: SshOptions) -> str:
    return options.address if options.alias == options.hostname else f"{options.alias} ({options.address})"
