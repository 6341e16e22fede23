"""docs/incident-report.md is made from a recording of the demo, and a reader recognises the night in it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests import night

PAGE = Path(__file__).parents[3] / "docs" / "incident-report.md"


def test_the_page_is_what_the_recording_tells() -> None:
    """``make docs`` makes it."""
    assert PAGE.read_text("utf-8") == night.page()


@pytest.mark.parametrize(
    "told",
    [
        "- 12:26:05 CEST (10:26:05 UTC) `web1` ■ cache, config: configuration cached",
        "- 12:27:00 CEST (10:27:00 UTC) `web1` ▲ reload, fpm: reloaded, 7 workers",
        "- 12:38:02 CEST (10:38:02 UTC) `web1` ◆ deploy, git: 4f2a9c1 RetellFunctionCallHandler.php and 3 more by Mara Lindt",
        '- 12:49:04 CEST (10:49:04 UTC) `web1` ! errors, laravel.log: "Call context not found" ×15',
        "- `web1` ran old code **from 12:38:02 CEST (10:38:02 UTC) to 12:50:",
        "- **opcache** ✗ stale: the pool never looks at the disk (validate_timestamps=0)",
        "- **config** ✗ stale: config/services.php is 11 min newer than the configuration cache",
        "- **routes** ✗ stale: routes/api.php is 11 min newer than the route cache",
        "Status: **resolved**",
        "- `web1` api-gateway: ✗ stale → ✓ fresh",
        "On `web1` (`/srv/api-gateway`), by `mara@laptop`:",
        "artisan config:cache --no-interaction --no-ansi`",
        "- Reload PHP-FPM as the last step of every deploy",
    ],
)
def test_a_reader_recognises_the_night(told: str) -> None:
    assert told in PAGE.read_text("utf-8")


def test_nothing_of_the_machine_that_recorded_it_is_in_it() -> None:
    text = PAGE.read_text("utf-8") + "\n".join(str(entry) for entry in night.Recording(night.FILE).entries())
    assert "/tmp/stalewatch-demo" not in text
    assert night.who() not in text
