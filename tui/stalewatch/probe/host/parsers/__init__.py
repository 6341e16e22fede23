"""What the host probe's sections mean: one file for each kind of text.

In: bytes or text as the server sent it. Out: values, made safe and bounded. Never: input, output, a clock, or state between two calls.
"""
