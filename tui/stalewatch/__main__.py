"""``python -m tui`` is ``stalewatch``."""

from tui.cli import main

if __name__ == "__main__":
    main()
