"""What an engine saw and did, kept in a file and seen again.

In: what a :class:`stalewatch.engine.listener.Listener` is told. Out: the same Reports, Events and steps, at the times of then. Never: a
connection, or a verdict that is read from the file: each is made again from what was seen.
"""
