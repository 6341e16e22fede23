"""stalewatch: is the code that is on the disk the code that runs?

The package root is empty on purpose: importing it must cost nothing (``--help`` imports neither Textual nor asyncssh).
"""

__version__ = "0.1.0"
