"""The order of findings: what explains the others is told before them."""

from __future__ import annotations

import pytest

from stalewatch.diagnosis.worst_first import worst_first
from stalewatch.model.report import Finding, Layer, Severity, Verdict
from tests.builders.values import finding

STALE, SUSPECT, PENDING, FRESH = Verdict.STALE, Verdict.SUSPECT, Verdict.PENDING, Verdict.FRESH


def test_old_bytecode_comes_first_among_equals_and_every_layer_has_its_place() -> None:
    told = sorted((finding(layer) for layer in Layer), key=worst_first)
    layers = [one.layer for one in told]
    assert layers[:2] == [Layer.OPCACHE, Layer.RELEASE]
    assert layers[2:] == [layer for layer in Layer if layer not in (Layer.OPCACHE, Layer.RELEASE)]


@pytest.mark.parametrize(
    ("worse", "better"),
    [
        (finding(Layer.WORKERS, STALE), finding(Layer.OPCACHE, SUSPECT)),
        (finding(Layer.VIEWS, PENDING), finding(Layer.RELEASE, FRESH)),
        (finding(Layer.ROUTES, STALE), finding(Layer.OPCACHE, STALE, Severity.WARNING)),
    ],
)
def test_a_worse_verdict_or_severity_comes_before_any_layer(worse: Finding, better: Finding) -> None:
    assert sorted((better, worse), key=worst_first) == [worse, better]
