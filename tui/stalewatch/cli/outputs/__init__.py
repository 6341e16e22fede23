"""What stalewatch says without screens.

In: values. Out: bytes or text, the same for a file and a pipe. Never: a clock or a terminal; the caller decides width and colour.
"""
