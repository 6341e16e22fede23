"""The command line: arguments in, bytes and an exit code out.

In: arguments, and the engine. Out: data on stdout, everything else on stderr. Never: a traceback, or a decision about a verdict.
"""
