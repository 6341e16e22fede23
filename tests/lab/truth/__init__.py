"""The truth matrix: what stalewatch says of a server against what that server really does.

A :class:`State` is one situation made on real parts (``tests.lab``): how to make it, the verdict, layers and codes that are right for
it, and what the application must be serving meanwhile. ``tests/lab/test_truth.py`` holds stalewatch to all of them; ``make truth``
prints them, beside what three simpler checks say of the same states.
"""

from tests.lab.truth.state import Ask, Kind, State
from tests.lab.truth.table import STATES

__all__ = ["STATES", "Ask", "Kind", "State"]
