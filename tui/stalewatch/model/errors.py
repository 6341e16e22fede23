"""What can go wrong between us and a server, in our own words. Every library's error is mapped to one of these in one place per library."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stalewatch.model import reasons

if TYPE_CHECKING:
    from stalewatch.model.reasons import Reason
    from stalewatch.model.unseen import Unseen


class StalewatchError(Exception):
    """One clear line (*message*: what and where) and, where something can be done, *grant* (what to do or to grant).

    *reason* says which entry of :mod:`stalewatch.model.reasons` it is; without one it is that of the class.
    """

    reason: Reason = reasons.INTERNAL

    def __init__(self, message: str, *, grant: str = "", reason: Reason | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.grant = grant
        if reason is not None:
            self.reason = reason

    @property
    def code(self) -> str:
        """The stable code for JSON ``errors``, for example ``link.host-key-changed``."""
        return self.reason.code

    def unseen(self) -> Unseen:
        """The error as a fact of a Snapshot or Report."""
        return self.reason.unseen(self.message, self.grant)


class UsageError(StalewatchError):
    """Arguments or configuration that make no sense: exit code 2."""

    reason = reasons.USAGE


class LinkError(StalewatchError):
    """The link to a server: base of what transport raises."""

    reason = reasons.LINK_NOT_PERMITTED

    @property
    def retry(self) -> bool:
        """Whether stalewatch may try again by itself."""
        return self.reason.retry


class Unreachable(LinkError):
    """No name, no route, refused, timed out, or the server closed the connection before the login was done."""

    reason = reasons.LINK_UNREACHABLE


class HostKeyRefused(LinkError):
    """The server's host key is unknown, changed or revoked (the reason says which). Never retried by itself."""

    reason = reasons.LINK_HOST_KEY_UNKNOWN


class AuthRefused(LinkError):
    """The server accepted none of our keys. Never retried by itself."""

    reason = reasons.LINK_AUTH


class NotPermitted(LinkError):
    """The server, or its kernel, refused one thing (a channel, a socket); the link itself lives."""

    reason = reasons.LINK_NOT_PERMITTED


class LinkLost(LinkError):
    """The link ended while something was running: the outcome of what was running is unknown."""

    reason = reasons.LINK_LOST


class LinkTimeout(LinkError):
    """No answer in time; the link itself may live."""

    reason = reasons.LINK_TIMEOUT


class ProtocolError(LinkError):
    """The server sent what no probe or FPM sends, or more than the limit."""

    reason = reasons.LINK_PROTOCOL
