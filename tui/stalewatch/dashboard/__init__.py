"""The dashboard: what the board holds, drawn by Textual, and the keys that open plans.

In: States of the board, and keys. Out: lines on a terminal, and confirmed Plans. Never: a question to a server, or a key that acts
without a confirmation.
"""
