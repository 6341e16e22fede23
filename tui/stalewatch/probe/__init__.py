"""The two probes that look at a server, and the parsers that make a Snapshot of what they say.

In: a Link. Out: one :class:`stalewatch.model.snapshot.Snapshot` per app and look. Never: a verdict, or text that was not made safe.
The wire formats are described in :mod:`stalewatch.probe.host` and :mod:`stalewatch.probe.runtime`.
"""
