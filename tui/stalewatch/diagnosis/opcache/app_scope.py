"""Which scripts concern an app: all pools of one FPM master share one OPcache, so the cache holds other apps' scripts too
(``docs/facts.md#opcache-shared``)."""

from __future__ import annotations

from stalewatch.diagnosis.context import Context

_PUBLIC = ("/public", "/web", "/htdocs", "/public_html", "/www", "/html")


class AppScope:
    """Everything but what lies below another app's root concerns this app: libraries outside of it (``/usr/share/php``) run in it too."""

    def __init__(self, context: Context) -> None:
        self._base = base_of(context.root)
        link = context.host.release.link if context.host is not None else ""
        self._own = tuple(f"{path}/" for path in dict.fromkeys((self._base, context.root, context.snapshot.app, link)) if path)
        self._others = tuple(f"{root}/" for root in _other_roots(context) if not self._overlaps(f"{root}/"))

    def concerns(self, path: str) -> bool:
        """Whether *path* can run in this app."""
        return not self._others or path.startswith(self._own) or not path.startswith(self._others)

    def inside(self, path: str) -> bool:
        """Whether *path* is below the app's own directories (any release of it)."""
        return path.startswith(self._own)

    def _overlaps(self, other: str) -> bool:
        return any(own.startswith(other) or other.startswith(own) for own in self._own)


def base_of(root: str) -> str:
    """The directory that holds all releases of the app (``/srv/app`` of ``/srv/app/releases/7``), else *root*."""
    parent, _, _ = root.rpartition("/")
    return parent.removesuffix("/releases") if parent.endswith("/releases") and parent != "/releases" else root


def _other_roots(context: Context) -> set[str]:
    roots = {str(root) for root in context.host.other_apps} if context.host is not None else set()
    for entry in context.opcache.entry_points if context.opcache is not None else ():
        folder = entry.path.rpartition("/")[0]
        public = next((suffix for suffix in _PUBLIC if folder.endswith(suffix)), "")
        if public and folder.count("/") > 2:  # /var/www/html is a place for apps as well as an app
            roots.add(base_of(folder.removesuffix(public)))
    return roots - {""}
