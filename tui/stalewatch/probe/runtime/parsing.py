"""Has a pool parse the scripts that would go live: as many requests as that takes, each of which PHP spends 50 ms on at most."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Protocol

from stalewatch.model.errors import LinkError, LinkLost
from stalewatch.model.parsing import Parsed, Scripts, Trouble
from stalewatch.model.redaction import redacted
from stalewatch.model.replace import replace
from stalewatch.model.text import safe
from stalewatch.probe.runtime.answer import remembered
from stalewatch.probe.runtime.chroot import inside, outside

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from stalewatch.probe.runtime.answer import Answer

    Ask = Callable[[Mapping[str, object]], Awaitable[Answer]]


class Parser(Protocol):
    """A pool."""

    async def parse(self, scripts: Scripts) -> Parsed: ...


SECONDS = 15.0
"""No request is begun after so many."""
_UNABLE = {
    "tokenizer": "PHP has no tokenizer extension in this pool",
    "disabled": "PHP's tokenizer is disabled in this pool",
}


async def parse_by(address: str, pools: Mapping[str, Parser], masters: Mapping[str, str], scripts: Scripts) -> Parsed:
    """The pool at *address* parses *scripts*; what its user may not read, the other pools of its master do (*masters*: by address). Raises
    LinkLost."""
    if address not in pools:
        return Parsed(why=safe("no pool can be asked"))
    parsed = await pools[address].parse(scripts)
    others = [pool for other, pool in pools.items() if other != address and masters.get(other, "") == masters.get(address)]
    for pool in others:
        unread = tuple(str(each.path) for each in parsed.trouble if each.kind == "unread")
        if not unread:
            break
        again = await pool.parse(Scripts(paths=unread))
        if not again.why:
            known = tuple(each for each in parsed.trouble if each.kind != "unread")
            parsed = replace(parsed, trouble=(*known, *again.trouble))
    return parsed


async def parse(
    ask: Callable[[Mapping[str, object]], Awaitable[Answer]], alive: Callable[[], bool], scripts: Scripts, chroot: str
) -> Parsed:
    """*ask* sends the body of a request ``parse``; *alive*: whether the link is; *chroot*: of the pool. That a pool does not answer is a
    reason. Raises LinkLost, if the link is lost."""
    paths, folders = ([inside(path, chroot) for path in kind] for kind in (scripts.paths, scripts.folders))
    without, changed = [inside(path, chroot) for path in scripts.without], scripts.changed
    parsed = Parsed()
    until = asyncio.get_running_loop().time() + SECONDS
    while changed or paths or folders:
        if asyncio.get_running_loop().time() > until:
            return replace(parsed, left=len(paths) + len(folders), why=safe(f"not finished within {SECONDS:g} s"))
        body = {"paths": paths, "folders": folders, "older": scripts.older, "without": without, "changed": changed}
        try:
            answer = await ask(body)
        except (LinkError, ValueError) as error:
            if isinstance(error, LinkLost) and not alive():
                raise
            return replace(parsed, left=len(paths) + len(folders), why=safe(str(error)))
        parsed = replace(parsed, remembered=parsed.remembered or remembered(answer, None, chroot))
        said = answer.parsed
        if said is None or said.why:
            why = _UNABLE.get(said.why if said else "", "the pool did not say")
            return replace(parsed, left=len(paths) + len(folders), why=safe(why))
        changed, paths, folders = False, said.paths, said.folders
        trouble = (*parsed.trouble, *(_trouble(row, chroot) for row in said.trouble))
        parsed = replace(parsed, count=parsed.count + said.count, trouble=trouble)
    return parsed


def _trouble(row: tuple[str, str, int, str], chroot: str) -> Trouble:
    path, kind, line, said = row
    return Trouble(path=safe(outside(path, chroot)), kind=kind, line=max(line, 0), said=redacted(said, 300))
