"""About the bytecode that PHP-FPM runs."""

from __future__ import annotations

from stalewatch.diagnosis.plain.sentences import Plain

_HELD = "PHP keeps the file that it loaded first, and never looks at the disk again."
_AGAIN = "Press f to make PHP load it again."


def _cached(what: str) -> Plain:
    return Plain(f"{what} on the disk is new, but PHP still runs the old one.", _HELD, _AGAIN)


PLAIN = {
    "opcache.stale-bytecode": Plain(
        "PHP runs an old version of a file that was changed on the disk.",
        "PHP keeps what it compiled, and does not see that the file changed.",
        _AGAIN,
    ),
    "opcache.stale-config-cache": _cached("The configuration cache"),
    "opcache.stale-route-cache": _cached("The route cache"),
    "opcache.stale-event-cache": _cached("The event cache"),
    "opcache.stale-package-manifest": _cached("The list of packages"),
    "opcache.stale-view": _cached("The compiled view"),
    "opcache.same-mtime": Plain(
        "PHP runs an old version of a file that was changed on the disk.",
        "The new file has the same date as the old one, and PHP compares nothing else.",
        _AGAIN,
    ),
    "opcache.deleted-script": Plain(
        "PHP still runs a file that was deleted.",
        "PHP keeps what it compiled, and does not see that the file is gone.",
        "Press f to reload PHP-FPM.",
    ),
    "opcache.deleted-unseen": Plain(
        "PHP holds a file that is gone from the disk, and may still run it.",
        "PHP does not say whether anybody used it since.",
        "Press f to reload PHP-FPM, which ends the doubt.",
    ),
    "opcache.preload-changed": Plain(
        "PHP runs an old version of a file that it loaded when it started.",
        "What is loaded at the start is never looked at again.",
        "Press f to reload PHP-FPM.",
    ),
    "opcache.preload-other-release": Plain(
        "PHP loaded another release when it started, and its classes win over those of the current one.",
        "The deploy switched the link, but opcache.preload names a folder, not the link.",
        "Let opcache.preload go through the link, then reload PHP-FPM.",
    ),
    "opcache.link-switched": Plain(
        "PHP runs code from the folder where a link led before it was switched.",
        "PHP keeps where the link led, and never asks again.",
        "Press f to reload PHP-FPM, and reload in every deploy that switches a link.",
    ),
    "opcache.suspect-bytecode": Plain(
        "PHP may run an old version of a file.",
        "The file was touched, and PHP does not say when it compiled it.",
        "Press f to make PHP load it again, which ends the doubt.",
    ),
    "opcache.directory-renamed": Plain(
        "PHP may run the code of a folder that was replaced.",
        "A folder that is renamed changes no date of the files in it.",
        "Press f to make PHP load them again, which ends the doubt.",
    ),
    "opcache.pending": Plain(
        "PHP runs the old version of a file for a few more seconds.",
        "PHP looks at the disk only now and then, so this happens after every deploy.",
        "Wait, or press f to make PHP load it now.",
    ),
    "opcache.restart-pending": Plain(
        "PHP was told to forget all code, and waits until no request uses it.",
        "The application answers meanwhile, but slowly, because every request compiles everything.",
        "Wait, and look for a request that does not end where it takes long.",
    ),
    "opcache.stale-file-cache": Plain(
        "PHP keeps old code in a folder, and loads it again after every reload.",
        "Nothing compares that folder with the application.",
        "Press f to empty the folder and reload, and unset opcache.file_cache.",
    ),
    "opcache.file-cache": Plain(
        "PHP may load old code from a folder that survives a reload.",
        "Nothing compares that folder with the application.",
        "Press f to empty the folder and reload, and unset opcache.file_cache.",
    ),
    "opcache.not-compared": Plain(
        "It is not known whether all code that PHP runs is new.",
        "Not every file that PHP holds could be looked at.",
        "Let the login read the application's files.",
    ),
}
