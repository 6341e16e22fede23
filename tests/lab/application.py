"""A host's Laravel application: what it serves, and every way in which tests change it."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

from tests.lab import fastcgi, php
from tests.lab.machine import Machine

APP = "/srv/app"
CONTROLLER = "app/Http/Controllers/HomeController.php"
LAYERS = ("config", "route", "event", "view")
ASK_OPCACHE = """<?php
header('Content-Type: application/json');
echo json_encode(['ini' => ini_get_all('zend opcache', false)] + (opcache_get_status(true) ?: ['restricted' => true]));
"""
FAR_FUTURE = 4_000_000_000


class Application(Machine):
    """A machine with /srv/app and the pool `www`. Relative paths are below /srv/app."""

    def socket(self, pool: str = "www") -> Path:
        """The pool's socket, seen from outside."""
        return self.root(php.SOCKET if pool == "www" else f"/run/php/{pool}.sock")

    def request(
        self, uri: str = "/", script: str | None = None, method: str = "GET", pool: str = "www", timeout: float = 30.0
    ) -> fastcgi.Response:
        """One request to the pool over FastCGI; without `script` to the application's index.php."""
        return fastcgi.ask(self.socket(pool), script or f"{APP}/public/index.php", uri, method, timeout)

    def get(self, uri: str = "/") -> str:
        """What the application serves now. The body is returned whatever the status is."""
        return self.request(uri).body

    def status(self, pool: str = "www") -> dict[str, Any]:
        """FPM's status page with its processes."""
        page: dict[str, Any] = json.loads(self.request("/fpm-status?json&full", script="/fpm-status", pool=pool).body)
        return page

    def opcache(self, pool: str = "www") -> dict[str, Any]:
        """opcache_get_status(true), and `ini`: asked by a script with a future mtime, which OPcache does not keep."""
        script = self.root("/run/lab-opcache.php")
        if not script.exists():
            script.write_text(ASK_OPCACHE)
            os.utime(script, (FAR_FUTURE, FAR_FUTURE))
        answer: dict[str, Any] = json.loads(self.request("/", script="/run/lab-opcache.php", pool=pool).body)
        return answer

    def file(self, path: str) -> Path:
        """A file of the application, seen from outside."""
        return self.root(path if path.startswith("/") else f"{APP}/{path}")

    def edit(self, path: str, text: str | None = None, *, replace: tuple[str, str] | None = None, mtime: float | None = None) -> None:
        """Write a file in place, or replace a text in it (which must be there); a new file belongs to `deploy`."""
        file = self.file(path)
        new = not file.exists()
        if replace is not None:
            before = file.read_text()
            if replace[0] not in before:
                raise ValueError(f"{path} does not contain {replace[0]!r}")
            text = before.replace(*replace)
        file.write_text(text or "")
        if new:
            owner = self.root(APP).stat()
            os.chown(file, owner.st_uid, owner.st_gid)
        if mtime is not None:
            self.touch(path, mtime)

    def release(self, version: str) -> None:
        """Make the controller on disk answer "home VERSION"."""
        text = self.file(CONTROLLER).read_text()
        self.edit(CONTROLLER, re.sub(r"home v\w+", f"home {version}", text))

    def touch(self, path: str, mtime: float) -> None:
        """Set the mtime (seconds since 1970); the ctime becomes now, as always."""
        os.utime(self.file(path), (mtime, mtime))

    def remove(self, path: str) -> None:
        file = self.file(path)
        if file.is_dir() and not file.is_symlink():
            shutil.rmtree(file)
        else:
            file.unlink()

    def deploy_git(self, commit: str = "fix") -> None:
        """`git reset --hard COMMIT` as `deploy`: the files that differ are new, and .git/logs/HEAD has one line more."""
        self.run(["git", "-C", APP, "reset", "-q", "--hard", commit], user="deploy")

    def artisan(self, *arguments: str, user: str = "www-data", check: bool = True) -> subprocess.CompletedProcess[str]:
        return self.run(["php", f"{APP}/artisan", *arguments, "--no-interaction", "--no-ansi"], user=user, check=check)

    def cache(self, *layers: str) -> None:
        """Cache these layers (config, route, event, view), or all of them, as www-data."""
        for layer in layers or LAYERS:
            self.artisan(f"{layer}:cache")

    def clear_caches(self, *layers: str) -> None:
        """Clear these layers (config, route, event, view), or all of them, as www-data."""
        for layer in layers or LAYERS:
            self.artisan(f"{layer}:clear")
