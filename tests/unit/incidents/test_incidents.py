"""Every incident in this folder, look by look: verdict, layers, what is named, and what the timeline gains."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.incidents.play import Incident
from tui.report import Layer, Severity

FILES = sorted(Path(__file__).parent.glob("*.toml"))


@pytest.mark.parametrize("path", FILES, ids=[path.stem for path in FILES])
def test_an_incident_is_told_as_it_was(path: Path) -> None:
    incident = Incident(path)
    for looked in incident.play():
        expected, report = looked.expected, looked.report
        when = f"{expected['server']} at {expected['at']}: {[(one.code, one.subject, one.verdict.value) for one in report.findings]}"
        assert report.verdict == expected["verdict"], when
        for layer, verdict in expected.get("layers", {}).items():
            assert report.layers[Layer(layer)] == verdict, (layer, when)
        assert set(expected.get("codes", [])) <= {finding.code for finding in report.findings}, when
        for subject in expected.get("subjects", []):
            assert any(finding.subject.endswith(subject) for finding in report.findings), (subject, when)
        if "stale_since" in expected:
            assert report.stale_since == incident.at(expected["stale_since"]), when
        if expected["verdict"] == "fresh":
            assert not [finding for finding in report.findings if finding.severity is not Severity.INFO], when
        assert set(expected.get("events", [])) <= {event.kind.value for event in looked.events}, (when, looked.events)
