"""A man page for each command, made from it."""

from __future__ import annotations

import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from stalewatch.cli.main import COMMANDS, main
from tests.man_pages import write
from tests.unit.test_docs import options_of

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return {page.name: page for page in write(tmp_path_factory.mktemp("man"))}


def test_every_command_has_a_page_with_its_options(pages: dict[str, Path]) -> None:
    assert set(pages) == {"stalewatch.1", *(f"stalewatch-{name}.1" for name in COMMANDS)}
    for name in COMMANDS:
        text = pages[f"stalewatch-{name}.1"].read_text().replace("\\-", "-")
        assert [
            option for option in options_of(name) if option not in text and option not in main.context_settings["help_option_names"]
        ] == []
        assert f"stalewatch-{name} - {COMMANDS[name]}" in text
        assert f"stalewatch {name}" in pages["stalewatch.1"].read_text()


@pytest.mark.skipif(shutil.which("mandb") is None, reason="no man-db on this machine")
def test_man_reads_them_without_a_warning(pages: dict[str, Path]) -> None:
    for page in pages.values():
        shown = subprocess.run(
            ["man", "--warnings", "-l", str(page)],
            capture_output=True,
            text=True,
            check=False,
            env={"PATH": "/usr/bin:/bin", "MANWIDTH": "80", "LC_ALL": "C.UTF-8"},
        )
        assert (shown.returncode, shown.stderr) == (0, "")
        assert "OPTIONS" in shown.stdout or "SYNOPSIS" in shown.stdout
