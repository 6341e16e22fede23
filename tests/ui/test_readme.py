"""README's table of keys is the program's, and its pictures are those of the program."""

from __future__ import annotations

import re
from pathlib import Path

from stalewatch.dashboard.actions import markdown_table

README = Path(__file__).parents[2] / "README.md"


def test_the_table_of_keys_in_the_readme_is_the_one_the_program_works_by() -> None:
    """``python -m stalewatch.dashboard.actions`` prints it."""
    found = re.search(r"<!-- keys -->\n(.*?)<!-- /keys -->", README.read_text("utf-8"), re.DOTALL)
    assert found is not None, "the markers are gone"
    assert found[1].strip() == markdown_table().strip()


def test_the_pictures_in_the_readme_are_those_that_are_made() -> None:
    """``make screenshots`` makes them all."""
    shown = set(re.findall(r"!\[[^\]]+\]\(screenshots/([^)]+)\)", README.read_text("utf-8")))
    assert shown == {path.name for path in (README.parent / "screenshots").iterdir()}
