"""Mutants: the package with one small mistake in it, and whether the tests notice. ``python -m tests.mutants [MODULE…]``.

MODULE: a path below ``stalewatch`` such as ``diagnosis/opcache/*``; by default ``diagnosis`` and ``runbook``. mutmut makes the
mistakes in a copy below ``build/mutants`` and keeps what it found: run it again after a change, and it runs what the change can have
altered. ``--sample N`` runs N of each module, always the same ones, and tries again what lived before. ``--show`` prints each mutant
that lived. docs/testing.md says what it cannot see.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).parents[1]
PLACE = ROOT / "build" / "mutants"
USUAL = ("diagnosis/*", "runbook/*")
NOT_MUTATED = (
    "diagnosis/opcache/codes.py",
    "diagnosis/rules.py",
    "runbook/verdict_words.py",
    "runbook/driver.py",
    "runbook/remote_lock.py",
    "runbook/server_executor.py",
    "runbook/audit_log.py",
)
"""Tables, which are made at import, before a mutant is chosen; and what talks to real shells, whose tests take seconds each."""
TESTS = (
    "tests/unit/diagnosis",
    "tests/unit/runbook/test_cleared_layers.py",
    "tests/unit/runbook/test_commands.py",
    "tests/unit/runbook/test_execute.py",
    "tests/unit/runbook/test_how_a_run_ends.py",
    "tests/unit/runbook/test_plan_details.py",
    "tests/unit/runbook/test_planner.py",
    "tests/unit/runbook/test_step_bounds.py",
    "tests/unit/runbook/test_step_proofs.py",
    "tests/unit/runbook/test_steps.py",
    "tests/unit/runbook/test_verify.py",
)
SLOW = (
    "tests/unit/diagnosis/test_anything.py",
    "tests/unit/diagnosis/test_codes.py::test_no_rule_is_dead",
    "tests/unit/diagnosis/test_properties.py",
    "tests/unit/diagnosis/test_chain.py::test_taking_a_premise_away_makes_no_layer_greener",
    "tests/unit/runbook/test_commands.py::test_no_name_reaches_a_shell_unquoted",
    "tests/unit/runbook/test_execute.py::test_whatever_the_outcomes_every_server_ends_once_and_no_step_runs_twice",
)
"""Left out: properties over generated values find more, but take seconds for each mutant. So a score is a lower bound."""
SEED = "stalewatch"
COPIED = ("tests", "docs", "themes", "examples", "README.md", "LICENSE", "CONTRIBUTING.md")
LEFT_OUT = 34
STATES = {0: "lived", 33: "not reached", 5: "not reached", LEFT_OUT: "not run"} | dict.fromkeys(
    (1, 3, 24, 36, 152, 255, -9, -11, -24), "killed"
)
"""mutmut's exit codes. A mutant that never ends, or ends the process, is noticed."""


def configuration(modules: tuple[str, ...], tests: tuple[str, ...]) -> str:
    """The pyproject.toml of the copy: pytest's part of ours, and mutmut's."""
    ours = (ROOT / "pyproject.toml").read_text()
    begin = ours.index("[tool.pytest.ini_options]")
    pytest = ours[begin : ours.index("\n# ---", begin)]
    told = {
        "source_paths": ["src"],
        "only_mutate": [f"src/stalewatch/{module}" for module in modules],
        "do_not_mutate": [f"src/stalewatch/{module}" for module in NOT_MUTATED],
        "also_copy": [name for name in COPIED if name != "tests"],
        "pytest_add_cli_args": ["-n", "0", "-p", "no:cacheprovider", "-x", *(f"--deselect={test}" for test in SLOW)],
        "pytest_add_cli_args_test_selection": list(tests),
        "timeout_constant": 10.0,
    }
    return pytest + "\n[tool.mutmut]\n" + "".join(f"{key} = {json.dumps(value)}\n" for key, value in told.items())


def prepare(modules: tuple[str, ...], tests: tuple[str, ...]) -> None:
    """Copy the package and its tests; what mutmut found before stays."""
    (PLACE / "src").mkdir(parents=True, exist_ok=True)
    ignored = shutil.ignore_patterns("__pycache__")
    for name, place in (("tui/stalewatch", "src/stalewatch"), *((name, name) for name in COPIED)):
        target = PLACE / place
        if (ROOT / name).is_dir():
            shutil.rmtree(target, ignore_errors=True)
            shutil.copytree(ROOT / name, target, ignore=ignored)
        else:
            shutil.copy2(ROOT / name, target)
    (PLACE / "pyproject.toml").write_text(configuration(modules, tests))


def draw(size: int) -> None:
    """Leave out all but SIZE mutants of each module, the same ones each time; a greater SIZE keeps those of a smaller one."""
    for path in sorted((PLACE / "mutants" / "src" / "stalewatch").rglob("*.meta")):
        told = json.loads(path.read_text())
        codes: dict[str, int | None] = told["exit_code_by_key"]
        drawn = sorted(codes, key=lambda name: hashlib.sha256(f"{SEED} {name}".encode()).digest())[:size]
        for name, code in codes.items():
            if name not in drawn:
                codes[name] = LEFT_OUT
            elif code is not None and STATES.get(code) != "killed":
                codes[name] = None
        path.write_text(json.dumps(told, indent=4))


def found() -> dict[str, Counter[str]]:
    """Module -> how many of its mutants ended how."""
    modules: dict[str, Counter[str]] = {}
    base = PLACE / "mutants" / "src" / "stalewatch"
    for path in sorted(base.rglob("*.meta")):
        codes = json.loads(path.read_text())["exit_code_by_key"].values()
        if codes:
            modules[path.relative_to(base).as_posix().removesuffix(".meta")] = Counter(
                "not run" if code is None else STATES.get(code, "broken") for code in codes
            )
    return modules


def table(modules: dict[str, Counter[str]]) -> list[str]:
    """A row for each module, and all. The score is killed of those that were run and reached by a test."""
    every = sum(modules.values(), Counter[str]())
    rows = [f"{'':<34}{'killed':>8}{'lived':>8}{'not reached':>13}{'not run':>9}{'score':>8}"]
    for name, ended in (*modules.items(), ("all", every)):
        tried = ended["killed"] + ended["lived"]
        score = f"{100 * ended['killed'] / tried:.0f} %" if tried else "-"
        rows.append(f"{name:<34}{ended['killed']:>8}{ended['lived']:>8}{ended['not reached']:>13}{ended['not run']:>9}{score:>8}")
    return rows


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m tests.mutants", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("modules", nargs="*", metavar="MODULE", default=list(USUAL))
    parser.add_argument("--tests", nargs="+", default=list(TESTS), help="the tests that look for them")
    parser.add_argument("--minutes", type=float, default=60.0, help="stop after this time and say what was not run (default: 60)")
    parser.add_argument("--sample", type=int, metavar="N", help="run N mutants of each module, always the same ones")
    parser.add_argument("--show", action="store_true", help="print the mutants that lived, and run nothing")
    asked = parser.parse_args()
    mutmut = [sys.executable, "-m", "mutmut"]
    if not asked.show:
        prepare(tuple(asked.modules), tuple(asked.tests))
        children = str(os.cpu_count() or 1)
        if asked.sample:
            # A name that no mutant has: mutmut makes them all, maps the tests, and runs none.
            subprocess.run([*mutmut, "run", "none"], cwd=PLACE, capture_output=True, check=False)
            draw(asked.sample)
        try:
            subprocess.run([*mutmut, "run", "--max-children", children], cwd=PLACE, timeout=60 * asked.minutes, check=False)
        except subprocess.TimeoutExpired:
            print(f"\nstopped after {asked.minutes:g} minutes")
        print(*table(found()), sep="\n")
        return 0
    listed = subprocess.run([*mutmut, "results"], cwd=PLACE, capture_output=True, text=True, check=True).stdout
    for line in listed.splitlines():
        name, _, state = line.strip().partition(": ")
        if state == "survived":
            print(subprocess.run([*mutmut, "show", name], cwd=PLACE, capture_output=True, text=True, check=True).stdout)
    return 0


if __name__ == "__main__":
    sys.exit(main())
