"""The few Textual widgets that show lines.

In: values and lines from :mod:`stalewatch.dashboard.render`. Out: strips; only what changed is painted. Never: a verdict of their own.
"""
