"""Asks ``ssh -G`` what it would do for a target, and for each host that it would jump through.

``Match exec`` in the user's configuration runs inside that process, not in our event loop.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import weakref
from pathlib import Path
from typing import Final

import msgspec

from stalewatch.model import reasons
from stalewatch.model.errors import StalewatchError, Unreachable, UsageError
from stalewatch.model.replace import replace
from stalewatch.model.text import safe
from stalewatch.transport.ssh.options import SshOptions, parse
from stalewatch.transport.targets import Target, parse_target, ssh_arguments

MAX_JUMPS: Final = 8
ASK_TIMEOUT: Final = 10.0
_MAX_ASKING: Final = 8
_asking: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Semaphore] = weakref.WeakKeyDictionary()


class Route(msgspec.Struct, frozen=True):
    """The hops to a server, nearest first, the server itself last. Only the first may have a ProxyCommand."""

    hops: tuple[SshOptions, ...]

    @property
    def destination(self) -> SshOptions:
        return self.hops[-1]


async def resolve_route(target: str, ssh_config: str = "") -> Route:
    """The route to *target* under the user's configuration, or under the file *ssh_config* alone (``-F``).

    Raises UsageError when the target or the configuration makes no sense, Unreachable when ``ssh`` is not installed or does not answer
    in 10 s.
    """
    return Route(await _hops(parse_target(target), ssh_config, jump=None, seen=()))


async def _hops(target: Target, ssh_config: str, jump: str | None, seen: tuple[Target, ...]) -> tuple[SshOptions, ...]:
    """*jump* overrides the ProxyJump of the target's own configuration, as ``ssh -J`` does; None leaves it."""
    if target in seen or len(seen) >= MAX_JUMPS:
        raise UsageError(f"the jump hosts of {seen[0]} form a loop or are more than {MAX_JUMPS}", grant="see ssh -G, line proxyjump")
    options = await _options(target, ssh_config)
    via = options.proxyjump if jump is None else jump
    if not via:
        return (options,)
    before, _, last = via.rpartition(",")
    nearer = await _hops(_jump_target(last), ssh_config, jump=before or None, seen=(*seen, target))
    return (*nearer, replace(options, proxyjump=via, proxycommand=""))


def _jump_target(text: str) -> Target:
    return parse_target(text.strip().removeprefix("ssh://").rstrip("/"))


async def _options(target: Target, ssh_config: str) -> SshOptions:
    ssh = shutil.which("ssh")
    if ssh is None:
        raise Unreachable("the ssh client is not installed", grant="install openssh-client", reason=reasons.SSH_NOT_INSTALLED)
    output = await _run_ssh([ssh, "-G", *ssh_arguments(target, ssh_config)], target)
    return parse(output, target.host, os.environ, str(Path.home()))


async def _run_ssh(argv: list[str], target: Target) -> str:
    slots = _asking.setdefault(asyncio.get_running_loop(), asyncio.Semaphore(_MAX_ASKING))
    async with slots:
        process = await asyncio.create_subprocess_exec(
            *argv,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        try:
            async with asyncio.timeout(ASK_TIMEOUT):
                stdout, stderr = await process.communicate()
        except TimeoutError:
            raise Unreachable(f"ssh -G {target} does not answer", grant="a Match exec in ssh_config may hang") from None
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
    if process.returncode != 0:
        raise _refused(target, stderr)
    return stdout.decode("utf-8", "surrogateescape")


def _refused(target: Target, stderr: bytes) -> StalewatchError:
    lines = [line for line in stderr.decode("utf-8", "surrogateescape").splitlines() if not line.startswith("Pseudo-terminal")]
    return UsageError(f"ssh does not accept {target}: {safe('; '.join(lines) or 'no reason given', 300)}", grant="correct ssh_config")
