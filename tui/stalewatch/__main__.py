"""``python -m stalewatch`` is ``stalewatch``."""

from stalewatch.cli.main import main

if __name__ == "__main__":
    main()
