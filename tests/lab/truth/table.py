"""All states."""

from __future__ import annotations

from tests.lab.truth.state import State
from tests.lab.truth.states_opcache import OPCACHE

STATES: tuple[State, ...] = (*OPCACHE,)
