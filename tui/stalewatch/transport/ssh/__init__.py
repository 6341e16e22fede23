"""One SSH connection per server, through asyncssh, with the options that ``ssh -G`` prints for the target.

In: a route and bytes. Out: the Link contract. Never: an unverified host key, a forwarded agent, or an error of asyncssh's own.
"""
