"""What `pip install .` puts into an environment is the whole program: command, probe scripts, demo files and themes."""

from __future__ import annotations

import os
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest

from stalewatch import __version__

ROOT = Path(__file__).parents[2]
THEMES = """
import pathlib, stalewatch
from stalewatch.dashboard.widgets.theme import files, folder, palette
assert pathlib.Path(stalewatch.__file__).is_relative_to({home!r}), stalewatch.__file__
assert folder().is_relative_to({home!r}), folder()
assert len(files()) >= 5 and palette("dark").roles
print(*sorted(files()))
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of this checkout. Skips where its build backend can't be had (no network, not installed)."""
    place = tmp_path_factory.mktemp("wheel")
    done = _run([sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", str(place), str(ROOT)])
    if done.returncode and "hatchling" in done.stderr:
        pytest.skip(f"the build backend is not to be had here: {done.stderr.strip().splitlines()[-1]}")
    assert done.returncode == 0, done.stderr
    return next(place.glob("stalewatch-*.whl"))


def _run(argv: list[str], cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "VIRTUAL_ENV"))}
    return subprocess.run(argv, capture_output=True, text=True, timeout=110, cwd=cwd, env=clean, check=False)


def test_the_wheel_has_everything_that_is_no_python(wheel: Path) -> None:
    packed = set(zipfile.ZipFile(wheel).namelist())
    assert {f"stalewatch/_themes/{path.name}" for path in (ROOT / "themes").iterdir()} <= packed
    data = {path.relative_to(ROOT / "tui").as_posix() for path in (ROOT / "tui").rglob("*") if path.suffix in (".sh", ".php")}
    assert data
    assert data <= packed
    assert not [name for name in packed if name.startswith("tests/") or "__pycache__" in name]


def test_installed_into_an_empty_environment_it_runs_with_its_themes(wheel: Path, tmp_path: Path) -> None:
    """The libraries are those of this environment (put behind the new one by a .pth); the checkout is out of sight."""
    home = tmp_path / "env"
    venv.create(home, with_pip=False)
    site = next((home / "lib").glob("python*")) / "site-packages"
    python = str(home / "bin" / "python")
    done = _run([sys.executable, "-m", "pip", "--python", python, "install", "--quiet", "--no-deps", str(wheel)])
    assert done.returncode == 0, done.stderr
    libraries = Path(pytest.__file__).parents[1]
    (site / "libraries.pth").write_text(f"import sys; sys.path.append({str(libraries)!r})\n")  # appended: its own .pth files are not read
    assert str(home) in (home / "bin" / "stalewatch").read_text().splitlines()[0]
    version = _run([str(home / "bin" / "stalewatch"), "--version"], tmp_path)
    assert version.stdout == f"stalewatch {__version__}\n", version.stdout + version.stderr
    assert wheel.name.startswith(f"stalewatch-{__version__}-")
    themes = _run([python, "-c", THEMES.format(home=str(home))], tmp_path)
    assert themes.returncode == 0, themes.stderr
    assert "high-contrast" in themes.stdout
    probe = "from importlib import resources as r; print(len(r.files('stalewatch.probe.host').joinpath('host.sh').read_text()))"
    assert int(_run([python, "-c", probe], tmp_path).stdout) > 1000
