"""About long-running processes: queue workers, Horizon, Octane, cron."""

from __future__ import annotations

from stalewatch.diagnosis.plain.sentences import Plain

_KEEPS = "A worker keeps the code that it started with, and the deploy did not restart it."
_RESTART = "Press f to restart the workers."
_HIDDEN = "A process shows that only to its own user and to root."
PLAIN = {
    "workers.older-than-code": Plain("A worker runs code from before the newest change.", _KEEPS, _RESTART),
    "workers.suspect": Plain(
        "A worker may run old code.",
        "Files were touched after it started, and their times do not tell whether their content changed.",
        "Press f to restart the workers, which ends the doubt.",
    ),
    "workers.reload-unseen": Plain(
        "Octane may run old code.",
        "It started before the newest change, and whether it was reloaded since cannot be seen.",
        "Run `artisan octane:reload`, or restart Octane.",
    ),
    "workers.code-unseen": Plain(
        "It is not known whether the workers run new code.",
        "The login may not read the application's files, or they are too many.",
        "Let the login read the application's files.",
    ),
    "workers.old-release": Plain(
        "A worker runs the code of an old release.",
        "Its supervisor resolved the link before the deploy, and starts it in the old folder again and again.",
        "Press f to restart the workers, and restart the supervisor's program where they come back in the old folder.",
    ),
    "workers.deleted-directory": Plain("A worker runs the code of a release that was removed.", _KEEPS, _RESTART),
    "workers.release-unseen": Plain(
        "It is not known which release a worker runs.", _HIDDEN, "Log in as the workers' user, or start them by the full path of artisan."
    ),
    "workers.app-unseen": Plain(
        "It is not known which application a worker belongs to.",
        _HIDDEN,
        "Log in as the workers' user, or start them by the full path of artisan.",
    ),
    "workers.file-cache": Plain(
        "Workers run old code, and a restart does not help.",
        "PHP of the command line keeps compiled files, and never looks whether their sources changed.",
        "Remove what it keeps there, then restart the workers.",
    ),
    "workers.old-binary": Plain("A worker runs an old version of PHP.", "Nothing restarts workers after an upgrade of PHP.", _RESTART),
    "workers.binary-suspect": Plain(
        "A worker may run an old version of PHP.", _HIDDEN, "Press f to restart the workers, which ends the doubt."
    ),
    "workers.binary-unseen": Plain(
        "It is not known which version of PHP a worker runs.",
        _HIDDEN,
        "Log in as the workers' user, or start them by the full path of PHP.",
    ),
    "workers.other-older": Plain(
        "A process of PHP may run old code of the application.",
        "It started before the newest change, and what it loaded cannot be seen.",
        "Restart it where it is supervised, if it uses the code that changed.",
    ),
    "workers.cron-old-release": Plain(
        "Cron runs the code of an old release.",
        "Its line names the folder of a release, not the link that the deploy switches.",
        "Change the line so that it names the link.",
    ),
    "workers.cron-unseen": Plain(
        "It is not known whether cron runs an old release.",
        "The login may not read the lines of cron.",
        "Let the login read /etc/crontab and /etc/cron.d.",
    ),
    "workers.orphaned": Plain(
        "A process of Horizon works on beside the others, with the code that it started with.",
        "Horizon does not know it any more, so its commands do not end it.",
        "Run `php artisan horizon:purge` as the workers' user.",
    ),
    "workers.not-back": Plain(
        "Workers were told to restart, and fewer came back, so their jobs wait.",
        "A worker that is told to end is started again only where something supervises it.",
        "Start them again, or run `stalewatch mark --workers-ended` where they were ended for good.",
    ),
}
