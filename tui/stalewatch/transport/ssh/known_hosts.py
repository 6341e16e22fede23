"""known_hosts files -> entries, and what they say of one host's key. Pure but for :func:`load`; source: sshd(8).

Not read by asyncssh: there a missing file or one bad line is an error for every host, no file means that no key is verified, and an
unknown key and a changed key are the same.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterable

MAX_FILE: Final = 16 * 1024 * 1024
_MARKERS: Final = ("@cert-authority", "@revoked")


class KnownHostsEntry(msgspec.Struct, frozen=True):
    """One line: *marker* is ``""``, ``@cert-authority`` or ``@revoked``; *hosts* the patterns as written; *blob* the key itself."""

    marker: str
    hosts: str
    blob: bytes
    file: str
    line: int

    @property
    def kind(self) -> str:
        """The key's type as its own bytes name it, for example ``ssh-ed25519``."""
        return key_kind(self.blob)


class Judgement(msgspec.Struct, frozen=True):
    """What the files say of the key that a server showed; *entries* are the lines that say so."""

    verdict: Literal["trusted", "unknown", "changed", "revoked"]
    entries: tuple[KnownHostsEntry, ...] = ()


class Known(msgspec.Struct, frozen=True):
    """The entries that concern one host. *name* is how the files call it (``[127.0.1.1]:2201``).

    *without_port* are entries of the same host for port 22: ssh accepts a key from there, but a mismatch there proves nothing.
    """

    name: str
    entries: tuple[KnownHostsEntry, ...]
    without_port: tuple[KnownHostsEntry, ...] = ()

    def judge(self, blob: bytes) -> Judgement:
        """Whether the host may show the plain key *blob*. A revoked key is revoked even where it is also trusted."""
        if revoked := self.of("@revoked", blob):
            return Judgement("revoked", revoked)
        if trusted := self.of("", blob):
            return Judgement("trusted", trusted)
        if others := tuple(entry for entry in self.entries if entry.marker == ""):
            return Judgement("changed", others)
        return Judgement("unknown")

    def judge_authority(self, blob: bytes) -> Judgement:
        """Whether the host's certificate may be signed by the key *blob*."""
        if revoked := self.of("@revoked", blob):
            return Judgement("revoked", revoked)
        if trusted := self.of("@cert-authority", blob):
            return Judgement("trusted", trusted)
        return Judgement("unknown")

    def of(self, marker: str, blob: bytes | None = None) -> tuple[KnownHostsEntry, ...]:
        """The entries with *marker* (and, unless None, with the key *blob*)."""
        every = (*self.entries, *self.without_port)
        return tuple(entry for entry in every if entry.marker == marker and blob in (None, entry.blob))

    def kinds(self) -> frozenset[str]:
        """Types of the plain keys known for this host: to be asked of the server first, as ssh does."""
        return frozenset(entry.kind for entry in self.of(""))


def host_name(hostname: str, port: int, alias: str = "") -> str:
    """How known_hosts calls a host: the HostKeyAlias as it is, else ``host``, else ``[host]:port``; in lower case."""
    if alias:
        return alias.lower()
    return hostname.lower() if port == 22 else f"[{hostname.lower()}]:{port}"


def load(files: Iterable[str]) -> tuple[KnownHostsEntry, ...]:
    """All entries of *files* in order. A file that is missing, unreadable or larger than 16 MiB has none."""
    return tuple(entry for file in files for entry in parse(_read(file), file))


def parse(text: str, file: str) -> tuple[KnownHostsEntry, ...]:
    """The entries of one file's *text*; a malformed line is skipped, as ssh does."""
    return tuple(entry for number, line in enumerate(text.splitlines(), 1) if (entry := _entry(line, file, number)) is not None)


def find(entries: Iterable[KnownHostsEntry], hostname: str, port: int, alias: str = "") -> Known:
    """The entries that concern the host at *hostname* and *port*, or under its HostKeyAlias."""
    every = tuple(entries)
    name = host_name(hostname, port, alias)
    plain = hostname.lower() if not alias and port != 22 else ""
    exact = tuple(entry for entry in every if matches(entry.hosts, name))
    other = tuple(entry for entry in every if plain and entry not in exact and matches(entry.hosts, plain))
    return Known(name, exact, other)


def matches(hosts: str, name: str) -> bool:
    """Whether the patterns of one line mean *name*: ``*`` and ``?``, a leading ``!`` excludes, ``|1|salt|hash`` is hashed."""
    if hosts.startswith("|"):
        return _hash_matches(hosts, name)
    found = False
    for pattern in hosts.lower().split(","):
        if fnmatchcase(name, pattern.removeprefix("!").replace("[", "[[]")):
            if pattern.startswith("!"):
                return False
            found = True
    return found


def key_kind(blob: bytes) -> str:
    """The type that begins a key in SSH wire format; empty when there is none."""
    size = int.from_bytes(blob[:4])
    return blob[4 : 4 + size].decode("ascii", "replace") if 0 < size <= min(64, len(blob) - 4) else ""


def fingerprint(blob: bytes) -> str:
    """``SHA256:…`` as ssh and ssh-keygen print it."""
    return "SHA256:" + base64.b64encode(hashlib.sha256(blob).digest()).decode().rstrip("=")


def _read(file: str) -> str:
    path = Path(file)
    try:
        if path.is_file() and path.stat().st_size <= MAX_FILE:
            return path.read_text("utf-8", "surrogateescape")
    except (OSError, ValueError):
        return ""
    return ""


def _entry(line: str, file: str, number: int) -> KnownHostsEntry | None:
    words = line.split()
    marker = words.pop(0) if words and words[0].startswith("@") else ""
    if len(words) < 3 or words[0].startswith("#") or (marker and marker not in _MARKERS):
        return None
    try:
        blob = base64.b64decode(words[2], validate=True)
    except (binascii.Error, ValueError):
        return None
    if key_kind(blob) != words[1] or not _is_whole(blob):
        return None
    return KnownHostsEntry(marker, words[0], blob, file, number)


def _is_whole(blob: bytes) -> bool:
    """Whether *blob* is a sequence of length-prefixed strings to its last byte, as every public key is; a truncated line is not."""
    position = 0
    while position + 4 <= len(blob):
        position += 4 + int.from_bytes(blob[position : position + 4])
    return position == len(blob)


def _hash_matches(hosts: str, name: str) -> bool:
    parts = hosts.split("|")
    if len(parts) != 4 or parts[1] != "1":
        return False
    try:
        salt, expected = base64.b64decode(parts[2]), base64.b64decode(parts[3])
    except (binascii.Error, ValueError):
        return False
    return hmac.compare_digest(hmac.new(salt, name.encode("utf-8", "surrogateescape"), hashlib.sha1).digest(), expected)
