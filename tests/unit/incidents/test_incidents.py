"""Every incident in this folder, look by look: verdict, layers, what is named, and the story that the timeline tells in the end."""

from __future__ import annotations

from pathlib import Path

import pytest

from stalewatch.model.inventory import Fleet, Server
from stalewatch.model.report import Layer, Severity
from tests.unit.incidents.facts import Story
from tests.unit.incidents.play import playing

Told = tuple[float, str, str, str, int]
"""When, on which server, kind, words, how often."""
FILES = sorted(Path(__file__).parent.glob("*.toml"))


@pytest.mark.parametrize("path", FILES, ids=[path.stem for path in FILES])
def test_an_incident_is_told_as_it_was(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    story = Story(path)
    fleet = Fleet(servers=tuple(Server(target=name, name=name) for name in story.servers))
    with playing(fleet, monkeypatch) as player:
        for look in story.looks:
            looked = player.look(story.snapshot(look))
            report = looked.report
            when = f"{look['server']} at {look['at']}: {[(one.code, one.subject, one.verdict.value) for one in report.findings]}"
            assert report.verdict == look["verdict"], when
            for layer, verdict in look.get("layers", {}).items():
                assert report.layers[Layer(layer)] == verdict, (layer, when)
            assert set(look.get("codes", [])) <= {finding.code for finding in report.findings}, when
            assert not set(look.get("not_codes", [])) & {finding.code for finding in report.findings}, when
            for subject in look.get("subjects", []):
                assert any(finding.subject.endswith(subject) for finding in report.findings), (subject, when)
            if "stale_since" in look:
                assert report.stale_since == story.at(look["stale_since"]), when
            if "until" in look:
                assert story.at(look["until"]) in {finding.until for finding in report.findings}, (when, report.findings)
            if look["verdict"] == "fresh":
                assert not [finding for finding in report.findings if finding.severity is not Severity.INFO], when
            assert set(look.get("events", [])) <= {event.kind.value for event in looked.events}, (when, looked.events)
            for server, verdict in look.get("compared", {}).items():
                assert looked.reports[server].verdict == verdict, (server, when)
        told = [(event.at, event.server, event.kind.value, str(event.what), event.count) for event in player.engine.board.snapshot().events]
    expected = [(story.at(line["at"]), line["server"], line["kind"], line.get("what", ""), line.get("count", 1)) for line in story.timeline]
    for event in expected:
        assert any(matches(event, one) for one in told), (event, told)
    full = [one for one in told if one[2] in story.told_in_full]
    assert [one for one in full if not any(matches(event, one) for event in expected)] == []


def matches(expected: Told, told: Told) -> bool:
    """Whether *told* is the event that is *expected*; of its words, whether they contain what is expected."""
    return (*expected[:3], expected[4]) == (*told[:3], told[4]) and expected[3] in told[3]
