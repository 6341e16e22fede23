"""Has a pool make the configuration that artisan has cached, and compare the two: only names of keys come back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stalewatch.model.errors import LinkError, LinkLost
from stalewatch.model.remade import Remade
from stalewatch.model.text import safe
from stalewatch.probe.runtime.chroot import inside

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from stalewatch.probe.runtime.answer import Answer

    Ask = Callable[[str, Mapping[str, object], float, Mapping[str, str]], Awaitable[Answer]]

TIMEOUT = 20.0
"""Seconds; PHP itself gives up before."""
_UNABLE = {
    "application": "the pool does not find bootstrap/app.php",
    "opcache": "the pool's OPcache cannot be switched off for one request (disable_functions holds ini_set)",
    "thrown": "the application's configuration or a provider fails in the pool without the cache",
    "ended": "the application ends the request while it makes its configuration",
}


async def remake(ask: Ask, alive: Callable[[], bool], cache: str, root: str, visit: Mapping[str, str], chroot: str) -> Remade:
    """Whether the pool would make *cache*, the cached configuration of the application at *root*, for a request of the parameters *visit*.
    The application's own code is executed. *ask* sends a verb and its body, waits so many seconds, and sends these parameters too.
    That a pool does not answer is a reason. Raises LinkLost, if the link is lost."""
    sent = {name: inside(value, chroot) if name in ("SCRIPT_FILENAME", "DOCUMENT_ROOT") else value for name, value in visit.items()}
    body = {"cache": inside(cache, chroot), "root": inside(root, chroot), "request": sent}
    try:
        answer = await ask("remake", body, TIMEOUT, visit)
    except (LinkError, ValueError) as error:
        if isinstance(error, LinkLost) and not alive():
            raise
        return Remade(why=safe(str(error)))
    if answer.remade is None:
        return Remade(why=safe("the pool did not say"))
    names, more, why = answer.remade
    return Remade(differs=tuple(safe(name, 80) for name in names), more=max(more, 0), why=safe(_UNABLE.get(why, why)))
