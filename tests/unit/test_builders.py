"""Values for tests are built in one place."""

from __future__ import annotations

import re
from pathlib import Path

TESTS = Path(__file__).parents[1]
FOLDERS_OF_DATA = {"__pycache__", "__snapshots__", "golden", "invalid", "cassettes", "files"}


def test_every_folder_of_tests_is_a_package() -> None:
    """Two files of one name in folders that are no packages are one module to pytest, and the second is never collected."""
    folders = {path.parent for path in TESTS.rglob("*.py") if not FOLDERS_OF_DATA & set(path.relative_to(TESTS).parts)}
    assert len(folders) > 10
    assert not sorted(str(folder) for folder in folders if not (folder / "__init__.py").exists())


def test_no_test_imports_a_builder_from_the_folder_of_other_tests() -> None:
    """Several folders use one: then it belongs to ``tests/builders``."""
    borrowed = [
        f"{path.relative_to(TESTS)}: {line}"
        for path in sorted((TESTS / "unit").rglob("*.py"))
        for line in path.read_text().splitlines()
        for found in [re.match(r"\s*from tests\.unit\.(\w+)\b", line)]
        if found and found[1] != path.relative_to(TESTS / "unit").parts[0] and (TESTS / "unit" / found[1]).is_dir()
    ]
    assert not borrowed
