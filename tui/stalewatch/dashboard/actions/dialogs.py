"""Keys of the dialogs."""

from __future__ import annotations

from stalewatch.dashboard.actions.spec import EXPLANATION, FILTER, HELP, LINK, PALETTE, PLAN, PROGRESS, QUIT, TOO_SMALL, ActionSpec

_SCROLLING = (PLAN, PROGRESS, HELP, EXPLANATION, LINK, QUIT)


_PLANS = "changes or answers what is asked"
_ENDS = "closes a dialog"


def _dialog(id: str, keys: tuple[str, ...], label: str, help: str, *dialogs: str, fixed: str = "") -> ActionSpec:
    return ActionSpec(id, keys, label, help, "Dialogs", screens=frozenset(dialogs), fixed=fixed)


ROWS = (
    _dialog("everything", ("a",), "whole sequence", "plan: the whole sequence, or only what is needed", PLAN, fixed=_PLANS),
    _dialog(
        "invalidate", ("i",), "invalidate instead", "plan: invalidate scripts instead of a reload, or reload again", PLAN, fixed=_PLANS
    ),
    _dialog("in_flight", ("w",), "kill requests", "plan: reload now and kill requests in flight, or wait for them", PLAN, fixed=_PLANS),
    _dialog("during_deploy", ("d",), "despite the deploy", "plan: also where a deploy is under way", PLAN, fixed=_PLANS),
    _dialog("cache_clear", ("x",), "also cache:clear", "plan: with or without cache:clear", PLAN, fixed=_PLANS),
    _dialog("copy_plan", ("y",), "copy", "plan: copy it as Markdown", PLAN),
    _dialog("copy_result", ("y",), "copy", "progress: copy what it came to, in five lines for the channel", PROGRESS),
    _dialog("cancel", ("escape", "n", "q", "ctrl+c"), "cancel", "plan: close it; nothing is run", PLAN, fixed=_PLANS),
    _dialog("hide", ("escape", "enter", "q", "o", "ctrl+c"), "hide", "progress: hide it; the runbook goes on", PROGRESS, fixed=_ENDS),
    _dialog("close", ("escape", "q", "ctrl+c", "question_mark", "f1"), "close", "help: close it", HELP, fixed=_ENDS),
    _dialog("close_explanation", ("escape", "x", "q", "ctrl+c"), "close", "explanation: close it", EXPLANATION, fixed=_ENDS),
    _dialog("go_section", ("enter",), "section", "link of the chain: go to the section that tells more of it", LINK),
    _dialog("close_link", ("escape", "q", "ctrl+c"), "close", "link of the chain: close it", LINK, fixed=_ENDS),
    _dialog("stay", ("escape", "ctrl+c"), "stay", "quit question: stay", QUIT, fixed=_PLANS),
    _dialog("next_button", ("left", "right", "h", "l"), "next button", "the other button, as tab", PLAN, QUIT, fixed=_PLANS),
    _dialog("scroll_up", ("up", "k", "ctrl+y"), "up", "scroll up", *_SCROLLING),
    _dialog("scroll_down", ("down", "j", "ctrl+e"), "down", "scroll down", *_SCROLLING),
    _dialog("scroll_page_up", ("pageup", "ctrl+b"), "page up", "scroll up a page", *_SCROLLING),
    _dialog("scroll_page_down", ("pagedown", "ctrl+f", "space"), "page down", "scroll down a page", *_SCROLLING),
    _dialog("scroll_half_up", ("ctrl+u",), "half a page up", "scroll up half a page", *_SCROLLING),
    _dialog("scroll_half_down", ("ctrl+d",), "half a page down", "scroll down half a page", *_SCROLLING),
    _dialog("scroll_first", ("home", "g"), "first row", "scroll to the first row", *_SCROLLING),
    _dialog("scroll_last", ("end", "G"), "last row", "scroll to the last row", *_SCROLLING),
    _dialog("leave_palette", ("escape", "ctrl+c"), "close", "palette: close it", PALETTE, fixed=_ENDS),
    _dialog("complete", ("tab",), "complete", "filter: complete the word", FILTER, fixed="works in a box to type in"),
    _dialog("leave_small", ("q", "ctrl+c"), "quit", "terminal too small: quit", TOO_SMALL, fixed="quits where nothing else is shown"),
)
