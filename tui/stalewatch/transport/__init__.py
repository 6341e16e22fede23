"""A live link to a server: over SSH, or to this machine. The same small contract for both (:mod:`stalewatch.transport.link`).

In: a target and bytes. Out: bytes, and errors of :mod:`stalewatch.model.errors` only. Never: what the bytes mean, or a password.
"""
