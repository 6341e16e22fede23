"""What ``php-fpm -t`` said. Pure. Its exit code proves nothing: it is the same if the error log cannot be opened."""

from __future__ import annotations

import re

from stalewatch.model import reasons
from stalewatch.model.redaction import redacted
from stalewatch.model.snapshot import ConfigTest, Unseen
from stalewatch.model.text import SafeText

_NAMED = re.compile(r"configuration file '?([^'\s]+)'?")


_UNLOADED = re.compile(
    r"Unable to load dynamic library '([^']+)'|PHP Startup: (\w+): Unable to initialize module|"
    r"Failed loading (?:Zend extension )?'?([^\s':]+)"
)


def unloaded(output: str) -> tuple[str, ...]:
    """The extensions that the configuration asks for and PHP could not load: it warns, and the test is successful nevertheless."""
    paths = (next(filter(None, match.groups())) for match in _UNLOADED.finditer(output))
    names = (path.rpartition("/")[2].removesuffix(".so").lower() for path in paths)
    return tuple(dict.fromkeys("zend opcache" if name == "opcache" else name for name in names))


def read(output: str, *, login: str = "LOGIN", binary: str = "/usr/sbin/php-fpm", config: str = "") -> ConfigTest | Unseen:
    """*output*: both channels. *login*, *binary*: for the line to grant. *config*: the master's own main file ("" whatever was tested):
    a master that was started with another one than its binary's default is not what ``-t`` tests."""
    named = _NAMED.search(output)
    if config and named is not None and named[1] != config:
        return reasons.FPM_TEST_OTHER_FILE.unseen(f"php-fpm -t tests {named[1]}, and this master runs with {config}")
    grant = f"in sudoers: {login} ALL=(root) NOPASSWD: {binary} -t"
    if "test is successful" in output:
        return ConfigTest(valid=True)
    if "error_log" in output and "ermission denied" in output:
        return reasons.FPM_TEST_NEEDS_ROOT.unseen("php-fpm -t needs root: it could not open error_log", grant)
    if mistake := first_error(output):
        return ConfigTest(valid=False, said=mistake)
    if any(words in output for words in ("a password is required", "not allowed", "may not run")):
        return reasons.FPM_TEST_DENIED.unseen("no right to run php-fpm -t", grant)
    if not output.strip() or output.startswith("sudo:") or "not found" in output:
        return reasons.FPM_TEST_NOT_RUN.unseen("php-fpm could not be run", grant)
    return reasons.FPM_TEST_UNCLEAR.unseen("what php-fpm -t said could not be understood")


def first_error(output: str) -> SafeText:
    """The line that names the mistake: php-fpm says it first, then that it could not load the file, then that it could not start."""
    error = next((line for line in output.splitlines() if "] ERROR: " in line), "")
    return redacted(error.partition("] ERROR: ")[2].strip(), 400)
