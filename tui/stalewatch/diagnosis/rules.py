"""Every rule there is, collected from the file of each layer."""

from __future__ import annotations

from stalewatch.diagnosis import expected, health, smoke
from stalewatch.diagnosis.judges import JUDGES
from stalewatch.diagnosis.rule import Rule
from stalewatch.model.layers import Layer

_JUDGED = [layer for layer in Layer if layer in JUDGES]  # who forgets one is named by tests/unit/model/test_layers.py
RULES: dict[str, Rule] = {
    rule.code: rule for rule in (*(rule for layer in _JUDGED for rule in JUDGES[layer].rules), *health.RULES, *smoke.RULES, *expected.RULES)
}
"""By code, in the order of the layers."""
