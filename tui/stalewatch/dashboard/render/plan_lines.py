"""A plan as lines: what it changes, every step with its exact command and reason, what is only checked, what is left out. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stalewatch.dashboard.actions import key_of
from stalewatch.dashboard.render.cells import cell_len, set_cell_size
from stalewatch.dashboard.render.lines import BLANK, Line, Span, line, paragraph, wrap
from stalewatch.dashboard.render.plan_words import changes, cost, kills
from stalewatch.model import figures
from stalewatch.runbook.plan import Choice, Phase

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from stalewatch.model.inventory import AppKey
    from stalewatch.runbook.plan import Plan, ServerPlan, Step

CAUSES = 4
"""So many different causes are told before the steps."""
TITLES = {
    Choice.CLEAR: "clear caches",
    Choice.REBUILD: "rebuild caches",
    Choice.RELOAD: "reload PHP-FPM",
    Choice.FIX: "fix what is stale",
    Choice.VERIFY: "look again",
}


def title(plan: Plan) -> str:
    """Where, and what for."""
    names = [server.server for server in plan.servers]
    pace = "one at a time" if plan.batch == 1 else f"{plan.batch} at a time"
    where = names[0] if len(names) == 1 else f"{len(names)} servers, {pace}"
    return f"{where}: {TITLES[plan.request.choice]}"


def word_to_type(plan: Plan) -> str:
    """The app's name where it must be typed: several servers, production, a deploy under way, or requests that would
    be killed. "" where it need not."""
    doing = [server for server in plan.servers if server.runnable]
    if len(doing) > 1 or any(server.production or server.in_flight or server.deploying for server in doing):
        return " ".join(dict.fromkeys(server.name for server in doing))
    return ""


def plan_lines(plan: Plan, width: int, notice: str = "", why: Mapping[AppKey, str] | None = None) -> list[Line]:
    """The whole plan in lines of *width*; long commands are wrapped, never cut. Servers with the same steps are shown once.

    *why*: by app, what runs there, what the disk has and why nobody noticed."""
    rows: list[Line] = []
    if notice:
        rows += [*paragraph(notice, width, "notice"), BLANK]
    if not plan.runnable and not any(server.blocked for server in plan.servers):
        rows += [*paragraph(_why_not(plan), width, "strong"), BLANK]
    if len(plan.servers) > 1:
        rows += [*_overview(plan.servers, width), *_causes(plan.servers, why or {}, width), BLANK]
    groups: dict[tuple[object, ...], list[ServerPlan]] = {}
    for server in plan.servers:
        groups.setdefault(_sameness(server), []).append(server)
    for alike in groups.values():
        rows += [*server_lines(alike, width, alone=len(plan.servers) == 1, why=(why or {}).get(alike[0].key, "")), BLANK]
    return rows[:-1]


def _why_not(plan: Plan) -> str:
    """Why nothing can be run: good news only where nothing is left to a person."""
    more = "" if plan.request.everything else f" Press {key_of('everything')} for the whole sequence anyway."
    if any(server.left_out for server in plan.servers):
        return f"No key ends this: what is left out, and why, stands below.{more}"
    return f"Nothing needs to be done.{more}"


def _sameness(server: ServerPlan) -> tuple[object, ...]:
    return (server.app, server.production, server.steps, server.blocked, server.warnings, server.left_out, server.in_flight)


# ---------------------------------------------------------------------------------------------------------------- what it changes


def _overview(servers: Sequence[ServerPlan], width: int) -> list[Line]:
    """One paragraph a server: what is changed there."""
    name = min(24, max(cell_len(server.server) for server in servers))
    rows: list[Line] = []
    for server in servers:
        lead = f" {set_cell_size(server.server, max(name, cell_len(server.server)))}  "
        first, *rest = _sentence(server, width - cell_len(lead))
        rows.append(Line((Span(lead, "title"), *first.spans)))
        rows += [Line((Span(" " * cell_len(lead)), *row.spans)) for row in rest]
    return rows


def _causes(servers: Sequence[ServerPlan], why: Mapping[AppKey, str], width: int) -> list[Line]:
    """What runs now, and why: each cause once, with the servers that share it where not all of them do."""
    sharing: dict[str, list[str]] = {}
    for server in servers:
        if told := why.get(server.key):
            sharing.setdefault(told, []).append(server.server)
    shown = list(sharing.items())[:CAUSES]
    everywhere = len(shown) == 1 and len(shown[0][1]) == len(servers)
    rows = [f"Now {told}." if everywhere else f"Now {figures.several(names, 4)}: {told}." for told, names in shown]
    if rest := sum(map(len, list(sharing.values())[CAUSES:])):
        rows.append(f"… and {figures.count(rest, 'more server')}: each pane says why.")
    return [row for words in rows for row in paragraph(words, width, "text", hang="  ")]


def _sentence(server: ServerPlan, width: int) -> list[Line]:
    """What is changed, and what that costs; or why nothing is."""
    if server.blocked:
        blocked = [f"✗ blocked, nothing will run here: {words}" for words in server.blocked]
        return [row for words in blocked for row in paragraph(words, width, "stale-mark", hang="  ")]
    if not server.acting:
        return [line(Span(_idle(server), "muted"))]
    words = changes(server)
    what, price = Span(f"{words[0].upper()}{words[1:]};", "strong"), Span(f"{cost(server)}.", "warning" if kills(server) else "fresh-mark")
    whole = line(what, " ", price)
    return [whole] if whole.width <= width else [row for span in (what, price) for row in paragraph(span.text, width, span.role)]


def _idle(server: ServerPlan) -> str:
    if server.steps:
        return "only looks; changes nothing"
    return "no steps: no key helps here" if server.left_out else "no steps: nothing to do"


# ------------------------------------------------------------------------------------------------------------------ the servers


def server_lines(alike: Sequence[ServerPlan], width: int, *, alone: bool, why: str = "") -> list[Line]:
    """Servers with the same steps, shown once; *alone*: the whole plan is one server, and its sentence stands here, and *why*."""
    server = alike[0]
    rows: list[Line] = []
    if not alone:
        rows += paragraph(", ".join(each.server for each in alike), width, "title")
    more = ("   production" if server.production else "") + ("   same steps on each server" if len(alike) > 1 else "")
    rows += paragraph(f"{server.app}{more}", width, "warning" if server.production else "muted")
    rows += _sentence(server, width) if alone else []
    rows += paragraph(f"Now {why}.", width, "text", hang="  ") if alone and why else []
    rows += [
        row for words in server.warnings for row in paragraph(f"! {words}", width, "warning", "", "  ") if words != "this is production"
    ]
    rows += _in_order(server, width)
    if server.left_out:
        rows += [
            BLANK,
            *(row for left in server.left_out for row in paragraph(f"– left out: {left.what}: {left.why}", width, "muted", "", "  ")),
        ]
    return rows


def _in_order(server: ServerPlan, width: int) -> list[Line]:
    """The steps as they follow each other, with the numbers that progress and result give them too."""
    rows: list[Line] = []
    head = ""
    for number, step in enumerate(server.steps, 1):
        what = _part(step, blocked=bool(server.blocked))
        if what != head:
            head = what
            rows += [BLANK, line(Span(head, "accent"))]
        rows += step_lines(step, number, width) if step.acting else check_lines(step, number, width)
    return rows


def _part(step: Step, *, blocked: bool) -> str:
    if step.acting:
        return "Commands that would run" if blocked else "Commands that run"
    return "Checks before" if step.phase is Phase.PREFLIGHT else "Checks after"


def step_lines(step: Step, number: int, width: int) -> list[Line]:
    """A step: its phase and reason, and under it the command as it is run."""
    reason = paragraph(str(step.reason), width - 15, "text")
    first = Line((Span(f" {number:>2} "), Span(f"{step.label:<10} ", "key"), *reason[0].spans))
    rest = [Line((Span(" " * 15), *row.spans)) for row in reason[1:]]
    return [first, *rest, *(row for piece in _pieces(step) for row in paragraph(piece, width, "command", "    ", "    "))]


def check_lines(step: Step, number: int, width: int) -> list[Line]:
    """A check in as few rows as it takes: the command, and behind it why."""
    pieces = [row for piece in _pieces(step) for row in wrap(piece, width - 4, "  ")]
    reason = f"  {step.reason}"
    rows = [line(f" {number:>2} " if at == 0 else "    ", Span(piece, "command")) for at, piece in enumerate(pieces)]
    if rows[-1].width + cell_len(reason) <= width:
        rows[-1] = Line((*rows[-1].spans, Span(reason, "muted")))
        return rows
    return rows + paragraph(str(step.reason), width, "muted", "      ")


def _pieces(step: Step) -> list[str]:
    """As a person would read it: ``$`` before what a shell runs, ``>`` before each thing that is asked of PHP."""
    if step.via == "look":
        return [step.command]
    if step.via == "shell":
        return [f"$ {step.command}"]
    *calls, last = step.command.split("; ")
    return [*(f"> {call};" for call in calls), f"> {last}   (through {step.via})"]
