"""(Memory, Snapshot) -> (Memory, Report): what a look means. One small file per layer, one function per rule.

In: values. Out: values; everything that is not fresh has a finding that says why. Never: I/O, a clock, a guess that is called fresh.
"""
