"""What can go wrong between us and a server, in our own words. Every library's error is mapped to one of these in one place per library."""

from __future__ import annotations


class StalewatchError(Exception):
    """One clear line (*message*: what and where) and, where something can be done, *grant* (what to do or to grant).

    *code* is stable and goes into JSON ``errors``, for example ``link.host-key-changed``.
    """

    code = "error"

    def __init__(self, message: str, *, grant: str = "", code: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.grant = grant
        if code:
            self.code = code


class UsageError(StalewatchError):
    """Arguments or configuration that make no sense: exit code 2."""

    code = "usage"


class LinkError(StalewatchError):
    """The link to a server: base of what transport raises. ``retry`` says whether trying again by oneself is allowed."""

    code = "link"
    retry = True


class Unreachable(LinkError):
    """No name, no route, refused, timed out, or the server hung up before it let us in."""

    code = "link.unreachable"


class HostKeyRefused(LinkError):
    """The server's host key is unknown, changed or revoked (code ``link.host-key-unknown|changed|revoked``). Never retried by itself."""

    code = "link.host-key"
    retry = False


class AuthRefused(LinkError):
    """The server took none of our keys. Never retried by itself."""

    code = "link.auth"
    retry = False


class NotPermitted(LinkError):
    """The server, or its kernel, said no to one thing (a channel, a socket); the link itself lives."""

    code = "link.not-permitted"


class LinkLost(LinkError):
    """The link ended while something was under way: what was under way has an unknown outcome."""

    code = "link.lost"


class LinkTimeout(LinkError):
    """No answer in time; the link itself may live."""

    code = "link.timeout"


class ProtocolError(LinkError):
    """The other side sent what no honest probe or FPM sends (or more than we are willing to take)."""

    code = "link.protocol"
