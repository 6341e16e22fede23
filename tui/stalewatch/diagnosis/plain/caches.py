"""About what Laravel and Symfony keep in files: configuration, routes, events, views."""

from __future__ import annotations

from stalewatch.diagnosis.plain.sentences import Plain

_TITLES = {"config": ("configuration", "is", "was"), "routes": ("routes", "are", "were"), "events": ("events", "are", "were")}


def _laravel(layer: str) -> dict[str, Plain]:
    name, are, were = _TITLES[layer]
    cached = f"cached {name}"
    return {
        f"{layer}.stale": Plain(
            f"The application works with {cached} that {were} made before the newest change.",
            "Laravel reads only the cache, and never looks whether the files behind it changed.",
            "Press f to make the cache again.",
        ),
        f"{layer}.suspect": Plain(
            f"The application may work with old {cached}.",
            "A file behind the cache was touched, and its times do not tell whether its content changed.",
            "Press f to make the cache again, which ends the doubt.",
        ),
        f"{layer}.made-elsewhere": Plain(
            f"The {cached} {were} made for another release or another machine.",
            "The cache is used wherever it lies, also where its paths lead to another folder.",
            "Press f to make it again here, and keep bootstrap/cache inside of each release.",
        ),
        f"{layer}.provider-newer": Plain(
            f"The application may work with old {cached}.",
            "A service provider, or a file that a source uses, changed, and nobody can tell from outside whether it adds to the cache.",
            "Press f to make the cache again, which ends the doubt.",
        ),
        f"{layer}.file-cache": Plain(
            f"The {cached} {were} probably made of old code, although {'it is' if are == 'is' else 'they are'} new.",
            "PHP of the command line keeps compiled files, and never looks whether their sources changed.",
            "Remove what it keeps there, then make the cache again.",
        ),
        f"{layer}.broken": Plain(
            f"The application cannot read its {cached}, and artisan cannot start either.",
            "The file was cut off while it was written, or another user wrote it and closed it, and nothing reports that.",
            "Press f to take the file away and make it again.",
        ),
        f"{layer}.foreign-owner": Plain(
            "The cache belongs to root, so the application's user cannot make it again.",
            "Laravel reports success when it clears such a cache, although the file stays.",
            "Give the file to the application's user, and do not run artisan as root.",
        ),
        f"{layer}.sources-unseen": Plain(
            f"It is not known whether the {cached} {are} new.",
            "The login may not read all files behind the cache, or they are more than stalewatch reads.",
            "Let the login read the application's files.",
        ),
    }


def _symfony(layer: str) -> dict[str, Plain]:
    old = {"config": "an old compiled container", "routes": "old compiled routes"}[layer]
    return {
        f"{layer}.compiled-stale": Plain(
            f"Symfony works with {old}, from before the newest change.",
            "Without debug mode Symfony never looks whether its files changed, and a restart of PHP-FPM does not help.",
            "Press f, or run `bin/console cache:clear` as the application's user and reload PHP-FPM.",
        ),
        f"{layer}.compiled-suspect": Plain(
            f"Symfony may work with {old}.",
            "A file was touched, and its times do not tell whether its content changed.",
            "Press f to compile again, which ends the doubt.",
        ),
        f"{layer}.compiled-unseen": Plain(
            "It is not known whether what Symfony compiled is new.",
            "The list of the files behind it could not be read, or it is not clear which environment is served.",
            "Let the login read var/cache and the application's files.",
        ),
    }


PLAIN = {
    **_laravel("config"),
    **_laravel("routes"),
    **_laravel("events"),
    **_symfony("config"),
    **_symfony("routes"),
    "config.other-environment": Plain(
        "The cached configuration holds other values than the environment of PHP-FPM sets.",
        "Laravel reads only the cache, and artisan runs without the environment of the pool.",
        "Press f to make the cache again with the pool's environment.",
    ),
    "views.source-newer": Plain(
        "A template changed, and its page shows the change from the next time it is asked for.",
        "Blade compares the two each time, so nothing is wrong.",
        "Wait, or press f to compile it now.",
    ),
    "views.stale": Plain(
        "A page is shown from an old version of its template.",
        "Blade is told not to compare the two, or may not write its folder of compiled views.",
        "Press f to compile the views again.",
    ),
    "views.held-by-opcache": Plain(
        "A page is shown from an old version of its template.",
        "Blade writes the new one to the same place, where PHP never looks at the disk again.",
        "Press f to compile the views again and make PHP load them.",
    ),
    "views.older-source": Plain(
        "A page is shown from an old version of its template.",
        "The new template came with an old date, so Blade takes its own version for the newer one.",
        "Press f to compile the views again.",
    ),
    "views.suspect": Plain(
        "A page may be shown from an old version of its template.",
        "The template was touched, and its times do not tell whether its content changed.",
        "Press f to compile the views again, which ends the doubt.",
    ),
    "views.directive-newer": Plain(
        "A page may be shown as an old version of the application's own Blade directives made it.",
        "Blade keeps what a directive returned, and looks only at the template again.",
        "Press f to compile the views again, which ends the doubt.",
    ),
    "views.unproven": Plain(
        "It is not known whether the new version of a template is shown.",
        "Blade compiles it again, but PHP could not be asked which version it runs.",
        "Press f to compile the views again, and let the login ask PHP.",
    ),
    "views.not-all-seen": Plain(
        "The views that were looked at are new, and others were not looked at.",
        "There are more compiled views than stalewatch reads.",
        "Nothing has to be done; `artisan view:clear` removes those that nobody uses.",
    ),
}
