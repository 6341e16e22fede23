"""A real ``stalewatch fix`` between two records of its hosts."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress

from tests.lab import Host, Lab
from tests.lab.harm.seen import Answer, Page, Seen, processes, see
from tests.lab.harm.table import Row
from tests.lab.harm.worse import worse
from tests.lab.program import Ran, check, explain, ours, stalewatch
from tests.lab.waiting import until

PATIENCE = 15.0
"""Seconds that what we left on a host may take to end."""


class NeverWorse:
    """Runs fixes for a test, and fails it if a host is worse afterwards. *words*: what the test is about; *tell* hears of every fix."""

    def __init__(self, lab: Lab, words: str, tell: Callable[[Row], object]) -> None:
        self._lab = lab
        self._words = words
        self._tell = tell
        self._pages = [Page()]

    def asks(self, *pages: Page) -> None:
        """What visitors ask for, the application that is fixed first. Without: its front page."""
        self._pages = list(pages)

    def fix(self, *arguments: str, told: str = "", timeout: float = 120.0) -> Ran:
        """``stalewatch fix --yes ARGUMENTS``. *told*: what the fix must say of an application that answers worse: then that is no breach
        of the promise, which ends there."""
        hosts = [host for host in self._lab.hosts if host.name in arguments]
        with self.around(*hosts, told=told) as ends:
            ran = stalewatch(self._lab, "fix", "--yes", *arguments, timeout=timeout)
            ends.append(ran)
        if ran.code == 0 and "--app" not in arguments:
            code, entries = check(self._lab, *_of_check(arguments))
            assert code == 0, [explain(entry) for entry in entries.values()]
        return ran

    @contextmanager
    def around(self, *hosts: Host, told: str = "") -> Iterator[list[Ran]]:
        """Record *hosts* around the block, which puts into the list what a fix came to."""
        before = {host: see(host, self._pages) for host in hosts}
        ends: list[Ran] = []
        yield ends
        said = "".join(ran.stdout + ran.stderr for ran in ends)
        for host in hosts:
            after = see(host, self._pages, _quiet(host, before[host]))
            answers, left, others = worse(before[host], after, said)
            excused = bool(told and answers and told in said and all(ran.code for ran in ends))
            self._tell(
                Row(
                    self._words,
                    _answered(before[host].answers),
                    _answered(after.answers),
                    ", ".join(str(ran.code) for ran in ends),
                    "; ".join(left),
                    "; ".join(others),
                    excused,
                    bool(left or others or (answers and not excused)),
                )
            )
            assert ([] if excused else answers, left, others) == ([], [], []), said


def _of_check(arguments: tuple[str, ...]) -> list[str]:
    """The arguments of a fix that a check has too."""
    kept = [word for word in arguments if word.startswith("web")]
    if "--config" in arguments:
        kept += ["--config", arguments[arguments.index("--config") + 1]]
    return kept


def _answered(answers: Mapping[Page, Answer]) -> str:
    return ", ".join(map(str, answers.values()))


def _quiet(host: Host, before: Seen) -> list[str]:
    """What is still of us on *host* when it had the time to go."""
    with suppress(TimeoutError):
        until(lambda: not ours(host) and not processes(host) - before.processes, "nothing of ours", PATIENCE, 0.1)
    return ours(host)
