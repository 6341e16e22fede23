"""Where a runbook acts, as far as the driver must know it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from stalewatch.model.parsing import Parsed, Scripts
    from stalewatch.model.remade import Remade
    from stalewatch.model.report import Report
    from stalewatch.model.smoke import Smoke
    from stalewatch.model.snapshot import QueueWorker
    from stalewatch.transport.fastcgi.response import Response
    from stalewatch.transport.link import Link


class AppSession(Protocol):
    """One app on one server, connected. *report*: the latest one."""

    @property
    def report(self) -> Report: ...

    @property
    def smoke(self) -> Smoke:
        """The request that the app must answer."""
        ...

    def beside(self) -> Sequence[AppSession]:
        """The other apps that a reload of its FPM master reaches, as far as they are looked at."""
        ...

    @property
    def link(self) -> Link:
        """Raises LinkLost when there is none."""
        ...

    async def look(self) -> Report:
        """A fresh full look, diagnosed. Raises LinkError."""
        ...

    async def invalidate(self, paths: Sequence[str]) -> dict[str, bool]:
        """Path -> no longer cached. Raises LinkError."""
        ...

    async def await_workers(self, workers: Sequence[QueueWorker]) -> None:
        """Remember that *workers* are told to end now, and that as many must come back. Raises LinkLost."""
        ...

    async def compile(self, path: str) -> bool:
        """Whether OPcache holds *path* after it was told to compile it; nothing of it is executed. Raises LinkError."""
        ...

    async def request(self, parameters: Mapping[str, str]) -> Response:
        """One request to the app through its pool, with these FastCGI parameters. Raises LinkError."""
        ...

    async def artefacts(self, verb: str, files: Sequence[str], options: Mapping[str, object]) -> dict[str, str]:
        """The pool keeps *files* aside (``keep``), puts them back where one of them can't run (``settle``), lets them and what is there
        change places (``exchange``), or removes the copies (``drop``): path -> what is wrong ("" nothing); or removes or puts back what a
        run that was cut off has left aside (``tidy``): path -> which ("" nothing was left). *options*: ``script``, that gives artisan the
        pool's environment ("" none), ``away``, ``clears``, ``variables`` and ``compiled``. Raises LinkError."""
        ...

    async def remake(self, cache: str, root: str, visit: Mapping[str, str]) -> Remade:
        """Whether the pool would make *cache*, the cached configuration of the application at *root*, for a request of the parameters
        *visit*. The application's own code is executed. Raises LinkError."""
        ...

    async def alone(self, verb: str, files: Sequence[str], options: Mapping[str, object]) -> str:
        """The command line by which the server itself asks the same of its pool, whatever becomes of the link, once *files* are kept aside;
        "" where it has no program for that. Raises LinkError."""
        ...

    def told(self, files: Sequence[str], said: str) -> dict[str, str]:
        """What such a command has *said* of *files*, as :meth:`artefacts`; empty where that is no answer."""
        ...

    async def parse(self, scripts: Scripts) -> Parsed:
        """Whether the pool can compile *scripts*; nothing of them is executed or cached. Raises LinkLost."""
        ...
