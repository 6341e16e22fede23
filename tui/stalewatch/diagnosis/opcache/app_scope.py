"""Which scripts concern an app: all pools of one FPM master share one OPcache, so the cache holds other apps' scripts too
(``docs/facts.md#opcache-shared``)."""

from __future__ import annotations

from stalewatch.diagnosis.context import Context
from stalewatch.model.places import PLACES

_PUBLIC = ("/public", "/web", "/htdocs", "/public_html", "/www", "/html")


class AppScope:
    """Everything but what lies below another app's root concerns this app: libraries outside of it (``/usr/share/php``) run in it too. What
    shares a directory with another app and none with this one is that app's (``/srv/shop/lib`` beside ``/srv/shop/www``)."""

    def __init__(self, context: Context) -> None:
        self._base = base_of(context.root)
        link = context.host.release.link if context.host is not None else ""
        self._own = tuple(f"{path}/" for path in dict.fromkeys((self._base, context.root, context.snapshot.app, link)) if path)
        self._others = tuple(f"{root}/" for root in _other_roots(context) if not self._overlaps(f"{root}/"))
        links = (context.opcache.links if context.opcache is not None else None) or ()
        self._behind = tuple(f"{link.target}/" for link in links if link.path.startswith(self._own))
        self._asked_for = tuple(f"{folder}/" for folder in _asked_for(context) if folder not in PLACES)

    @classmethod
    def of(cls, context: Context) -> AppScope:
        """The same for all rules of one look."""
        parts = (context.snapshot, context.host, context.opcache, context.status)
        scope: AppScope = context.kept.get("scope", lambda: cls(context), parts, context.root)
        return scope

    def concerns(self, path: str) -> bool:
        """Whether *path* can run in this app."""
        if not self._others or path.startswith(self._own):
            return True
        return not path.startswith(self._others) and (_shares(path, self._own) or not _shares(path, self._others))

    def stands_alone(self, path: str) -> bool:
        """Whether *path* is of no app, and lies where a worker ran a script that is of none: code that is asked for itself. What shares a
        directory with this app, or lies where a link of it leads, may be this app's document root."""
        free = path.startswith(self._asked_for) and not path.startswith((*self._own, *self._others, *self._behind))
        return free and not _shares(path, self._own)

    def inside(self, path: str) -> bool:
        """Whether *path* is below the app's own directories (any release of it)."""
        return path.startswith(self._own)

    def _overlaps(self, other: str) -> bool:
        return any(own.startswith(other) or other.startswith(own) for own in self._own)


def _shares(path: str, roots: tuple[str, ...]) -> bool:
    """Whether *path* and one of *roots* lie below a directory that is no place for several apps."""
    return any((_above(path, root) or "/") not in PLACES for root in roots)


def _above(path: str, root: str) -> str:
    """The innermost directory that both are below."""
    both = zip(path.split("/"), root.rstrip("/").split("/"), strict=False)
    names = []
    for one, other in both:
        if one != other:
            break
        names.append(one)
    return "/".join(names)


def _asked_for(context: Context) -> set[str]:
    """The directories of scripts that workers ran last, as the status page has them."""
    scripts = context.status.scripts if context.status is not None else ()
    return {str(script).rpartition("/")[0] for script in scripts}


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
