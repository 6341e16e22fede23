"""The probe's request to a pool, and what is said where the pool does not see the probe's file. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stalewatch.model import reasons
from stalewatch.probe.host.parsers.fpm_config import chroot_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from stalewatch.model.snapshot import Unseen

_FULL = frozenset({"Read-only file system", "No inodes left", "No space left on device"})
NOT_VISIBLE = "hidden from the pool"


def hidden(tried: Mapping[str, str], settings: Mapping[str, str]) -> Unseen:
    """No place was both writable for us and visible to the pool. *tried*: what stood in the way, by directory."""
    causes = "; ".join(f"{base}: {why}" for base, why in tried.items())
    if not any(why.startswith(NOT_VISIBLE) for why in tried.values()) and not _FULL.isdisjoint(tried.values()):
        return reasons.PROBE_NO_ROOM.unseen(
            f"nothing can be written on the server: {causes}", "free space or inodes in /tmp, or remount it"
        )
    root = chroot_of(settings)
    grant = f"mkdir -m 1777 {root}/tmp" if root else "allow /dev/shm in open_basedir, or set PrivateTmp=no in the unit"
    return reasons.FPM_PROBE_HIDDEN.unseen(f"the pool does not see the probe's file: {causes}", grant)


def parameters(path: str, verb: str, body: bytes) -> dict[str, str]:
    """The FastCGI parameters. Never PHP_VALUE or PHP_ADMIN_VALUE: they would stay set in the worker."""
    return {
        "GATEWAY_INTERFACE": "CGI/1.1",
        "SERVER_SOFTWARE": "stalewatch",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "SERVER_NAME": "localhost",
        "REMOTE_ADDR": "127.0.0.1",
        "REQUEST_METHOD": "POST",
        "REQUEST_URI": "/stalewatch",
        "SCRIPT_NAME": "/stalewatch",
        "SCRIPT_FILENAME": path,
        "DOCUMENT_ROOT": path.rpartition("/")[0],
        "QUERY_STRING": "",
        "CONTENT_TYPE": "application/json",
        "CONTENT_LENGTH": str(len(body)),
        "STALEWATCH": verb,
    }
