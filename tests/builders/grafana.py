"""What the Grafana dashboard asks Prometheus."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from tests.builders.pages import ROOT

DASHBOARD = ROOT / "examples/grafana/stalewatch.json"


def board() -> dict[str, Any]:
    """The dashboard as Grafana imports it."""
    made: dict[str, Any] = json.loads(DASHBOARD.read_text())
    return made


def expressions() -> Iterator[str]:
    """The PromQL of every panel and annotation, of every app and server."""
    made = board()
    asked = [target["expr"] for panel in made["panels"] for target in panel["targets"]]
    for expression in (*asked, *(each["expr"] for each in made["annotations"]["list"])):
        yield expression.replace("$app", ".*").replace("$server", ".*")
