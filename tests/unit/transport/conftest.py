from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.unit.transport.ssh_server import SshLab, ssh_lab


@pytest.fixture
async def lab(tmp_path: Path) -> AsyncIterator[SshLab]:
    async with ssh_lab(tmp_path) as made:
        yield made
