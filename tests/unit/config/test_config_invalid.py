"""One file per mistake; its first line is what a person is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from stalewatch.config.load import load
from stalewatch.model.errors import UsageError

INVALID = sorted((Path(__file__).parent / "invalid").glob("*.toml"))


@pytest.mark.parametrize("example", INVALID, ids=lambda path: path.stem)
def test_a_mistake_is_told_with_its_place(example: Path, tmp_path: Path) -> None:
    text = example.read_text()
    (tmp_path / "stalewatch.toml").write_text(text)
    with pytest.raises(UsageError) as error:
        load([], folder=tmp_path)
    assert f"# says: {error.value.message}" == text.splitlines()[0]


def test_a_file_that_is_not_utf_8(tmp_path: Path) -> None:
    (tmp_path / "stalewatch.toml").write_bytes(b'[[server]]\ntarget = "\xff"\n')
    with pytest.raises(UsageError, match=r"stalewatch\.toml: is not UTF-8 \(byte 21\)"):
        load([], folder=tmp_path)


def test_a_folder_in_the_place_of_the_file(tmp_path: Path) -> None:
    (tmp_path / "stalewatch.toml").mkdir()
    with pytest.raises(UsageError, match="cannot be read: Is a directory"):
        load([], folder=tmp_path)
