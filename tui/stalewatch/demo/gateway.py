"""The application as the pool serves it: which scripts a request runs, and what *the code that was compiled* makes of a call.

So the errors in the log end when, and only when, the stand-in FPM runs the fixed code with the fixed configuration.
"""

from __future__ import annotations

import json
import os
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from stalewatch.demo import disk

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stalewatch.demo.fpm import Fpm
    from stalewatch.demo.opcache import DemoOpcache

LOG = "storage/logs/laravel.log"
CONTROLLER = "app/Http/Controllers/RetellFunctionCallHandler.php"
SERVICE = "app/Services/CallLifecycleService.php"
ALARM = "Call context not found"
REASSURE = "Function routing"

_FRONT = ("public/index.php", "vendor/autoload.php", "bootstrap/app.php", "bootstrap/cache/services.php", "bootstrap/cache/packages.php")
_PROVIDER = "app/Providers/AppServiceProvider.php"
_PAGES = {
    "/api/health": ("app/Http/Controllers/Controller.php", "app/Http/Controllers/HealthController.php"),
    "/api/appointments": (
        "app/Http/Controllers/Controller.php",
        "app/Http/Controllers/AppointmentController.php",
        "app/Models/Appointment.php",
        "app/Models/Customer.php",
    ),
}


_PASSING = (9, 14, 11, 23, 31, 18, 12, 8, 27, 40, 22, 13)
"""Misses for two visits, in turn: Blade strings (mails, receipts) that were compiled a moment ago are too young to be kept."""


class Gateway:
    """*framework*: the scripts of vendor/ that every request loads, relative to *root*."""

    def __init__(self, root: Path, fpm: Fpm, framework: Sequence[str]) -> None:
        self._root = root
        self._fpm = fpm
        self._framework = framework
        self._compiled: tuple[DemoOpcache, str] | None = None
        self._calls = 0
        self._visits = 0

    @property
    def _code(self) -> str:
        """Where the code is that is served: PHP asks once where a link leads, and OPcache keeps the answer with the key."""
        if self._compiled is None or self._compiled[0] is not self._fpm.opcache:
            self._compiled = self._fpm.opcache, os.path.realpath(self._root)
        return self._compiled[1]

    def visit(self, now: float, times: int) -> None:
        """*times* ordinary requests for each page, and one for a rendered view."""
        self._boot(now, times * len(_PAGES) + 1)
        self._fpm.opcache.misses += _PASSING[self._visits % len(_PASSING)] * times // 2
        self._visits += 1
        for uri, scripts in _PAGES.items():
            self._load(scripts, now, times)
            self._fpm.took("GET", uri, str(self._root / "public/index.php"), times)
        for view in self._names("storage/framework/views"):
            self._fpm.opcache.serve(f"{self._code}/{view}", now)

    def call(self, now: float, name: str) -> None:
        """One function call from the voice agent; *name* as it names the function. Writes the application's log."""
        self._calls += 1
        call_id = f"call_{self._calls:04x}{int(now) % 0xFFFF:04x}"
        self._fpm.took("POST", "/api/retell/function-call", str(self._root / "public/index.php"))
        config = self._boot(now, 1)
        code = self._run(CONTROLLER, now)
        if b"version_stripped" in code:
            base = name.partition("_v")[0]
            self._log(now, "INFO", f"🔧 {REASSURE}", original_name=name, base_name=base, version_stripped=name != base)
        elif "_v" in name:
            self._log(now, "ERROR", ALARM, call_id=call_id, function=name)
            return
        service = self._run(SERVICE, now)
        if b"context_ttl" in service and b"context_ttl" not in config:
            self._log(now, "ERROR", ALARM, call_id=call_id, function=name)
        elif b"context_ttl" in service or "_v" not in name:
            self._log(now, "INFO", "Appointment slot offered", call_id=call_id)
        else:
            self._log(now, "ERROR", ALARM, call_id=call_id, function=name)

    def page(self, now: float) -> bytes:
        """The body of an ordinary request: which code answers."""
        self._boot(now, 1)
        fixed = b"version_stripped" in self._run(CONTROLLER, now)
        return json.dumps({"ok": True, "function_routing": fixed}).encode()

    def _boot(self, now: float, times: int) -> bytes:
        """Run what every request runs; gives the configuration code. A missing cache falls through to the sources."""
        self._load(_FRONT, now, times)
        for name in self._framework:
            self._fpm.opcache.serve(f"{self._code}/{name}", now, times)
        self._load((_PROVIDER,), now, times)
        if not self._load(("bootstrap/cache/routes-v7.php",), now, times):
            self._load_folder("routes", now, times)
        return self._load(("bootstrap/cache/config.php",), now, times) or self._load_folder("config", now, times)

    def _load_folder(self, folder: str, now: float, times: int) -> bytes:
        return self._load(self._names(folder), now, times)

    def _names(self, folder: str) -> list[str]:
        """The scripts of a folder that the pool sees."""
        return sorted(f"{folder}/{path.name}" for path in Path(self._fpm.opcache.see(f"{self._code}/{folder}")).glob("*.php"))

    def _load(self, names: Sequence[str], now: float, times: int) -> bytes:
        """Run these scripts, as far as they are there (``file_exists`` comes before OPcache); their code, joined."""
        paths = [f"{self._code}/{name}" for name in names]
        return b"".join(self._fpm.opcache.serve(path, now, times) or b"" for path in paths if disk.stat(self._fpm.opcache.see(path)))

    def _run(self, name: str, now: float) -> bytes:
        return self._fpm.opcache.serve(f"{self._code}/{name}", now) or b""

    def _log(self, now: float, level: str, message: str, **context: object) -> None:
        when = datetime.fromtimestamp(now).astimezone().isoformat(timespec="microseconds")
        line = f"[{when}] production.{level}: {message} {json.dumps(context)} \n"
        with (self._root / LOG).open("a", encoding="utf-8") as log:
            log.write(line)
