"""The values that travel through every other room, and the words that all of them share.

In: nothing but the standard library, msgspec and humanize. Out: Snapshot, Report, Fleet, safe text, errors and exit codes.
Never: I/O, a clock, or an import from another room.
"""
