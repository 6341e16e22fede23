"""What is drawn: pure functions from values to :class:`~tui.widgets.lines.Line`, and the few widgets that show lines."""
