"""Who may know whom: the contracts of pyproject.toml, no cycles, and what each module really loads in an interpreter that knew nothing."""

from __future__ import annotations

import json
import logging
import subprocess
import sys
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import TYPE_CHECKING

import grimp
import pytest
from importlinter import cli as importlinter

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
MODULES = sorted(
    ".".join(path.relative_to(ROOT / "tui").with_suffix("").parts).removesuffix(".__init__")
    for path in (ROOT / "tui").rglob("*.py")
    if path.name != "__main__.py" and "files" not in path.parts
)
HEAVY = ("textual", "rich", "asyncssh", "msgspec", "asyncio", "click")

# Each module in a process of its own, forked from one that has imported nothing of ours and nothing heavy, but all that those need.
LOADER = """
import contextlib, gc, importlib, json, os, subprocess, sys
heavy = %r
all_of_it = "import asyncssh, click, humanize, msgspec, platformdirs, rich.console, sys, textual.app; print(*sys.modules)"
for name in subprocess.run([sys.executable, "-c", all_of_it], capture_output=True, text=True, check=True).stdout.split():
    if name.partition(".")[0] not in ("__main__", "_asyncio", *heavy):
        with contextlib.suppress(ImportError):
            importlib.import_module(name)
assert not set(heavy) & set(sys.modules), set(heavy) & set(sys.modules)
gc.disable()
found = {}
for name in json.load(sys.stdin):
    reader, writer = os.pipe()
    if os.fork() == 0:
        try:
            __import__(name)
            said = [package for package in heavy if package in sys.modules]
        except BaseException as error:
            said = f"{type(error).__name__}: {error}"
        os.write(writer, json.dumps(said).encode())
        os._exit(0)
    os.close(writer)
    with open(reader) as said:
        found[name] = json.load(said)
    os.wait()
print(json.dumps(found))
"""


@cache
def loaded() -> dict[str, list[str] | str]:
    """Module -> the heavy packages that importing it loads, or why it cannot be imported."""
    result = subprocess.run(
        [sys.executable, "-c", LOADER % (HEAVY,)], input=json.dumps(MODULES), capture_output=True, text=True, check=True, cwd=ROOT
    )
    found: dict[str, list[str] | str] = json.loads(result.stdout)
    return found


def below(module: str, *packages: str) -> bool:
    return any(module == package or module.startswith(f"{package}.") for package in packages)


def loads(package: str, *, but: tuple[str, ...]) -> list[str]:
    """Modules outside of *but* that load *package*."""
    return [module for module, heavy in loaded().items() if package in heavy and isinstance(heavy, list) and not below(module, *but)]


@pytest.fixture
def _loggers_stay_on() -> Iterator[None]:
    """import-linter configures logging, which turns every logger off that is there: later tests read what they say."""
    on = [logger for logger in logging.Logger.manager.loggerDict.values() if isinstance(logger, logging.Logger) and not logger.disabled]
    yield
    for logger in on:
        logger.disabled = False


@pytest.mark.usefixtures("_loggers_stay_on")
def test_the_contracts_of_pyproject_hold(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(ROOT)
    kept = importlinter.lint_imports(config_filename="pyproject.toml", no_cache=True) == importlinter.EXIT_STATUS_SUCCESS
    assert kept, capsys.readouterr().out


@pytest.mark.parametrize("types", [False, True], ids=["at run time", "types too"])
def test_no_module_needs_itself(types: bool) -> None:
    graph = grimp.build_graph("stalewatch", exclude_type_checking_imports=not types, cache_dir=None)
    needs = {module: graph.find_modules_directly_imported_by(module) for module in graph.modules}
    try:
        TopologicalSorter(needs).prepare()
    except CycleError as error:
        pytest.fail(" -> ".join(reversed(error.args[1])))


@pytest.mark.parametrize("module", MODULES)
def test_every_module_can_be_imported_first(module: str) -> None:
    assert isinstance(loaded()[module], list), loaded()[module]


def test_only_the_screens_load_textual() -> None:
    drawing = ("app", "filmed", "screens", "shutdown", "terminal_driver", "widgets")
    assert loads("textual", but=tuple(f"stalewatch.dashboard.{name}" for name in drawing)) == []


def test_only_text_for_people_loads_rich() -> None:
    """And of the dashboard's own files those alone that measure or draw: its table of actions does not."""
    drawing = (
        "stalewatch.cli.outputs.text_writer",
        "stalewatch.cli.outputs.text",
        "stalewatch.cli.outputs.plan_text",
        "stalewatch.cli.outputs.first_look",
        "stalewatch.cli.outputs.moving_picture",
        "stalewatch.cli.outputs.incident.document",
        "stalewatch.cli.outputs.incident.happened",
    )
    assert loads("rich", but=("stalewatch.dashboard", *drawing)) == []
    assert "rich" not in loaded()["stalewatch.dashboard.actions"]


def test_ssh_is_loaded_by_those_alone_who_speak_it() -> None:
    """The first frame must not wait for asyncssh: whoever needs it imports it when it connects."""
    assert loads("asyncssh", but=("stalewatch.transport", "stalewatch.demo", "stalewatch.engine")) == []


def test_the_command_line_loads_nothing_that_help_can_do_without() -> None:
    assert loaded()["stalewatch.cli.main"] == ["click"]
    assert loaded()["stalewatch"] == []


def test_only_the_command_line_loads_click() -> None:
    assert loads("click", but=("stalewatch.cli.main", "stalewatch.cli")) == []


def test_pure_modules_bring_no_event_loop() -> None:
    pure = (
        "stalewatch.diagnosis",
        "stalewatch.timeline",
        "stalewatch.model.report",
        "stalewatch.model.snapshot",
        "stalewatch.cli.outputs",
        "stalewatch.runbook.planner",
        "stalewatch.transport.fastcgi.codec",
    )
    assert [module for module in loads("asyncio", but=()) if below(module, *pure)] == []
