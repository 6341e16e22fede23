"""The two probes that observe a server, and the parsers that turn what they send into a Snapshot.

In: a Link. Out: one :class:`stalewatch.model.snapshot.Snapshot` per app and look. Never: a verdict, or text that was not made safe.
The wire formats are described in :mod:`stalewatch.probe.host` and :mod:`stalewatch.probe.runtime`.
"""
