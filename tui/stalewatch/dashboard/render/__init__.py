"""Values become lines of spans: pure functions that load no Textual.

In: Reports, Events, Plans, a Clock and a width. Out: :class:`~stalewatch.dashboard.render.lines.Line`. Never: markup, a colour, or I/O.
"""
