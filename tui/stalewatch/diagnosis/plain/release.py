"""About the code on the disk, and which release is served."""

from __future__ import annotations

from stalewatch.diagnosis.plain.sentences import Plain

PLAIN = {
    "release.old-served": Plain(
        "The link points to the new release, but requests are answered by the old one.",
        "PHP keeps where the link led, and the deploy looks complete from outside.",
        "Press f to reload PHP-FPM, and let the web server pass the real path so that the next deploy needs no reload.",
    ),
    "release.link-passed": Plain(
        "The next request will probably be answered by the old release.",
        "Nobody has asked the application for anything since the link was switched.",
        "Press f to reload PHP-FPM before the next request comes.",
    ),
    "release.deploy-under-way": Plain(
        "A deploy is running now, so the server is neither in its old nor in its new state.",
        "A server looks like this during every deploy.",
        "Wait until the deploy ends, then look again.",
    ),
    "release.deploy-lock-left": Plain(
        "The sign of a running deploy has been there for more than an hour.",
        "A deploy that dies leaves its lock behind, and says nothing.",
        "Make sure that no deploy runs, then remove the lock.",
    ),
    "release.dirty": Plain(
        "Somebody changed files of the application on the server itself.",
        "The application runs as usual, and the next deploy may overwrite the change.",
        "Take the change into the repository, or undo it.",
    ),
    "release.mixed": Plain(
        "Servers of one application have different code on their disks.",
        "Each server works by itself, so only users who meet two of them see a difference.",
        "Deploy to the servers that were left out.",
    ),
    "release.other-commit": Plain(
        "The server has another commit on its disk than the one that you asked for.",
        "A deploy can end well without having reached every server.",
        "Deploy to this server; no cache has to do with it.",
    ),
    "release.other-file": Plain(
        "A file on the server is not the one that you asked for.",
        "A deploy can end well without having copied every file.",
        "Deploy to this server; no cache has to do with it.",
    ),
}
