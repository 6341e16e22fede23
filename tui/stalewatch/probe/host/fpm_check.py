"""What ``php-fpm -t`` said. Pure. Its exit code is no evidence: who may not open the error log gets that of a broken configuration."""

from __future__ import annotations

import re

from stalewatch.model.snapshot import ConfigTest, Unseen
from stalewatch.model.text import SafeText, safe

DENIED, NEEDS_ROOT, NOT_RUN, UNCLEAR = "fpm.test-denied", "fpm.test-needs-root", "fpm.test-not-run", "fpm.test-unclear"
OTHER = "fpm.test-other-file"
_NAMED = re.compile(r"configuration file '?([^'\s]+)'?")


def read(output: str, *, login: str = "LOGIN", binary: str = "/usr/sbin/php-fpm", config: str = "") -> ConfigTest | Unseen:
    """*output*: both channels. *login*, *binary*: for the line to grant. *config*: the master's own main file ("" whatever was tested):
    a master that was started with another one than its binary's default is not what ``-t`` tests."""
    named = _NAMED.search(output)
    if config and named is not None and named[1] != config:
        return _unseen(OTHER, f"php-fpm -t tests {named[1]}, and this master runs with {config}", "")
    grant = f"in sudoers: {login} ALL=(root) NOPASSWD: {binary} -t"
    if "test is successful" in output:
        return ConfigTest(valid=True)
    if "error_log" in output and "ermission denied" in output:
        return _unseen(NEEDS_ROOT, "php-fpm -t needs root: it could not open error_log", grant)
    if mistake := first_error(output):
        return ConfigTest(valid=False, said=mistake)
    if any(words in output for words in ("a password is required", "not allowed", "may not run")):
        return _unseen(DENIED, "no right to run php-fpm -t", grant)
    if not output.strip() or output.startswith("sudo:") or "not found" in output:
        return _unseen(NOT_RUN, "php-fpm could not be run", grant)
    return _unseen(UNCLEAR, "what php-fpm -t said could not be understood", "")


def first_error(output: str) -> SafeText:
    """The line that names the mistake: php-fpm says it first, then that it could not load the file, then that it could not start."""
    error = next((line for line in output.splitlines() if "] ERROR: " in line), "")
    return safe(error.partition("] ERROR: ")[2].strip(), 400)


def _unseen(code: str, message: str, grant: str) -> Unseen:
    return Unseen(code=code, message=safe(message), grant=safe(grant))
