"""About PHP-FPM and its configuration."""

from __future__ import annotations

from stalewatch.diagnosis.plain.sentences import Plain

_AT_START = "PHP-FPM reads it only when it starts or reloads."
_RELOAD = "Press f to reload PHP-FPM."


def _down(what: str, verb: str = "Restart") -> Plain:
    todo = f"{verb} PHP-FPM with systemctl, and run `php-fpm -t` if it does not start; a reload does not help."
    return Plain(what, "Nothing starts it again by itself.", todo)


PLAIN = {
    "fpm.not-running": _down("PHP-FPM is down, so nobody is served.", "Start"),
    "fpm.socket-missing": _down("The web server cannot reach PHP-FPM, so nobody is served."),
    "fpm.not-answering": _down("PHP-FPM does not answer, so nobody is served."),
    "fpm.config-newer": Plain("PHP-FPM runs with old settings.", _AT_START, _RELOAD),
    "fpm.binary-newer": Plain(
        "PHP-FPM runs an old version of itself.", "An upgrade replaces the program, and what runs stays as it was.", _RELOAD
    ),
    "fpm.binary-replaced": Plain(
        "PHP-FPM runs an old version of itself.", "An upgrade replaces the program, and what runs stays as it was.", _RELOAD
    ),
    "fpm.extension-replaced": Plain(
        "PHP-FPM runs with an old version of an extension.", "An upgrade replaces the file, and what runs stays as it was.", _RELOAD
    ),
    "fpm.config-invalid": Plain(
        "The next reload stops PHP-FPM, because the configuration on the disk is wrong.",
        "PHP-FPM still runs with its old configuration, so nobody sees it.",
        "Do not reload; repair the file until `php-fpm -t` says that the test is successful.",
    ),
    "fpm.start-unknown": Plain(
        "It is not known whether PHP-FPM runs with its newest settings.",
        "A file changed, and PHP-FPM could not be asked when it was reloaded.",
        "Let the login ask PHP-FPM, or reload it.",
    ),
    "fpm.config-unseen": Plain(
        "It is not known whether PHP-FPM runs with its newest settings.",
        "The login may not read them.",
        "Let the login read the configuration of PHP-FPM.",
    ),
    "fpm.other-tree": Plain(
        "PHP-FPM sees other files at the application's path than you do, so a deploy does not reach it.",
        "Something was mounted over the path after PHP-FPM started.",
        "Restart PHP-FPM with systemctl; a reload does not help.",
    ),
    "fpm.ini-gone": Plain("PHP-FPM runs with settings of a file that is gone.", _AT_START, _RELOAD),
    "fpm.config-differs": Plain("PHP-FPM runs with other settings than its files say.", _AT_START, _RELOAD),
    "fpm.config-suspect": Plain(
        "PHP-FPM may run with old settings.",
        "A file was touched, and its times do not tell whether its content changed.",
        "Press f to reload PHP-FPM, which ends the doubt.",
    ),
    "fpm.config-touched": Plain(
        "A file of settings was touched, and PHP-FPM runs with what it says.",
        "A few settings cannot be asked for.",
        "Nothing has to be done.",
    ),
    "fpm.user-ini-pending": Plain(
        "PHP may run with old settings of a .user.ini for a few more minutes.",
        "PHP reads that file only now and then.",
        "Wait until it has read the file again.",
    ),
    "fpm.listen-queue": Plain(
        "Requests wait because no worker is free.",
        "They are answered, only later than usual.",
        "Find out what keeps the workers busy before you raise their number.",
    ),
    "fpm.max-children": Plain(
        "More requests came at once than PHP-FPM may work on.",
        "They were answered, only later than usual.",
        "Find out what keeps the workers busy before you raise pm.max_children.",
    ),
    "fpm.all-busy": Plain(
        "All workers are busy, so the next request waits.",
        "Requests are answered, only later than usual.",
        "Find out what keeps the workers busy before you raise their number.",
    ),
    "fpm.reload-kills": Plain(
        "A reload of PHP-FPM ends the requests that are being worked on.",
        "This is how PHP-FPM comes, and only who was cut off notices.",
        "Set process_control_timeout, so that a reload waits for them.",
    ),
    "fpm.web-php-changed": Plain(
        "The web server runs PHP with old settings, or an old PHP.",
        "The web server reads them only when it starts or reloads.",
        "Reload the web server by hand, or restart it where PHP itself was replaced.",
    ),
}
