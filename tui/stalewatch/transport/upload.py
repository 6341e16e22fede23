"""Writes a file on the server with ``sh`` alone, because a login may have no sftp. The same for every link."""

from __future__ import annotations

import posixpath
import secrets
import shlex
from typing import TYPE_CHECKING, Final

from stalewatch.model.errors import NotPermitted
from stalewatch.model.text import safe

if TYPE_CHECKING:
    from stalewatch.transport.link import Link

_TIMEOUT: Final = 30.0

# If the link is lost, `cat` sees the end of its input and succeeds: so the size is compared. set -C opens with O_EXCL.
_SCRIPT: Final = """
umask 077
set -C
trap 'rm -f -- {temp}' EXIT
trap 'exit 129' HUP; trap 'exit 130' INT; trap 'exit 143' TERM
cat >{temp} || exit 1
size=$(wc -c <{temp}) && [ "$size" -eq {size} ] || {{ echo "only $size of {size} bytes arrived" >&2; exit 1; }}
chmod {mode:04o} {temp} || exit 1
if [ -d {path} ]; then echo {path}": is a directory" >&2; exit 1; fi
mv -f -- {temp} {path}
"""


async def upload(link: Link, path: str, content: bytes, mode: int) -> None:
    """Write *content* to *path* over *link*: into a new file in the same directory with exactly *mode*, then renamed.

    Raises NotPermitted with what the server said, LinkLost, LinkTimeout. Raises ValueError when *path* is not absolute.
    """
    if not path.startswith("/") or "\0" in path:
        raise ValueError(f"not an absolute path: {path!r}")
    temp = posixpath.join(posixpath.dirname(path), f".{secrets.token_hex(8)}.tmp")
    script = _SCRIPT.format(temp=shlex.quote(temp), path=shlex.quote(path), size=len(content), mode=mode & 0o7777)
    done = await link.run(script, data=content, timeout=_TIMEOUT)
    if done.code != 0:
        why = safe(done.stderr.strip() or f"code {done.code}".encode(), 300)
        raise NotPermitted(f"cannot write {safe(path, 200)}: {why}", grant=f"make {safe(posixpath.dirname(path), 200)} writable")
