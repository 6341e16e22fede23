"""Layouts of servers that other people build, brought up for real and looked at by `stalewatch check` over sshd: `make strangers`.

Each is seen fresh, then edited so that old code goes on being served. What is served is asked of the web server or the pool itself.
"""
