"""What holds for every test: nothing of the person who runs them is read or written."""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

if TYPE_CHECKING:
    from pathlib import Path


# The program is started some hundred times: it must not be compiled again each time, whatever the surroundings say.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
# Other users read what tests write.
os.umask(0o022)
# A shell has what it starts in the background ignore Ctrl-C, nohup a hang-up, and so would every program of a test.
for _number, _handler in ((signal.SIGINT, signal.default_int_handler), (signal.SIGHUP, signal.SIG_DFL), (signal.SIGTERM, signal.SIG_DFL)):
    if signal.getsignal(_number) is signal.SIG_IGN:
        signal.signal(_number, _handler)
# A person's taste, the session that a terminal stands in, and what git gives to a hook are not the tests' own.
for _name in ("NO_COLOR", "FORCE_COLOR", "STALEWATCH_THEME", "TMUX", "GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE"):
    os.environ.pop(_name, None)
# Nor are a person's settings of git: who has every commit signed has no key in a test.
os.environ.update(GIT_CONFIG_GLOBAL="/dev/null", GIT_CONFIG_NOSYSTEM="1")


# A busy machine is no fault, and a draw that fails belongs to who went to look for it: `--hypothesis-profile=drawn` draws anew.
settings.register_profile("drawn", deadline=None)
settings.register_profile("same", settings.get_profile("drawn"), derandomize=True)
settings.load_profile("same")

LONGEST_FIRST = ("test_truth.py", "test_answers_pty.py")
"""A file is run by one worker: begun last, one of minutes would be waited for by all of them."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: LONGEST_FIRST.index(item.path.name) if item.path.name in LONGEST_FIRST else len(LONGEST_FIRST))


@pytest.fixture(autouse=True)
def _own_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Configuration, state, cache and log folders of this test only: what one run remembers must not help another."""
    for variable in ("XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME", "XDG_DATA_HOME"):
        monkeypatch.setenv(variable, str(tmp_path / variable.lower()))
