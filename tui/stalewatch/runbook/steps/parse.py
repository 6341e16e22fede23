"""Before anything is made to run: the PHP of the pool parses every script that would go live, without executing or caching it. Pure.

What the plan itself rebuilds is left out before, and is parsed once it is rebuilt, just before OPcache is made to read it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from stalewatch.model import figures
from stalewatch.model.layers import Layer
from stalewatch.model.parsing import Scripts, Trouble
from stalewatch.model.replace import replace
from stalewatch.model.text import safe
from stalewatch.runbook.plan import LeftOut, Outcome, Phase, Status, Step
from stalewatch.runbook.preflight import only_remembered
from stalewatch.runbook.step_spec import Proof, StepSpec, not_known, outcome

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from stalewatch.runbook.draft import Draft

FOLDERS = ("app", "bootstrap", "config", "routes", "src", "vendor/composer")
"""Where an application's own classes and settings are, and what loads all of them: what is new there may be asked for by the scripts that
changed."""
FRONT = ("public/index.php", "vendor/autoload.php")
"""What every request begins with, in a release that none was answered by yet."""
TIMEOUT = 20.0
NAMED = 3
_MAKES_RUN = ("invalidate", "reload")
_WORDS = {
    "utf-16": "is UTF-16: PHP takes it for text",
    "empty": "is empty",
    "irregular": "is no regular file",
    "unread": "cannot be read by the pool's user",
    "gone": "is gone, and every request begins with it: put it back or deploy again, then fix again",
}


def _wanted(draft: Draft) -> list[Step]:
    acting = draft.of_kind(*_MAKES_RUN)
    if not acting or not draft.may_ask:
        return []
    scripts = _scripts(draft, acting, _rebuilt(draft))
    reason = "what does not parse would answer every request with an error"
    return [PARSE.step(_command(scripts), reason, timeout=TIMEOUT, scripts=scripts)]


def guarded(draft: Draft) -> list[Step]:
    """The acting steps of *draft*; those that make code run with the scripts that are parsed again just before: what was rebuilt is PHP,
    too, and the code may have changed meanwhile."""
    return [replace(step, scripts=_scripts(draft, [step])) if step.kind in _MAKES_RUN and draft.may_ask else step for step in draft.steps]


def _scripts(draft: Draft, acting: Sequence[Step], without: tuple[str, ...] = ()) -> Scripts:
    paths = tuple(dict.fromkeys(path for step in acting for path in step.paths))
    reloads = any(step.kind == "reload" for step in acting)
    switched = reloads and _switched(draft)
    folders = () if draft.looks_at_disk and not switched else _folders(draft, everybody=reloads)
    if folders and reloads:
        paths = tuple(dict.fromkeys((*paths, *map(draft.absolute, FRONT))))
    return Scripts(paths=paths, changed=reloads, folders=folders, older=switched, without=without)


def _switched(draft: Draft) -> bool:
    """Whether the release may be another one than OPcache has compiled: its files are as old as they like."""
    at, opcache = draft.host.release.switched_at, draft.opcache
    return at is not None and (opcache is None or at >= opcache.since)


def _folders(draft: Draft, *, everybody: bool) -> tuple[str, ...]:
    others = map(str, draft.host.other_apps) if everybody else ()
    roots = dict.fromkeys((str(draft.host.release.root or draft.report.app), *others))
    return tuple(f"{root}/{folder}" for root in roots for folder in FOLDERS)


def _rebuilt(draft: Draft) -> tuple[str, ...]:
    """Files and folders that the plan's own steps write or remove."""
    layers = {step.layer for step in draft.of_kind("clear", "rebuild")}
    names = {file.name for layer in layers if layer is not None for file in layer.spec.files}
    found = [draft.absolute(str(cache.path)) for cache in draft.host.caches if cache.name in names]
    if Layer.VIEWS in layers:
        found += [draft.absolute(str(view.compiled.path)).rpartition("/")[0] for view in draft.host.views.views]
    if draft.of_kind("compile"):
        found.append(draft.absolute("var/cache"))
    return tuple(dict.fromkeys(found))


def _command(scripts: Scripts) -> str:
    what = ["every cached script that the disk has otherwise"] if scripts.changed else [figures.count(len(scripts.paths), "script")]
    what += ["new files of the application"] if scripts.folders else []
    return f"php -l, by the pool itself, of {' and '.join(what)}"


def _left_out(draft: Draft) -> Iterator[LeftOut]:
    if draft.of_kind(*_MAKES_RUN) and not draft.may_ask:
        yield LeftOut(safe("parse"), safe("the pool can't be asked: whether the new code parses is not checked"))


def proven(proof: Proof) -> Outcome:
    """Whether nothing of it is broken; also just before a step that makes it run."""
    parsed = proof.parsed
    if parsed is None:
        return outcome(Status.FAILED, why="not known whether the new code parses: the link was lost")
    if why := only_remembered(parsed.remembered, proof.sent):
        return outcome(Status.FAILED, why=why)
    broken = [each for each in parsed.trouble if each.broken]
    if broken:
        return outcome(Status.FAILED, why=_told(proof, broken))
    unchecked = [f"{each.path}: too big" for each in parsed.trouble[:NAMED]]
    more = len(parsed.trouble) - len(unchecked)
    unchecked += [f"{more} more"] if more else []
    unchecked += [str(parsed.why)] if parsed.why else []
    count = f"{figures.count(parsed.count - len(parsed.trouble), 'script')} without an error"
    if unchecked:
        return not_known(f"not everything was parsed: {'; '.join(unchecked)}", count)
    return outcome(Status.DONE, parsed=count if parsed.count else "nothing: no script is new or changed")


def _told(proof: Proof, broken: list[Trouble]) -> str:
    root = f"{proof.before.host.release.root if proof.before.host else proof.server.app}/"
    own = any(str(each.path).startswith((root, f"{proof.server.app}/")) for each in broken)
    named = "; ".join(_one(each) for each in broken[:NAMED])
    more = f"; and {len(broken) - NAMED} more" if len(broken) > NAMED else ""
    code = "the new code" if own else "new code of another application of this PHP-FPM"
    opcache = proof.before.opcache
    still = "; the old code is still served" if opcache is not None and opcache.enabled and not opcache.validate_timestamps else ""
    trouble = "cannot run" if all(each.kind == "gone" for each in broken) else "does not parse"
    return f"{code} {trouble}: {named}{more}{still}"


def _one(trouble: Trouble) -> str:
    if trouble.kind == "syntax":
        return f"{trouble.path}:{trouble.line} ({trouble.said})"
    return f"{trouble.path} {_WORDS.get(trouble.kind, trouble.kind)}"


PARSE = StepSpec(kind="parse", phase=Phase.PREFLIGHT, via="fastcgi", wanted=_wanted, prove=proven, left_out=_left_out)
