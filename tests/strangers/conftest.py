"""One host, restored for every layout, whose pool never looks at the disk."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.lab import Host, Lab, Unavailable


@pytest.fixture(scope="session")
def lab() -> Iterator[Lab]:
    """Skips, with the reason, where hosts cannot be made."""
    try:
        running = Lab(1).__enter__()
    except Unavailable as reason:
        pytest.skip(str(reason))
    yield running
    running.close()


@pytest.fixture
def stranger(lab: Lab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Host:
    """web1 in its known good state with validate_timestamps=0; the program remembers nothing of other layouts."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    lab.restore()
    host = lab["web1"]
    host.fpm(validate_timestamps=0)
    return host
