"""The application on the disk of one server: sources, a vendor folder, a git diary; and the deploy of the fix into it."""

from __future__ import annotations

import shutil
from functools import cache
from importlib.resources import as_file, files
from typing import TYPE_CHECKING

from tui.demo import disk

if TYPE_CHECKING:
    from pathlib import Path

FIXED = (
    "app/Http/Controllers/RetellFunctionCallHandler.php",
    "app/Services/CallLifecycleService.php",
    "config/services.php",
    "routes/api.php",
)
"""What the deploy changes."""

_ZERO = "0" * 40
_COMMITS = (
    (9.0, _ZERO, "9b1d04e7c2f85a36e01b7d94cf28a05e63d71f4a", "Mara Lindt", "clone: from git@git.example.test:api-gateway.git"),
    (
        1.2,
        "9b1d04e7c2f85a36e01b7d94cf28a05e63d71f4a",
        "c70e5f19a8b34d62907fe1c5d48b3a62f09e7d15",
        "Jonas Weber",
        "pull: Offer the next slot",
    ),
)
"""Days before the demo, old and new commit, who, what."""
FIX_COMMIT = "4f2a9c1d7b60e58f39a2c84d15e7b0639fa8c2d4"
_DAY = 86_400.0


@cache
def framework() -> tuple[str, ...]:
    """The vendor scripts that every request loads, relative to the root."""
    lines = files("tui.demo").joinpath("files/framework.txt").read_text(encoding="utf-8").splitlines()
    groups = (line.partition(":") for line in lines if line and not line.startswith("#"))
    return tuple(f"vendor/{folder}/{name}.php" for folder, _, names in groups for name in names.split())


def build(root: Path, start: float, views_at: float, packages_at: float) -> None:
    """The application before the fix. *start* of the demo; Blade sources are from shortly before *views_at*."""
    with as_file(files("tui.demo").joinpath("files/app")) as app:
        shutil.copytree(app, root)
    for number, name in enumerate(framework()):
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(_library(path.stem, number), encoding="ascii")
    (root / ".env").write_text("APP_NAME=api-gateway\nAPP_ENV=production\nAPP_DEBUG=false\nLOG_CHANNEL=single\n", encoding="ascii")
    for folder in ("storage/logs", "storage/framework/cache/data", "storage/framework/sessions", "bootstrap/cache"):
        (root / folder).mkdir(parents=True)
    (root / "storage/logs/laravel.log").touch()
    _diary(root, start)
    disk.backdate(root, start - 1.2 * _DAY)
    disk.backdate(root / "vendor", start - 9 * _DAY)
    disk.backdate(root / "resources", views_at - 310)
    _packages(root, packages_at)


def deploy(root: Path, at: float) -> None:
    """``git pull`` of the fix at *at*."""
    for name in FIXED:
        text = files("tui.demo").joinpath(f"files/fixed/{name}").read_text(encoding="utf-8")
        disk.write(root / name, text, at)
    git = root / ".git"
    line = f"{_COMMITS[-1][2]} {FIX_COMMIT} Mara Lindt <mara@example.test> {int(at)} +0000\tpull: Strip the version from function names\n"
    disk.write(git / "logs/HEAD", disk.read(str(git / "logs/HEAD")).decode() + line, at)
    disk.write(git / "refs/heads/main", f"{FIX_COMMIT}\n", at)
    disk.write(git / "ORIG_HEAD", f"{_COMMITS[-1][2]}\n", at)


def _diary(root: Path, start: float) -> None:
    lines = (
        f"{before} {after} {who} <{who.split()[0].lower()}@example.test> {int(start - days * _DAY)} +0000\t{what}\n"
        for days, before, after, who, what in _COMMITS
    )
    disk.write(root / ".git/logs/HEAD", "".join(lines))
    disk.write(root / ".git/HEAD", "ref: refs/heads/main\n")
    disk.write(root / ".git/config", "[core]\n\trepositoryformatversion = 0\n\tbare = false\n")
    disk.write(root / ".git/refs/heads/main", f"{_COMMITS[-1][2]}\n")
    (root / ".git/objects").mkdir()


def _packages(root: Path, at: float) -> None:
    providers = {"laravel/sanctum": "Laravel\\\\Sanctum\\\\SanctumServiceProvider", "nesbot/carbon": "Carbon\\\\Laravel\\\\ServiceProvider"}
    row = "  '{}' => \n  array (\n    'providers' => \n    array (\n      0 => '{}',\n    ),\n  ),\n"
    rows = "".join(row.format(*pair) for pair in providers.items())
    disk.write(root / "bootstrap/cache/packages.php", f"<?php return array (\n{rows});\n", at)
    listed = "".join(f"    {number} => '{provider}',\n" for number, provider in enumerate(providers.values()))
    services = f"<?php return array (\n  'providers' => \n  array (\n{listed}  ),\n  'eager' => \n  array (\n{listed}  ),\n);\n"
    disk.write(root / "bootstrap/cache/services.php", services, at)


def _library(name: str, number: int) -> str:
    """A file of about the size that real ones have, in *number*'s own way."""
    count = 3 + number * 7 % 23
    methods = "".join(f"\n    public function method{index}()\n    {{\n        return {index};\n    }}\n" for index in range(count))
    return f"<?php\n\nclass {name}{number}\n{{{methods}}}\n"
