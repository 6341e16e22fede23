"""stalewatch: is the code that is on the disk the code that runs?

In: the command line. Out: the program's version, and nothing else: importing the root costs nothing.
Never: an import. ``--help`` loads neither Textual nor asyncssh.
"""

__version__ = "0.2.0"
