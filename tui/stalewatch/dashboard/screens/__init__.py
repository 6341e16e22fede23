"""What is composed of widgets, and what keys do there. Screens are thin.

In: States and keys. Out: requests to the engine through :mod:`stalewatch.dashboard.engine_port`. Never: I/O.
"""
