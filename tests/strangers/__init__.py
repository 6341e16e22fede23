"""Servers as other people build them, brought up for real and looked at by `stalewatch check` over sshd: `make strangers`.

Each layout is looked at as it is, when its code was changed and the old code goes on being served, and after a reload. What is served is
asked over HTTP, of the layout's own web server. `table.py` lists them.
"""
