"""The Grafana dashboard that is handed out asks for what ``metrics`` tells, and for nothing else."""

from __future__ import annotations

import re

from stalewatch.cli.outputs.prometheus import registry
from stalewatch.model.report import Verdict
from tests.builders.grafana import DASHBOARD, board, expressions

SERIES = {f"{family.name}_total" if family.type == "counter" else family.name for family in registry(lambda: ()).collect()}


def test_every_metric_that_is_asked_for_is_told() -> None:
    asked = set(re.findall(r"stalewatch_\w+", DASHBOARD.read_text()))
    assert {"stalewatch_up", "stalewatch_verdict", "stalewatch_opcache_hit_ratio"} <= asked
    assert asked - SERIES == set()


def test_every_panel_asks_and_has_an_id_and_a_place_of_its_own() -> None:
    panels = board()["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels) > 5
    assert all(panel["targets"] and panel["title"] and panel["description"] for panel in panels)
    for panel in panels:
        assert len({target["refId"] for target in panel["targets"]}) == len(panel["targets"]), panel["title"]
    taken = [
        (x, y)
        for at in (panel["gridPos"] for panel in panels)
        for x in range(at["x"], at["x"] + at["w"])
        for y in range(at["y"], at["y"] + at["h"])
    ]
    assert len(set(taken)) == len(taken)
    assert max(x for x, _ in taken) < 24


def test_a_verdict_has_the_number_that_its_words_are_for() -> None:
    """Grafana shows words for numbers: those in the expression and those in the panel are the same, and the worst is the highest."""
    (table,) = (panel for panel in board()["panels"] if panel["title"] == "Fleet")
    worst = re.findall(r'(?:(\d) \* )?stalewatch_verdict{verdict="(\w+)"', table["targets"][0]["expr"])
    numbers = {word: int(factor or 1) for factor, word in worst}
    assert numbers == {verdict.value: verdict.rank for verdict in Verdict if verdict is not Verdict.ABSENT}
    shown = next(each["value"] for each in table["fieldConfig"]["overrides"][0]["properties"] if each["id"] == "mappings")
    assert {text["text"]: int(number) for number, text in shown[0]["options"].items()} == {v.value: v.rank for v in Verdict}


def test_what_is_chosen_in_grafana_narrows_every_expression() -> None:
    asked = [target["expr"] for panel in board()["panels"] for target in panel["targets"]]
    assert all("$server" in expression for expression in asked)
    assert all("$" not in expression for expression in expressions())
