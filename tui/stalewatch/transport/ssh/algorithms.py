"""The algorithms to offer: those of ssh, in its order, as far as asyncssh supports them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from asyncssh.encryption import get_encryption_algs
from asyncssh.kex import get_kex_algs
from asyncssh.mac import get_mac_algs
from asyncssh.public_key import (
    get_certificate_algs,
    get_default_certificate_algs,
    get_default_public_key_algs,
    get_public_key_algs,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from stalewatch.transport.ssh.known_hosts import Known
    from stalewatch.transport.ssh.options import SshOptions

_CERTIFICATE: Final = "-cert-v01@openssh.com"
_ONE_CALL: Final = "-gcm@openssh.com"
"""Of the ciphers that ssh would take, first those that the library does in one call a packet: ChaCha20-Poly1305 takes it three."""
_RSA: Final = ("ssh-rsa", "rsa-sha2-256", "rsa-sha2-512")


def host_key_algorithms(options: SshOptions, known: Known) -> list[str]:
    """Types of keys that we have for this host first, so that it shows one that can be verified. A host certificate is requested
    only if known_hosts has an authority for this host; otherwise it has the plain key.
    """
    every = options.hostkeyalgorithms or _names([*get_default_certificate_algs(), *get_default_public_key_algs()])
    able = set(_names([*get_certificate_algs(), *get_public_key_algs()]))
    certified = bool(known.of("@cert-authority"))
    usable = [name for name in every if name in able and (certified or not name.endswith(_CERTIFICATE))]
    kinds = known.kinds()
    return sorted(usable, key=lambda name: (not name.endswith(_CERTIFICATE), not _kinds_of(name) & kinds))


def connection_algorithms(options: SshOptions) -> dict[str, Sequence[str]]:
    """Keyword arguments of the library for key exchange, ciphers and MACs; one that would be empty is left to the library."""
    able = {
        "kex_algs": (options.kexalgorithms, get_kex_algs()),
        "encryption_algs": (options.ciphers, get_encryption_algs()),
        "mac_algs": (options.macs, get_mac_algs()),
    }
    chosen = {word: [name for name in wanted if name in _names(can)] for word, (wanted, can) in able.items()}
    chosen["encryption_algs"].sort(key=lambda name: not name.endswith(_ONE_CALL))
    return {word: names for word, names in chosen.items() if names}


def _names(algorithms: Iterable[bytes]) -> list[str]:
    return [algorithm.decode("ascii") for algorithm in algorithms]


def _kinds_of(algorithm: str) -> set[str]:
    """The key types that sign with *algorithm*: the three RSA signatures are made by the one key type ``ssh-rsa``."""
    return {"ssh-rsa"} if algorithm in _RSA else {algorithm}
