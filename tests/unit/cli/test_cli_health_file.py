"""``init --health-file``: a file with a key that ``health_key_file`` finds in it, and no other place that shows the key."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from stalewatch.probe.health.key import read_key

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from click.testing import Result

    Stalewatch = Callable[..., Result]

KEY = "5e" * 32


def keys(text: str) -> set[str]:
    return set(re.findall(r"\b[0-9a-f]{64}\b", text))


def test_it_is_printed_with_a_new_key_each_time_and_the_key_is_found_in_it(stalewatch: Stalewatch, tmp_path: Path) -> None:
    first, second = stalewatch("init", "--health-file"), stalewatch("init", "--health-file", "web1")
    assert (first.exit_code, second.exit_code) == (0, 0)
    assert first.stdout.startswith("<?php\n")
    assert len(keys(first.stdout)) == len(keys(second.stdout)) == 1
    assert keys(first.stdout) != keys(second.stdout)
    assert keys(first.stderr) == set()
    assert "docs/health.md" in first.stderr
    kept = tmp_path / "health.php"
    kept.write_text(first.stdout)
    kept.chmod(0o600)
    assert {read_key(str(kept), "").decode()} == keys(first.stdout)


def test_the_key_that_is_configured_is_printed_again(stalewatch: Stalewatch, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHOP_KEY", KEY)
    (tmp_path / "stalewatch.toml").write_text(
        '[[server]]\ntarget = "web1"\nhealth_url = "http://web1/h.php"\nhealth_key_env = "SHOP_KEY"\n'
        '[[server]]\ntarget = "web2"\nhealth_url = "http://web2/h.php"\nhealth_key_file = "/nowhere/key"\n[[server]]\ntarget = "web3"\n'
    )
    assert keys(stalewatch("init", "--health-file", "web1").stdout) == {KEY}
    assert keys(stalewatch("init", "--health-file", "web3").stdout) not in ({KEY}, set())
    for targets, said in ((("web2",), "/nowhere/key: cannot be read"), ((), "several health keys are configured")):
        refused = stalewatch("init", "--health-file", *targets)
        assert (refused.exit_code, refused.stdout) == (2, "")
        assert said in refused.stderr
        assert refused.stderr.count("\n") == 1
    shown = stalewatch("config", "show")
    assert shown.exit_code == 0
    assert "SHOP_KEY" in shown.stdout
    assert KEY not in shown.stdout


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ('health_key_env = "SHOP_KEY"', "health_key_env, and no health_url beside it"),
        ('health_url = "http://web1/h"\nhealth_key_env = "K"\nhealth_key_file = "/k"', "only one of them"),
        ('health_url = "web1/h"', "is not http://HOST/PATH or https://HOST/PATH"),
        ('health_url = "http://a:b@web1/h"', "is not http://HOST/PATH or https://HOST/PATH"),
        ('health_url = "http://web1:99999/h"', "is not http://HOST/PATH or https://HOST/PATH"),
        ('health_url = "http://web1/h"\nhealth_key_file = "key"', "must begin with / or ~/"),
    ],
)
def test_what_makes_no_sense_is_one_line(stalewatch: Stalewatch, tmp_path: Path, lines: str, said: str) -> None:
    (tmp_path / "stalewatch.toml").write_text(f'[[server]]\ntarget = "web1"\n{lines}\n')
    refused = stalewatch("check")
    assert refused.exit_code == 2
    assert said in refused.stderr
    assert refused.stderr.count("\n") == 1
