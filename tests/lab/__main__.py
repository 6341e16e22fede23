"""`python -m tests.lab up --hosts 3`, `install`, `sweep`: the lab without pytest."""

from __future__ import annotations

import argparse
import shlex
import signal
import sys
from types import FrameType

from tests.lab import Lab, Unavailable, place
from tests.lab.install import install

STOP = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Stopped(BaseException):
    """A signal asked the lab to end; not an Exception, so that nothing on the way takes it for a failure."""


def main() -> int:
    arguments = parse()
    try:
        if arguments.command == "up":
            up(arguments.hosts)
        elif arguments.command == "install":
            print("installed: " + (" ".join(install()) or "nothing, all is there"))
        else:
            with place.alone():
                place.sweep()
    except Unavailable as reason:
        print(f"The lab cannot run here: {reason}", file=sys.stderr)
        return 1
    except Stopped:
        return 0
    return 0


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.lab", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    starting = commands.add_parser("up", help="keep hosts up until Ctrl-C or SIGTERM")
    starting.add_argument("--hosts", type=int, default=3, metavar="N")
    commands.add_parser("install", help="install the Debian packages that the lab needs")
    commands.add_parser("sweep", help="remove what dead labs left")
    return parser.parse_args()


def up(hosts: int) -> None:
    """Keep a lab up until a signal; a second signal while it ends is ignored, so that it ends whole."""
    for number in STOP:
        signal.signal(number, stop)
    with Lab(hosts) as lab:
        config = shlex.quote(str(lab.ssh_config))
        print(f"{hosts} hosts are up. Watch them:\n")
        print(f"    stalewatch -F {config} {' '.join(lab.targets)}\n")
        print(f"Log in:       ssh -F {config} web1")
        print(f"Make it old:  php_admin_value[opcache.validate_timestamps] = 0 in {lab['web1'].root('/etc/php/8.2/fpm/pool.d/www.conf')}")
        print(f"              and edit below {lab['web1'].root('/srv/app')}")
        print("Ctrl-C ends it.", flush=True)
        while True:
            signal.pause()


def stop(number: int, frame: FrameType | None) -> None:
    for other in STOP:
        signal.signal(other, signal.SIG_IGN)
    raise Stopped


if __name__ == "__main__":
    sys.exit(main())
