"""``stalewatch``, and ``python -m stalewatch``: the same."""

from __future__ import annotations

import sys


def run() -> None:
    """The command line; Ctrl-C is as quiet while it is loaded as it is later."""
    try:
        from stalewatch.cli.main import main
    except KeyboardInterrupt:
        from stalewatch.model.exit_codes import ExitCode

        sys.exit(ExitCode.INTERRUPTED)
    main()


if __name__ == "__main__":
    run()
