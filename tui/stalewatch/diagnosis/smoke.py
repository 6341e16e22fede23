"""The smoke request: does the application answer, asked through its own pool as the web server would ask? Pure.

A runbook asks it before anything and after each step: an application that answered must keep answering, whatever the artefacts say.
``check --smoke`` asks it once. No look ever does.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import msgspec

from stalewatch.diagnosis import evidence
from stalewatch.diagnosis.rule import Rule
from stalewatch.diagnosis.served import OLD_SERVED
from stalewatch.model import reasons
from stalewatch.model.layers import Layer
from stalewatch.model.replace import replace
from stalewatch.model.report import Severity, Verdict
from stalewatch.model.text import SafeText, safe

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from stalewatch.model.report import Evidence, Report
    from stalewatch.model.smoke import Smoke
    from stalewatch.transport.fastcgi.response import Response

_FATAL = re.compile(r"PHP (?:Fatal|Parse|Core|Compile) error: *(.*)")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9.-]*")

APP_ERROR = Rule(
    code="health.app-error",
    layer=Layer.RELEASE,
    verdict=Verdict.FRESH,
    severity=Severity.CRITICAL,
    meaning=(
        "The application does not answer its smoke request as it should: it ends in a fatal error, with 5xx, or otherwise than "
        "stalewatch.toml says. The code that runs may well be the code on the disk. Asked by check --smoke and by a runbook, never by a "
        "look."
    ),
    evidence=("answer", "script passed", "repeat"),
    advice="Read the application's log: a reload does not help against new code that is broken.",
)
RULES = (APP_ERROR,)


class SmokeAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """*answers*: as it should; None: the application was not asked, or did not say. *words*: what came, ``GET / answers 200``. *status*: of
    HTTP, where it answers as it should (0: not)."""

    answers: bool | None
    words: SafeText
    status: int = 0

    def after(self, before: SmokeAnswer) -> SmokeAnswer:
        """This answer, held against the one *before* a step: a page that is no longer found is no answer, where it was one."""
        if self.answers and before.answers and before.status < 400 <= self.status:
            return SmokeAnswer(answers=False, words=safe(f"{self.words}, {before.status} before"))
        return self


def not_asked(why: str) -> SmokeAnswer:
    """Nothing can be said of the application."""
    return SmokeAnswer(answers=None, words=safe(f"not asked: {why}"))


def no_answer(smoke: Smoke, why: str) -> SmokeAnswer:
    """The request got no answer."""
    return SmokeAnswer(answers=None, words=safe(f"GET {smoke.path}: {why}", 300))


def parameters(report: Report, smoke: Smoke) -> dict[str, str] | None:
    """The FastCGI parameters of the request, as the web server of *report* would send them; None: no entry script is known."""
    script, name = next(_entries(report), ("", ""))
    if not script:
        return None
    root = script.rpartition("/")[0]
    return {
        "GATEWAY_INTERFACE": "CGI/1.1",
        "SERVER_SOFTWARE": "stalewatch",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "SERVER_NAME": name,
        "SERVER_PORT": "80",
        "REMOTE_ADDR": "127.0.0.1",
        "REQUEST_METHOD": "GET",
        "REQUEST_URI": smoke.path,
        "DOCUMENT_URI": "/index.php",
        "SCRIPT_NAME": "/index.php",
        "SCRIPT_FILENAME": script,
        "DOCUMENT_ROOT": root,
        "PATH_INFO": "",
        "QUERY_STRING": smoke.path.partition("?")[2],
        "HTTP_HOST": name,
        "HTTP_USER_AGENT": "stalewatch",
        "HTTP_ACCEPT": "*/*",
        **_passed(report, root),
    }


def _passed(report: Report, root: str) -> dict[str, str]:
    """Variables that the web server passes with each request for a script in *root*."""
    web = report.host.web if report.host is not None else None
    site = next((site for site in (web.sites if web is not None else ()) if site.root == root), None)
    return {str(name): str(value) for name, value in site.variables} if site is not None else {}


def _entries(report: Report) -> Iterator[tuple[str, str]]:
    """Entry scripts with the name of their site, the one that is most probably right first."""
    web = report.host.web if report.host is not None else None
    for site in web.sites if web is not None else ():
        name = next((str(name) for name in site.names if _NAME.fullmatch(name)), "localhost")
        yield f"{site.root}/index.php", name
    runtime, app = report.runtime, str(report.app)
    if runtime is None or not app:
        return
    status = runtime.seen_status
    old = {str(finding.subject) for finding in report.findings if finding.code == OLD_SERVED.code}
    for script in status.scripts if status is not None else ():
        if script in old:  # what visitors are answered from is what the web server passes, whatever the link leads to
            yield str(script), "localhost"
    for script in status.scripts if status is not None else ():
        if script.startswith(f"{app}/") and script.endswith("/index.php"):
            yield str(script), "localhost"
    root = report.host.release.root if report.host is not None else ""
    seen = {str(place.path) for place in runtime.places or ()}
    for entry in ("public/index.php", "index.php"):
        if f"{root}/{entry}" in seen:
            yield f"{app}/{entry}", "localhost"


def judge(response: Response, smoke: Smoke) -> SmokeAnswer:
    """What *response* says of the application. PHP that shows its errors sends them with a status of 200."""
    asked = f"GET {smoke.path}"
    if response.script_missing:
        return not_asked("the pool does not find the entry script")
    if fatal := _FATAL.search(response.stderr):
        return SmokeAnswer(answers=False, words=safe(f"{asked} ends in a fatal error: {fatal[1]}", 300))
    said = f"{asked} answers {response.status}"
    if response.status != smoke.status if smoke.status else response.status >= 500:
        return SmokeAnswer(answers=False, words=safe(f"{said}, not {smoke.status}" if smoke.status else said))
    if smoke.text and smoke.text.encode() not in response.body:
        return SmokeAnswer(answers=False, words=safe(f"{said} without {smoke.text!r}", 300))
    return SmokeAnswer(answers=True, words=safe(said), status=response.status)


def with_answer(report: Report, asked: Mapping[str, str] | None, answer: SmokeAnswer) -> Report:
    """*report* with what the app answered to *asked*: a finding, or the reason why nothing is known of it
    (``docs/facts.md#app-answers``)."""
    if answer.answers is None:
        return replace(report, errors=(*report.errors, reasons.APP_NOT_ASKED.unseen(str(answer.words))))
    if answer.answers:
        return report
    facts = [evidence.text("answer", answer.words)]
    if asked is not None:
        facts += [evidence.text("script passed", asked["SCRIPT_FILENAME"]), _by_hand(report, asked)]
    return replace(
        report, findings=(APP_ERROR.finding("application", f"the application is broken: {answer.words}", facts), *report.findings)
    )


def _by_hand(report: Report, asked: Mapping[str, str]) -> Evidence:
    pool = report.fpm.pool if report.fpm is not None else None
    if pool is None or not pool.listen:
        return evidence.command("curl", "-si", "-H", f"Host: {asked['HTTP_HOST']}", f"http://127.0.0.1{asked['REQUEST_URI']}")
    names = ("SCRIPT_FILENAME", "SCRIPT_NAME", "DOCUMENT_ROOT", "REQUEST_METHOD", "REQUEST_URI", "QUERY_STRING", "HTTP_HOST")
    return evidence.command("env", *(f"{name}={asked[name]}" for name in names), "cgi-fcgi", "-bind", "-connect", str(pool.listen))
