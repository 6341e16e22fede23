"""The table of layers: whole, and known to everything that shows or handles layers; so is a layer that nobody but the table knows yet."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import msgspec
import pytest

import stalewatch
from stalewatch.diagnosis.explain import document
from stalewatch.diagnosis.rules import RULES
from stalewatch.model.layers import CACHED_FILES, FILE_CACHED, LAYERS, REBUILT, Layer
from stalewatch.model.report import Verdict
from tests.unit.model.faces import forgotten

ROOT = Path(__file__).parents[3]
PACKAGE = Path(stalewatch.__file__).parent
MEMBER = '    WORKERS = "workers"\n'
LAST = ')\n"""One row for each'
ICONS = """    LayerSpec(
        layer=Layer.ICONS,
        heading="ico",
        label="icons",
        about="sets of icons against their manifest",
        files=(CachedFile(name="icons", path="bootstrap/cache/blade-icons.php", title="icon manifest", written="icons cached"),),
        sources=("app/Icons/*.php",),
        clear="icons:clear",
        rebuild="icons:cache",
    ),
"""
ASSETS = """    LayerSpec(layer=Layer.ASSETS, heading="ast", label="assets", about="the manifest of assets against what is built"),
"""
JUDGE = '''"""Assets: never built."""

from stalewatch.diagnosis.context import rule_on
from stalewatch.diagnosis.rule import Rule
from stalewatch.model.layers import Layer
from stalewatch.model.report import Severity, Verdict

MISSING = Rule(
    code="assets.missing",
    layer=Layer.ASSETS,
    verdict=Verdict.STALE,
    severity=Severity.CRITICAL,
    meaning="Nothing was built.",
    evidence=("repeat",),
)
RULES = (MISSING,)


def judge(context):
    return rule_on(Verdict.FRESH, (MISSING.finding("public/build", "no assets are built"),))
'''
REAL = '''"""A real look at a real directory: the probe, the diagnosis and the plan."""

from tests.builders.runbook import plan
from stalewatch.runbook.plan import Choice, Request
from tests.builders.tree_probe import looking
from tests.builders.laravel_trees import Tree


async def test_a_source_that_is_newer_makes_it_stale_and_a_fix_rebuilds_it(looking, tmp_path):
    tree = Tree(tmp_path / "shop", 12)
    tree.write("app/Icons/Logo.php")
    seen = await looking(tree)
    assert str((await seen.report()).layers["icons"]) == "absent"
    tree.write("bootstrap/cache/blade-icons.php", "return array (\\n);", ago=3600)
    assert str((await seen.report()).layers["icons"]) == "fresh"
    tree.age("app/Icons/Logo.php", 60)
    report = await seen.report()
    assert await seen.off() == {"icons": "stale"}
    (finding,) = [finding for finding in report.findings if finding.layer == "icons" and finding.verdict == "stale"]
    assert (finding.code, finding.subject) == ("icons.stale", "app/Icons/Logo.php")
    (server,) = plan([report], Request(choice=Choice.FIX)).servers
    assert "icons:cache" in {step.id for step in server.steps}, server
'''


def test_every_layer_has_one_row_in_the_order_of_the_layers() -> None:
    assert [spec.layer for spec in LAYERS] == list(Layer)
    assert all(layer.spec.layer is layer for layer in Layer)


def test_what_tells_layers_apart_does() -> None:
    for told in ("heading", "label", "about"):
        assert len({getattr(spec, told) for spec in LAYERS}) == len(LAYERS), told
    assert {len(spec.heading) for spec in LAYERS} == {3}
    assert max(len(spec.label) for spec in LAYERS) < 9, "a pane's first column"
    files = [file for spec in LAYERS for file in spec.files]
    assert len(CACHED_FILES) == len({file.path for file in files}) == len({file.title for file in files}) == len(files)
    assert [layer.spec.files[0].name for layer in FILE_CACHED] == [*FILE_CACHED]


def test_layers_are_what_they_were_in_json_and_in_what_is_remembered() -> None:
    names = ["release", "packages", "config", "routes", "events", "views", "opcache", "fpm", "workers"]
    assert [*Layer] == names
    layers = dict.fromkeys(Layer, Verdict.FRESH)
    assert msgspec.json.decode(msgspec.json.encode(layers), type=dict[Layer, Verdict]) == layers
    assert [*REBUILT] == ["config", "routes", "events", "views"]


def test_everything_that_shows_or_handles_layers_knows_every_one_of_them() -> None:
    assert forgotten() == []
    assert {rule.layer for rule in RULES.values()} == set(Layer)
    assert all(f"\n## {layer}\n" in document() for layer in Layer)


# ----------------------------------------------------------------------------------------------------------- a new layer


class House:
    """A copy of the package to add a layer to."""

    def __init__(self, folder: Path) -> None:
        self.package = folder / "stalewatch"
        shutil.copytree(PACKAGE, self.package, ignore=shutil.ignore_patterns("__pycache__"))

    def write(self, name: str, text: str) -> None:
        (self.package / name).write_text(text, encoding="utf-8")

    def edit(self, name: str, old: str, new: str) -> None:
        text = (self.package / name).read_text(encoding="utf-8")
        assert text.count(old) == 1, (name, old)
        self.write(name, text.replace(old, new))

    def add(self, name: str, spec: str) -> None:
        """A member and a row in the one file that says which layers there are."""
        self.edit("model/layers.py", MEMBER, f'{MEMBER}    {name.upper()} = "{name}"\n')
        self.edit("model/layers.py", LAST, spec + LAST)

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        found = {**os.environ, "PYTHONPATH": str(self.package.parent), "PYTHONDONTWRITEBYTECODE": "1"}
        return subprocess.run([sys.executable, *arguments], env=found, cwd=ROOT, capture_output=True, text=True, check=False)

    def told(self) -> dict[str, Any]:
        """What the faces show in that house."""
        done = self.run("-m", "tests.unit.model.faces")
        assert done.returncode == 0, done.stderr
        told: dict[str, Any] = json.loads(done.stdout)
        assert Path(told["from"]).parent == self.package
        return told


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path)


def test_a_new_layer_in_the_table_is_known_everywhere(house: House) -> None:
    house.add("icons", ICONS)
    told = house.told()
    assert told["forgotten"] == []
    without = [name for name, text in told["faces"].items() if "ico" not in text and name != "a row of the table"]
    assert without == []
    assert "icons:cache" in told["faces"]["the plan of a fix"]
    assert "icons:clear" in told["faces"]["the plan of a clear"]
    assert "artisan icons:cache" in told["faces"]["sudoers"]
    assert "icons cached" in told["faces"]["the timeline"]
    explained = house.run("-m", "stalewatch", "explain", "icons.stale")
    assert "A source of the icon manifest is newer" in explained.stdout, explained.stderr
    assert "opcache.stale-icon-manifest" in house.run("-m", "stalewatch", "explain").stdout


def test_a_new_layer_in_the_table_is_looked_for_judged_and_rebuilt_for_real(house: House) -> None:
    house.add("icons", ICONS)
    test = house.package.parent / "test_real.py"
    test.write_text(REAL, encoding="utf-8")
    done = house.run("-m", "pytest", "-q", "-n", "0", "-p", "no:cacheprovider", "-c", str(ROOT / "pyproject.toml"), str(test))
    assert "1 passed" in done.stdout, done.stdout + done.stderr


def test_a_new_layer_that_nobody_judges_is_named(house: House) -> None:
    house.add("assets", ASSETS)
    assert house.told()["forgotten"] == ["the judges (diagnosis/judges.py): assets"]


def test_a_new_layer_with_a_judge_of_its_own_is_known_everywhere(house: House) -> None:
    house.add("assets", ASSETS)
    house.write("diagnosis/assets.py", JUDGE)
    house.edit("diagnosis/judges.py", "import fpm,", "import assets, fpm,")
    house.edit("diagnosis/judges.py", "    Layer.FPM: ", "    Layer.ASSETS: Judge(assets.judge, assets.RULES),\n    Layer.FPM: ")
    told = house.told()
    assert told["forgotten"] == []
    assert "assets   ✗ assets is old" in told["faces"]["the rows of a pane"]
    assert "assets.missing" in house.run("-m", "stalewatch", "explain").stdout


def test_whoever_keeps_a_list_of_layers_of_their_own_is_named(house: House) -> None:
    house.add("icons", ICONS)
    known = {spec.layer.value: spec.heading for spec in LAYERS}
    house.edit("dashboard/render/table_head.py", "{spec.layer: spec.heading for spec in LAYERS}", repr(known))
    clears = [layer.spec.clear for layer in REBUILT]
    house.edit("runbook/steps/caches.py", "[layer.spec.clear for layer in REBUILT]", repr(clears))
    told = house.told()["forgotten"]
    assert "the head of the table: icons" in told
    assert "sudoers: icons" in told
