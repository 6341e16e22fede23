"""Laravel applications as directory trees: the files that each generation's skeleton has, in our own words, and what artisan caches.

Which files there are is read from the tags v8.6.12 to v12.11.2 of laravel/laravel and from laravel/framework; no PHP runs here.
"""

from __future__ import annotations

import hashlib
import json
import os
import time
from pathlib import Path

HOUR = 3600.0
FRAMEWORKS = {8: "8.83.29", 9: "9.52.22", 10: "10.50.3", 11: "11.56.0", 12: "12.67.0", 13: "13.26.1"}
"""The newest of each generation."""

_CONFIG = ("app", "auth", "cache", "database", "filesystems", "logging", "mail", "queue", "services", "session")
_OLD_CONFIG = ("broadcasting", "cors", "hashing", "sanctum", "view")
_OLD_SOURCES = (
    "app/Console/Kernel.php",
    "app/Exceptions/Handler.php",
    "app/Http/Kernel.php",
    "app/Http/Middleware/Authenticate.php",
    "app/Providers/AuthServiceProvider.php",
    "app/Providers/BroadcastServiceProvider.php",
    "app/Providers/RouteServiceProvider.php",
    "routes/api.php",
    "routes/channels.php",
)
_SOURCES = (
    "app/Http/Controllers/Controller.php",
    "app/Models/User.php",
    "app/Providers/AppServiceProvider.php",
    "app/Listeners/SendWelcome.php",
    "artisan",
    "public/index.php",
    "routes/console.php",
    "routes/web.php",
)
_EXPLICIT = "public function shouldDiscoverEvents(): bool\n{\n    return false;\n}\n"
_BOOTSTRAP_8 = "$app = new Illuminate\\Foundation\\Application(dirname(__DIR__));\nreturn $app;\n"
_BOOTSTRAP_11 = """return Application::configure(basePath: dirname(__DIR__))
    ->withRouting(
        web: __DIR__.'/../routes/web.php',
        commands: __DIR__.'/../routes/console.php',
    )
    ->create();
"""
VIEW = "resources/views/welcome.blade.php"


class Tree:
    """One application below *root*, two hours old, with everything cached an hour ago. *generation*: 8 to 13."""

    def __init__(self, root: Path, generation: int) -> None:
        self.root = root
        self.generation = generation
        self.made = time.time() - 2 * HOUR
        self.recent = generation >= 11
        self._settled = time.time()
        self._sources()
        self._vendor()
        self.optimize(everything=True)

    def write(self, name: str, code: str = "", *, ago: float = 2 * HOUR) -> Path:
        """A PHP file (or whatever *name* says) whose content came *ago* seconds ago."""
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(code if name.startswith(".env") or name.endswith((".json", ".blade.php")) else f"<?php\n{code}")
        self.age(name, ago)
        return path

    def age(self, name: str, ago: float) -> None:
        """Let *name* have been modified *ago* seconds ago."""
        then = time.time() - ago
        os.utime(self.root / name, (then, then))

    def settle(self) -> None:
        """Move the ctime of everything that is cached to now, as a `chmod -R` would: what a test does to ctimes proves nothing then.
        Within the second in which ctimes prove nothing anyway, once."""
        if time.time() - self._settled < 1:
            return
        self._settled = time.time()
        for path in self.root.parent.rglob("*.php"):
            if "cache" in path.parts or "storage" in path.parts:
                os.utime(path, ns=(path.stat().st_atime_ns, path.stat().st_mtime_ns))

    def optimize(self, *, everything: bool, ago: float = HOUR) -> None:
        """What `artisan optimize` of this generation leaves; *everything*: and event:cache and view:cache, which it runs from 11 on."""
        self.write("bootstrap/cache/config.php", "return array (\n  'app' => \n  array (\n    'name' => 'Shop',\n  ),\n);", ago=ago)
        self.write("bootstrap/cache/routes-v7.php", "app('router')->setCompiledRoutes(array (\n));", ago=ago)
        if everything or self.recent:
            self.write("bootstrap/cache/events.php", "return array (\n);", ago=ago)
            self.compile(VIEW, ago=ago)

    def compile(self, view: str, *, ago: float = HOUR, folder: str = "storage/framework/views") -> str:
        """A compiled view as this generation names it; its name."""
        source = str(self.root / view)
        digest = hashlib.sha1(f"v2{source}".encode(), usedforsecurity=False).hexdigest()
        name = f"{folder}/{digest if self.generation < 10 else digest[:32]}.php"  # sha1, then xxh128
        path = self.write(name, ago=ago)
        path.write_text(f"<h1>Welcome</h1>\n<?php /**PATH {source} ENDPATH**/ ?>")
        self.age(name, ago)
        return name

    def _sources(self) -> None:
        provider = "app/Providers/EventServiceProvider.php"
        names = (*_SOURCES, *(f"config/{name}.php" for name in _CONFIG))
        if self.recent:
            self.write("bootstrap/app.php", _BOOTSTRAP_11)
            self.write("bootstrap/providers.php", "return [App\\Providers\\AppServiceProvider::class];\n")
        else:
            names = (*names, *_OLD_SOURCES, *(f"config/{name}.php" for name in _OLD_CONFIG))
            self.write("bootstrap/app.php", _BOOTSTRAP_8)
            self.write(provider, _EXPLICIT if self.generation == 10 else "protected $listen = [];\n")
        for name in names:
            self.write(name, "// as it was\n")
        self.write(".env", "APP_ENV=production\nAPP_KEY=base64:canary\n")
        self.write(VIEW, "<h1>Welcome</h1>\n")
        self.write("lang/en/auth.php" if self.generation == 9 else "resources/lang/en/auth.php", "return [];\n")

    def _vendor(self) -> None:
        version = FRAMEWORKS[self.generation]
        package = {"name": "acme/shop", "version": "v1.0.0", "extra": {"laravel": {"providers": ["Acme\\Shop\\Provider"]}}}
        framework = {"name": "laravel/framework", "version": f"v{version}", "extra": {"branch-alias": {}}}
        self.write("vendor/composer/installed.json", json.dumps({"packages": [package, framework], "dev": False}))
        self.write("composer.json", "{}")
        self.write("vendor/laravel/framework/src/Illuminate/Foundation/Application.php", f"    const VERSION = '{version}';\n")
        providers = "    'providers' => \n    array (\n      0 => 'Acme\\\\Shop\\\\Provider',\n    ),\n"
        listed = f"return array (\n  'acme/shop' => \n  array (\n{providers}  ),\n);"
        self.write("bootstrap/cache/packages.php", listed, ago=HOUR)
        self.write("bootstrap/cache/services.php", "return array (\n  'eager' => \n  array (\n  ),\n);", ago=HOUR)
