"""The application on the disk of one server: sources, a vendor folder, a git diary; and the deploy of the fix into it."""

from __future__ import annotations

import os
import shutil
from functools import cache
from importlib.resources import as_file, files
from typing import TYPE_CHECKING

from stalewatch.demo import disk

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

FIXED = (
    "app/Http/Controllers/RetellFunctionCallHandler.php",
    "app/Services/CallLifecycleService.php",
    "config/services.php",
    "routes/api.php",
)
"""What the deploy changes."""

_ZERO = "0" * 40
_FIRST_COMMIT = "9b1d04e7c2f85a36e01b7d94cf28a05e63d71f4a"
_EARLIER_COMMIT = "c70e5f19a8b34d62907fe1c5d48b3a62f09e7d15"
FIX_COMMIT = "4f2a9c1d7b60e58f39a2c84d15e7b0639fa8c2d4"
EARLIER = (
    "app/Http/Controllers/AppointmentController.php",
    "resources/views/appointment.blade.php",
    "resources/views/layouts/app.blade.php",
)
"""What the deploy before it changed: the one that the restart at 12:27 was for."""
_DAY = 86_400.0


@cache
def framework() -> tuple[str, ...]:
    """The vendor scripts that every request loads, relative to the root."""
    lines = files("stalewatch.demo").joinpath("files/framework.txt").read_text(encoding="utf-8").splitlines()
    groups = (line.partition(":") for line in lines if line and not line.startswith("#"))
    return tuple(f"vendor/{folder}/{name}.php" for folder, _, names in groups for name in names.split())


def library(to: Path, start: float) -> None:
    """The framework's files, made once: every server's vendor folder links to them."""
    _make_folders(to)
    for name, text in _libraries():
        with open(f"{to}/{name}", "wb") as file:
            file.write(text)
        os.utime(f"{to}/{name}", (start - 9 * _DAY, start - 9 * _DAY))


def build(root: Path, libraries: Path, start: float, packages_at: float, earlier_at: float) -> None:
    """The application before the fix. *start* of the demo; *earlier_at*: the deploy before the one that brings the fix."""
    with as_file(files("stalewatch.demo").joinpath("files/app")) as app:
        shutil.copytree(app, root)
    _make_folders(root)
    for name in framework():
        os.link(f"{libraries}/{name}", f"{root}/{name}")
    (root / ".env").write_text("APP_NAME=api-gateway\nAPP_ENV=production\nAPP_DEBUG=false\nLOG_CHANNEL=single\n", encoding="ascii")
    for folder in ("storage/logs", "storage/framework/cache/data", "storage/framework/sessions", "bootstrap/cache"):
        (root / folder).mkdir(parents=True)
    (root / "storage/logs/laravel.log").touch()
    _start_diary(root)
    _write_diary(root, start - 9 * _DAY, _ZERO, _FIRST_COMMIT, "Mara Lindt", "clone: from git@git.example.test:api-gateway.git")
    disk.backdate(root, start - 9 * _DAY)
    _packages(root, packages_at)
    for name in EARLIER:
        os.utime(root / name, (earlier_at, earlier_at))
    _write_diary(root, earlier_at, _FIRST_COMMIT, _EARLIER_COMMIT, "Jonas Weber", "pull: Offer the next free slot first")


def deploy(root: Path, at: float) -> None:
    """``git pull`` of the fix at *at*."""
    for number, name in enumerate(reversed(FIXED)):  # the controller last: it is what people will name first
        text = files("stalewatch.demo").joinpath(f"files/fixed/{name}").read_text(encoding="utf-8")
        disk.write(root / name, text, at + number / 100)
    _write_diary(root, at, _EARLIER_COMMIT, FIX_COMMIT, "Mara Lindt", "pull: Strip the version from function names")


def mount_over(root: Path, image: Path) -> Callable[[str], str]:
    """Lay a new image of the same application over *root*. Gives where lies what is seen as a path by who had *root* before: in *image*."""
    root.rename(image)
    shutil.copytree(image, root)

    def see(path: str) -> str:
        return f"{image}{path[len(str(root)) :]}" if f"{path}/".startswith(f"{root}/") else path

    return see


def _start_diary(root: Path) -> None:
    disk.write(root / ".git/HEAD", "ref: refs/heads/main\n")
    disk.write(root / ".git/config", "[core]\n\trepositoryformatversion = 0\n\tbare = false\n")
    (root / ".git/objects").mkdir()


def _write_diary(root: Path, at: float, before: str, after: str, who: str, what: str) -> None:
    """What git notes when HEAD moves."""
    log = root / ".git/logs/HEAD"
    mail = f"{who.split()[0].lower()}@example.test"
    disk.write(log, disk.read(log).decode() + f"{before} {after} {who} <{mail}> {int(at)} +0000\t{what}\n", at)
    disk.write(root / ".git/refs/heads/main", f"{after}\n", at)


def _packages(root: Path, at: float) -> None:
    providers = {"laravel/sanctum": "Laravel\\\\Sanctum\\\\SanctumServiceProvider", "nesbot/carbon": "Carbon\\\\Laravel\\\\ServiceProvider"}
    row = "  '{}' => \n  array (\n    'providers' => \n    array (\n      0 => '{}',\n    ),\n  ),\n"
    rows = "".join(row.format(*pair) for pair in providers.items())
    disk.write(root / "bootstrap/cache/packages.php", f"<?php return array (\n{rows});\n", at)
    listed = "".join(f"    {number} => '{provider}',\n" for number, provider in enumerate(providers.values()))
    services = f"<?php return array (\n  'providers' => \n  array (\n{listed}  ),\n  'eager' => \n  array (\n{listed}  ),\n);\n"
    disk.write(root / "bootstrap/cache/services.php", services, at)


def _make_folders(root: Path) -> None:
    for folder in {name.rpartition("/")[0] for name in framework()}:
        (root / folder).mkdir(parents=True, exist_ok=True)


@cache
def _libraries() -> tuple[tuple[str, bytes], ...]:
    """The framework's files, each of about the size that real ones have."""
    made = []
    for number, name in enumerate(framework()):
        count = 3 + number * 7 % 23
        methods = "".join(f"\n    public function method{index}()\n    {{\n        return {index};\n    }}\n" for index in range(count))
        stem = name.rpartition("/")[2].removesuffix(".php")
        version = "    const VERSION = '11.31.0';\n" if name.endswith("/Foundation/Application.php") else ""
        made.append((name, f"<?php\n\nclass {stem}{number}\n{{\n{version}{methods}}}\n".encode()))
    return tuple(made)
