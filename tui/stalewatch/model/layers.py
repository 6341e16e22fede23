"""The layers between a file on the disk and the code that answers. Everything that knows a layer by name derives from this table.

A new layer is a member of :class:`Layer` and a row of :data:`LAYERS`. One that Laravel keeps in PHP files needs no more: those are judged,
drawn, cleared, rebuilt and verified alike. Any other layer needs a judge (``diagnosis/judges.py``) too.
"""

from __future__ import annotations

from enum import StrEnum

import msgspec


class Layer(StrEnum):
    """A layer by the name it has in JSON, in the codes of findings and in filters, from the disk to the process."""

    RELEASE = "release"
    PACKAGES = "packages"
    CONFIG = "config"
    ROUTES = "routes"
    EVENTS = "events"
    VIEWS = "views"
    OPCACHE = "opcache"
    FPM = "fpm"
    WORKERS = "workers"

    @property
    def spec(self) -> LayerSpec:
        """Its row of :data:`LAYERS`."""
        return _SPECS[self]


class CachedFile(msgspec.Struct, frozen=True, kw_only=True):
    """One PHP file that Laravel caches a layer in.

    *name*: what a snapshot calls it. *path*: below the app's root; *variable*: of the environment, names another path ("" none does).
    *title*: what people call it (``configuration cache``). *written*: what the timeline says when it was written.
    """

    name: str
    path: str
    variable: str = ""
    title: str
    written: str


class LayerSpec(msgspec.Struct, frozen=True, kw_only=True):
    """Everything about one layer that other rooms need to know.

    *heading*: three letters over its column. *label*: the word at the head of its row in a pane. *about*: one line for the help screen.
    *place*: rows of a pane are drawn from the lowest to the highest, equals in the order of the table.
    *laravel*: only a Laravel application has it, or one of the kinds in *also*; it is ``absent`` in any other.
    *files*: where Laravel caches it. *sources*: path patterns (``fnmatch``, below the root) of the PHP files that those are made from,
    where the host probe has no rule of its own for that (``probe/host/parsers/cache_inputs.py``).
    *clear*, *rebuild*: artisan commands ("" none). A layer with both is cleared and rebuilt by ``c`` and ``b``.
    """

    layer: Layer
    heading: str
    label: str
    about: str
    place: int = 1
    laravel: bool = True
    also: tuple[str, ...] = ()
    files: tuple[CachedFile, ...] = ()
    sources: tuple[str, ...] = ()
    clear: str = ""
    rebuild: str = ""


LAYERS: tuple[LayerSpec, ...] = (
    LayerSpec(
        layer=Layer.RELEASE,
        heading="rel",
        label="release",
        about="the code on the disk, and which release is served",
        place=0,
        laravel=False,
    ),
    LayerSpec(
        layer=Layer.PACKAGES,
        heading="pkg",
        label="packages",
        about="the packages and class map of Composer, and those that Laravel discovered",
        place=2,
        laravel=False,
        files=(
            CachedFile(
                name="packages",
                path="bootstrap/cache/packages.php",
                variable="APP_PACKAGES_CACHE",
                title="package manifest",
                written="packages discovered",
            ),
            CachedFile(
                name="services",
                path="bootstrap/cache/services.php",
                variable="APP_SERVICES_CACHE",
                title="services manifest",
                written="services manifest written",
            ),
        ),
        rebuild="package:discover",
    ),
    LayerSpec(
        layer=Layer.CONFIG,
        heading="cfg",
        label="config",
        about="config/*.php and .env against the configuration cache; Symfony's configuration against its container",
        also=("symfony",),
        files=(
            CachedFile(
                name="config",
                path="bootstrap/cache/config.php",
                variable="APP_CONFIG_CACHE",
                title="configuration cache",
                written="configuration cached",
            ),
        ),
        clear="config:clear",
        rebuild="config:cache",
    ),
    LayerSpec(
        layer=Layer.ROUTES,
        heading="rou",
        label="routes",
        about="routes/*.php against the route cache; Symfony's against the compiled ones",
        also=("symfony",),
        files=(
            CachedFile(
                name="routes",
                path="bootstrap/cache/routes-v7.php",
                variable="APP_ROUTES_CACHE",
                title="route cache",
                written="routes cached",
            ),
        ),
        clear="route:clear",
        rebuild="route:cache",
    ),
    LayerSpec(
        layer=Layer.EVENTS,
        heading="evt",
        label="events",
        about="event providers and listeners against the event cache",
        files=(
            CachedFile(
                name="events",
                path="bootstrap/cache/events.php",
                variable="APP_EVENTS_CACHE",
                title="event cache",
                written="events cached",
            ),
        ),
        clear="event:clear",
        rebuild="event:cache",
    ),
    LayerSpec(
        layer=Layer.VIEWS,
        heading="vie",
        label="views",
        about="Blade templates against the compiled views",
        clear="view:clear",
        rebuild="view:cache",
    ),
    LayerSpec(
        layer=Layer.OPCACHE,
        heading="opc",
        label="opcache",
        about="the bytecode that PHP-FPM runs against the files on the disk",
        place=3,
        laravel=False,
    ),
    LayerSpec(
        layer=Layer.FPM,
        heading="fpm",
        label="workers",
        about="PHP-FPM: whether it runs, and with the configuration on the disk",
        place=3,
        laravel=False,
    ),
    LayerSpec(
        layer=Layer.WORKERS,
        heading="que",
        label="queue",
        about="queue workers, Horizon, Octane and others that keep the code they started with",
        place=3,
        laravel=False,
    ),
)
"""One row for each :class:`Layer`, in its order."""

_SPECS = {spec.layer: spec for spec in LAYERS}

REBUILT = tuple(spec.layer for spec in LAYERS if spec.clear and spec.rebuild)
"""Layers that are cleared and rebuilt, in the order of rebuilding."""
FILE_CACHED = tuple(spec.layer for spec in LAYERS if spec.files and spec.clear)
"""Layers that Laravel keeps in one PHP file, made from sources that can be newer than it."""
CACHED_FILES = {file.name: file for spec in LAYERS for file in spec.files}
"""Every cached file by its name in a snapshot."""
