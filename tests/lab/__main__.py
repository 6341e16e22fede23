"""`python -m tests.lab up --hosts 3`, `install`, `sweep`: the lab without pytest."""

from __future__ import annotations

import argparse
import shlex
import signal
import subprocess
import sys
from types import FrameType

from tests.lab import Lab, Unavailable, php, place
from tests.lab.install import install
from tests.lab.login import log_in

STOP = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
SERVED = (
    "SCRIPT_FILENAME=/srv/app/public/index.php SCRIPT_NAME=/index.php REQUEST_URI=/ REQUEST_METHOD=GET "
    f"cgi-fcgi -bind -connect {php.SOCKET}"
)
"""Asks the application itself, as whoever may open the pool's socket."""


class Stopped(BaseException):
    """A signal asked the lab to end; not an Exception, so that nothing on the way takes it for a failure."""


def main() -> int:
    arguments = parse()
    try:
        if arguments.command == "up":
            up(arguments.hosts, arguments.validate_timestamps)
        elif arguments.command == "install":
            print("installed: " + (" ".join(install()) or "nothing, all is there"))
        else:
            with place.alone():
                place.sweep()
    except Unavailable as reason:
        print(f"The lab cannot run here: {reason}", file=sys.stderr)
        return 1
    except (RuntimeError, OSError, subprocess.CalledProcessError) as reason:
        print(f"The lab did not come up: {' '.join(str(reason).split())}", file=sys.stderr)
        return 1
    except Stopped:
        return 0
    return 0


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.lab", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    starting = commands.add_parser("up", help="keep hosts up until Ctrl-C or SIGTERM")
    starting.add_argument("--hosts", type=int, default=3, metavar="N")
    starting.add_argument("--validate-timestamps", type=int, choices=(0, 1), default=0, help="of the pool (default 0: stale until reload)")
    commands.add_parser("install", help="install the Debian packages that the lab needs")
    commands.add_parser("sweep", help="remove what dead labs left")
    return parser.parse_args()


def up(hosts: int, validate_timestamps: int) -> None:
    """Keep a lab up until a signal; further signals while it ends are ignored, so that it ends whole."""
    for number in STOP:
        signal.signal(number, stop)
    with Lab(hosts) as lab:
        if not validate_timestamps:
            for host in lab:
                host.fpm(validate_timestamps=0)
        for host in lab:
            host.get("/")
            log_in(lab.ssh_config, host)
        config = shlex.quote(str(lab.ssh_config))
        print(f"{hosts} hosts are up, opcache.validate_timestamps={validate_timestamps}. Watch them:\n")
        print(f"    stalewatch -F {config} {' '.join(lab.targets)}\n")
        print("Deploy a fix that nobody reloads, and see what is served:\n")
        print(f"    ssh -F {config} web1 git -C /srv/app reset --hard fix")
        print(f"    ssh -F {config} web1 {shlex.quote(SERVED)}\n")
        print("Ctrl-C ends it.", flush=True)
        while True:
            signal.pause()


def stop(number: int, frame: FrameType | None) -> None:
    for other in STOP:
        signal.signal(other, signal.SIG_IGN)
    raise Stopped


if __name__ == "__main__":
    sys.exit(main())
