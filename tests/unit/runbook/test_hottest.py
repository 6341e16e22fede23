"""After a reload: the scripts that were used most are compiled, and what can't be is no failure."""

from __future__ import annotations

import asyncio

from stalewatch.model.errors import NotPermitted
from stalewatch.model.report import Report
from stalewatch.model.snapshot import Script
from stalewatch.model.text import safe
from stalewatch.runbook.hottest import compile_hottest, hottest
from stalewatch.runbook.plan import Outcome, Status
from tests.builders.runbook import APP, report, runtime, vt0

DONE = Outcome(status=Status.DONE, evidence={"workers": safe("2 new")})


def script(path: str, hits: int, **changed: bool) -> Script:
    return Script(path=safe(path), hits=hits, **changed)


def used(*scripts: Script) -> Report:
    return report(runtime_facts=runtime(opcache=vt0(scripts=scripts)))


MANY = used(
    *(script(f"{APP}/{n}.php", n) for n in range(15)),
    script("/srv/other/index.php", 99),
    script(f"{APP}/gone.php", 98, cached=False),
    script(f"{APP}x/near.php", 97),
)


class Session:
    def __init__(self, *refused: str) -> None:
        self.refused = refused
        self.compiled: list[str] = []
        self.link = object()

    async def compile(self, path: str) -> bool:
        self.compiled.append(path)
        if path in self.refused:
            raise NotPermitted("not this one")
        return True


def compiled(session: Session, before: Report, outcome: Outcome = DONE) -> Outcome:
    return asyncio.run(compile_hottest(session, before, outcome))  # type: ignore[arg-type]


def test_the_ten_scripts_of_the_app_that_were_used_most() -> None:
    assert hottest(MANY) == [f"{APP}/{n}.php" for n in range(14, 4, -1)]
    assert hottest(report(runtime_facts=runtime(opcache=vt0(enabled=False, scripts=(script(f"{APP}/a.php", 1),))))) == []


def test_they_are_compiled_and_one_that_cannot_be_is_no_failure() -> None:
    session = Session(f"{APP}/9.php")
    told = compiled(session, MANY)
    assert session.compiled == hottest(MANY)
    assert told.status is Status.DONE
    assert told.evidence == {"workers": "2 new", "compiled": "9 of the 10 scripts that were used most"}


def test_after_a_reload_that_is_not_proven_nothing_is_compiled() -> None:
    session = Session()
    assert compiled(session, MANY, Outcome(status=Status.FAILED)) == Outcome(status=Status.FAILED)
    assert compiled(session, used()) == DONE
    assert session.compiled == []
