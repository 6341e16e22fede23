"""About what is wrong beside old code."""

from __future__ import annotations

from stalewatch.diagnosis.plain.sentences import Plain

PLAIN = {
    "health.check": Plain(
        "The health check of the application complains about OPcache.",
        "The application answers as usual, only more slowly.",
        "Read what it says; it tells nothing about which code runs.",
    ),
    "health.future-times": Plain(
        "Files have a date in the future.",
        "They came from a machine whose clock is ahead, and PHP compiles them again for every request until then.",
        "Run `touch` on these files.",
    ),
    "health.hit-rate": Plain(
        "PHP compiles more files than usual in place of taking them from memory.",
        "The application answers as usual, only more slowly.",
        "Look again in a minute, and raise the memory of OPcache where it stays low.",
    ),
    "health.opcache-memory": Plain(
        "The memory of OPcache is full or nearly full.",
        "The application answers as usual, only more slowly.",
        "Raise opcache.memory_consumption; a reload helps for a while.",
    ),
    "health.opcache-keys": Plain(
        "OPcache can hardly take more files.",
        "The application answers as usual, only more slowly.",
        "Raise opcache.max_accelerated_files.",
    ),
    "health.opcache-wasted": Plain(
        "A large part of the memory of OPcache holds code that nobody runs any more.",
        "The application answers as usual until the memory is full.",
        "Press r to reload PHP-FPM, which frees it.",
    ),
    "health.opcache-restarts": Plain(
        "OPcache ran out of room and forgot all code.",
        "The application answered as usual, only more slowly for a while.",
        "Raise opcache.memory_consumption or opcache.max_accelerated_files.",
    ),
    "health.disk": Plain(
        "The disk is nearly full, so deploys and caches cannot be written.",
        "The application answers until it has to write something.",
        "Make room: old releases and logs take most of it.",
    ),
    "health.clock-skew": Plain(
        "The clock of the server differs from yours.",
        "Everything works, only times of several servers cannot be compared.",
        "Let the server keep its time with NTP.",
    ),
    "health.maintenance": Plain(
        "The application is in maintenance mode, so requests are answered with 503.",
        "Somebody, or a deploy, switched it on and not off again.",
        "Run `php artisan up` when the maintenance is over.",
    ),
    "health.app-error": Plain(
        "The application answers with an error.",
        "The code that runs may well be the new code, so nothing here is old.",
        "Read the application's log; a reload does not help where the new code is broken.",
    ),
}
