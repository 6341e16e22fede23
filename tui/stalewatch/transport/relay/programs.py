"""The programs in which a relay can be written, in the order in which they are tried."""

from __future__ import annotations

import base64
import shlex
from importlib.resources import files
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

MARK: Final = "stalewatch-relay"
"""The last word of the command line: what people find in their process list."""
_SH: Final = 'IFS= read -r program; eval "$(printf %s "$program" | base64 -d)"'


class RelayProgram(NamedTuple):
    """*name*: what people read. *argv*: the command, short and always the same, so that sudoers can hold it word for word. *opening*: what
    its standard input gets first: the relay itself."""

    name: str
    argv: tuple[str, ...]
    opening: bytes

    def command(self, user: str = "") -> str:
        """The command line, as *user* by sudo if one is given."""
        sudo = ("sudo", "-n", "-u", user, "--") if user else ()
        return "exec " + shlex.join((*sudo, *self.argv))


def once(program: str, user: str, address: str, request: bytes) -> str:
    """The command line that sends *request* to *address* once, in the PHP *program*, without us: it says the answer in base64. As *user* by
    sudo, if one is given, it is what permits the relay."""
    relay = RelayProgram(program, _php(program), b"")
    sent = shlex.join(("printf", "%s\\n", _encoded("once.php").decode().strip(), address, base64.b64encode(request).decode()))
    return f"{sent} | {relay.command(user).removeprefix('exec ')}"


def candidates(found: Collection[str]) -> Iterator[RelayProgram]:
    """The relays for which a server has what they need. *found*: those of :func:`wanted` that it has.

    The first three answer in 0.05 ms; with the last two a process or more is started for each request.
    """
    for name in sorted(each for each in found if each.startswith("php")):
        yield RelayProgram(name, _php(name), _encoded("relay.php"))
    if "python3" in found:
        argv = ("python3", "-IS", "-c", 'exec(__import__("base64").b64decode(input()))', MARK)
        yield RelayProgram("python3", argv, _encoded("relay_python.py"))
    if "perl" in found:
        yield RelayProgram("perl", ("perl", "-e", '$/="";eval<STDIN>', MARK), program_text("relay.pl") + b"\n")
    for name in ("socat", "nc"):
        if name in found and "base64" in found:
            yield RelayProgram(name, ("sh", "-c", _SH, MARK), _encoded("relay.sh", f"program={name}\n"))


def wanted(php_version: str = "") -> tuple[str, ...]:
    """The names of programs that a relay can use. *php_version*: of the server's FPM (``8.2``): its PHP may have no other name."""
    return ("php", *([f"php{php_version}"] if php_version else ()), "python3", "perl", "socat", "nc", "base64")


def _php(name: str) -> tuple[str, ...]:
    return (name, "-n", "-r", "eval(base64_decode(fgets(STDIN)));", MARK)


def _encoded(name: str, before: str = "") -> bytes:
    return base64.b64encode(before.encode() + program_text(name)) + b"\n"


def program_text(name: str) -> bytes:
    """The program without comments and blank lines: Perl reads it up to the first blank one."""
    lines = files(__package__).joinpath(name).read_text(encoding="utf-8").splitlines()
    return "".join(f"{line}\n" for line in lines if line.strip() and not line.lstrip().startswith(("# ", "<?php"))).encode()
