"""No module of the program is longer than a person reads at once, and no function longer than a screen."""

from __future__ import annotations

import ast
from pathlib import Path

ROOT = Path(__file__).parents[2] / "tui" / "stalewatch"
MOST_LINES, MOST_LINES_OF_A_FUNCTION = 400, 60
TABLES = {"model/reasons.py"}
"""A row for each reason, and nothing else."""
SOURCES = {str(path.relative_to(ROOT)): path.read_text("utf-8") for path in sorted(ROOT.rglob("*.py"))}


def test_no_module_is_too_long() -> None:
    lines = {path: text.count("\n") for path, text in SOURCES.items()}
    assert len(lines) > 300
    assert {path for path, count in lines.items() if count > MOST_LINES} <= TABLES


def test_no_function_is_too_long() -> None:
    functions = {
        f"{path}:{node.lineno} {node.name}": (node.end_lineno or 0) - node.lineno + 1
        for path, text in SOURCES.items()
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }
    assert len(functions) > 2000
    assert {name: count for name, count in functions.items() if count > MOST_LINES_OF_A_FUNCTION} == {}


def test_no_module_is_a_drawer_for_what_has_no_place() -> None:
    assert [path for path in SOURCES if Path(path).stem in ("utils", "util", "helpers", "misc", "common")] == []
