"""Every layout: as it is; edited and not reloaded, for a program that looked before and for one that did not; and reloaded."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.lab import Host, Lab, Unavailable
from tests.lab.waiting import until
from tests.strangers.looks import assert_said, look
from tests.strangers.table import DEBIAN_12, DEBIAN_13, LAYOUTS

pytestmark = [pytest.mark.lab, pytest.mark.timeout(300)]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """All layouts with ``--all-layouts``, else those of every day."""
    if "name" in metafunc.fixturenames:
        every = metafunc.config.getoption("--all-layouts", default=False)
        metafunc.parametrize("name", [layout.name for layout in LAYOUTS if every or layout.everyday])


def test_it_is_judged_as_it_serves(lab: Lab, stranger: Host, tmp_path: Path, name: str) -> None:
    layout = next(layout for layout in LAYOUTS if layout.name == name)
    try:
        layout.build(stranger)
    except Unavailable as reason:
        pytest.skip(str(reason))
    looked, never_looked = tmp_path / "looked", tmp_path / "never looked"
    assert layout.before in layout.served(stranger)
    assert_said(layout.first, layout.app, *look(lab, looked))

    layout.edit(stranger)
    served = layout.served(stranger)
    assert layout.before in served
    assert layout.after not in served
    assert_said(layout.then, layout.app, *look(lab, looked))
    assert_said(None, layout.app, *look(lab, never_looked))
    assert layout.before in layout.served(stranger)

    layout.reload(stranger)
    until(lambda: layout.after in layout.served(stranger), f"the new code of {name}")
    assert_said(layout.first, layout.app, *look(lab, looked))


def test_all_are_listed_where_it_says_so() -> None:
    text = (Path(__file__).parents[2] / "docs" / "testing.md").read_text()
    listed = [
        line.split("|")[1].strip() for line in text.partition("## Strangers")[2].partition("## ")[0].splitlines() if line.startswith("| ")
    ]
    assert listed[1:] == [layout.name for layout in (*DEBIAN_12, *DEBIAN_13)]
    assert len(DEBIAN_12) >= 10
