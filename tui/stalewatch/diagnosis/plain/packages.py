"""About what Composer and Laravel know of packages and classes."""

from __future__ import annotations

from stalewatch.diagnosis.plain.sentences import Plain

_COMPOSER = "Run `composer dump-autoload` with the flags of your deploy, then reload PHP-FPM."
PLAIN = {
    "packages.differ": Plain(
        "Laravel works with an old list of the installed packages, so new packages do not start and removed ones still do.",
        "Laravel makes that list once, and makes it again only where the file is missing.",
        "Press f to make the list again.",
    ),
    "packages.broken": Plain(
        "Laravel cannot read its list of packages, so neither the application nor artisan starts.",
        "The file was cut off while it was written, and nothing reports that.",
        "Press f to make the file again.",
    ),
    "packages.class-map": Plain(
        "A class is loaded from the wrong file, or from none.",
        "Composer wrote down where classes are before the class came, and nothing compares that with the disk.",
        _COMPOSER,
    ),
    "packages.autoload-differs": Plain(
        "Classes are looked for in the folders of an older composer.json.",
        "Composer wrote its autoloader before composer.json was changed, and nothing compares the two.",
        _COMPOSER,
    ),
    "packages.lock-differs": Plain(
        "The packages on the server are not those that composer.lock names.",
        "The application starts as usual, and only code that needs the other version fails.",
        "Run `composer install` with the flags of your deploy, then reload PHP-FPM.",
    ),
    "packages.apcu-holds": Plain(
        "PHP remembers an old place of a class, and does not see the file that came since.",
        "Composer's autoloader looks only once for each class, and keeps the answer in APCu.",
        "Press f to reload PHP-FPM, which empties APCu.",
    ),
    "packages.class-map-unseen": Plain(
        "It is not known whether all classes are loaded from the right files.",
        "The application has more files than stalewatch reads.",
        "Nothing has to be done; a `composer dump-autoload` in every deploy ends the doubt.",
    ),
    "packages.composer-unseen": Plain(
        "It is not known whether Composer's files belong to this code.",
        "The login may not read all of them, or APCu could not be asked.",
        "Let the login read composer.json and vendor/composer.",
    ),
    "packages.unseen": Plain(
        "It is not known whether Laravel's list of packages is right.",
        "The login may not read one of the two lists.",
        "Let the login read bootstrap/cache and vendor/composer.",
    ),
}
