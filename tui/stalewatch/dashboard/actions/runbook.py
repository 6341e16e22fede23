"""Keys that plan, look again, and show what runs."""

from __future__ import annotations

from collections.abc import Callable

from stalewatch.dashboard.actions.spec import SCREENS, ActionContext, ActionSpec, needs_server
from stalewatch.model.report import Verdict
from stalewatch.runbook.plan import Choice


def _acts(context: ActionContext) -> str:
    if not context.verdicts:
        return "no server is selected"
    if not context.seen or context.barred:
        return _alarmed(context) or "not looked at yet: nothing to plan from"
    return "a runbook is running" if context.running else ""


SHORT = 48
"""Cells of a command that the last line of 80 columns has room for."""


def _alarmed(context: ActionContext) -> str:
    """Why no plan ends the alarm, and what does: the command itself where that starts PHP-FPM and is not cut."""
    if context.down and 0 < len(context.ends) <= SHORT:
        return f"{context.alarm}: first type {context.ends}"
    return f"{context.alarm}: no runbook ends that; its pane says what to type" if context.alarm else ""


def _reloads(context: ActionContext) -> str:
    """A PHP-FPM that is down is started by hand: a reload only reaches one that serves."""
    return _acts(context) or (_alarmed(context) if context.down else "")


def _fixes(context: ActionContext) -> str:
    if reason := _acts(context):
        return reason
    if context.alarm and context.stepless:
        return _alarmed(context)
    if {Verdict.STALE, Verdict.SUSPECT, Verdict.PENDING} & set(context.verdicts):
        return ""
    if context.alarm:
        return _alarmed(context)
    return "not known now: v looks again" if Verdict.UNKNOWN in context.verdicts else "nothing is stale here"


def _plan(key: str, choice: Choice, help: str, why_not: Callable[[ActionContext], str] = _acts) -> ActionSpec:
    """A key that opens a plan; the action is called as the choice is."""
    name = choice.value
    return ActionSpec(name, (key,), name, help, "Runbook", acting=True, footer=SCREENS, choice=choice, why_not=why_not)


ROWS = (
    _plan("c", Choice.CLEAR, "open a plan that clears the existing caches"),
    _plan("b", Choice.REBUILD, "open a plan that rebuilds what was cached"),
    _plan("r", Choice.RELOAD, "open a plan that reloads PHP-FPM gracefully", _reloads),
    _plan("f", Choice.FIX, "open a plan that makes the server run the new code", _fixes),
    ActionSpec(
        "verify",
        ("v", "R"),
        "verify",
        "look again now; changes nothing",
        "Runbook",
        footer=SCREENS,
        choice=Choice.VERIFY,
        why_not=needs_server,
    ),
    ActionSpec("progress", ("o",), "progress", "show the steps of the last runbook", "Runbook"),
)
