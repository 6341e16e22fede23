"""What Composer made, against what it was made from: a healthy server with one thing changed."""

from __future__ import annotations

from typing import Any

import pytest

from stalewatch.model.report import Layer, Remedy, Verdict
from stalewatch.model.snapshot import AppLayout, ComposerFacts, MovedClass, PackageFacts
from stalewatch.model.text import safe
from tests.builders.snapshots import CACHED, WRITTEN, at, file, looked, only, quiet, with_host

LOADER = file("vendor/composer/autoload_static.php", CACHED)
STALE, SUSPECT, UNKNOWN = Verdict.STALE, Verdict.SUSPECT, Verdict.UNKNOWN


def composer(**more: Any) -> ComposerFacts:
    return ComposerFacts(**{"loader": LOADER, "unlike_lock": (), "folders": (), "moved": (), "held": (), **more})


def moved(mtime: float, ctime: float | None = None, name: str = "App\\Price", mapped: str = "app/Price.php") -> MovedClass:
    return MovedClass(name=safe(name), file=file("src/Price.php", mtime, ctime), mapped=safe(mapped))


def test_what_fits_is_quiet() -> None:
    quiet(looked(with_host(composer=composer())))
    quiet(looked(with_host(composer=ComposerFacts())))


@pytest.mark.parametrize(("mapped", "words"), [("app/Price.php", "loaded from app/Price.php"), ("", "not found")])
def test_a_class_in_a_newer_file_proves_the_class_map_old(mapped: str, words: str) -> None:
    report = looked(with_host(composer=composer(moved=(moved(-60, mapped=mapped),))))
    finding = only(report, Layer.PACKAGES, STALE, "packages.class-map")
    assert words in finding.summary
    assert finding.subject == "src/Price.php"
    assert finding.since == at(-60)
    assert finding.remedy == (Remedy.CONFIGURE,)


def test_many_moved_classes_are_one_finding() -> None:
    report = looked(with_host(composer=composer(moved=(moved(-60), moved(-90, name="App\\Plan")))))
    assert [finding.code for finding in report.findings] == ["packages.class-map"]
    assert "App\\Price and App\\Plan are loaded from" in report.findings[0].summary


def test_a_newer_ctime_alone_suspects() -> None:
    only(looked(with_host(composer=composer(moved=(moved(WRITTEN, -60),)))), Layer.PACKAGES, SUSPECT, "packages.class-map")


@pytest.mark.parametrize("ctime", [CACHED - 60, CACHED + 1])
def test_a_tree_that_was_unpacked_as_a_whole_is_quiet(ctime: float) -> None:
    quiet(looked(with_host(composer=composer(moved=(moved(WRITTEN, ctime),)))))


@pytest.mark.parametrize(("mapped", "words"), [("old/Price.php", "is loaded from old/Price.php"), ("", "is not found")])
def test_an_old_path_in_apcu_is_stale_and_a_reload_ends_it(mapped: str, words: str) -> None:
    report = looked(with_host(composer=composer(held=(moved(-60, mapped=mapped),))))
    finding = only(report, Layer.PACKAGES, STALE, "packages.apcu-holds")
    assert words in finding.summary
    assert finding.remedy == (Remedy.RELOAD,)
    quiet(looked(with_host(composer=composer(held=()))))


def test_folders_and_versions_are_compared_without_times() -> None:
    only(looked(with_host(composer=composer(folders=(safe("App\\"),)))), Layer.PACKAGES, STALE, "packages.autoload-differs")
    report = looked(with_host(composer=composer(unlike_lock=(safe("acme/a 1.0 (locked: 2.0)"),))))
    finding = only(report, Layer.PACKAGES, STALE, "packages.lock-differs")
    assert finding.summary == "acme/a 1.0 (locked: 2.0) is not installed as composer.lock says"


@pytest.mark.parametrize("facts", [composer(moved=None), composer(unread=3), composer(cut=True)], ids=["map", "files", "list"])
def test_what_was_not_read_is_unknown(facts: ComposerFacts) -> None:
    only(looked(with_host(composer=facts)), Layer.PACKAGES, UNKNOWN, "packages.class-map-unseen")


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        (composer(folders=None), "which folders the autoloader has"),
        (composer(held=None), "APCu could not be asked"),
        (None, "was not looked at"),
    ],
)
def test_what_was_not_compared_is_said_with_what_to_grant(facts: ComposerFacts | None, words: str) -> None:
    finding = only(looked(with_host(composer=facts)), Layer.PACKAGES, UNKNOWN, "packages.composer-unseen")
    assert words in finding.summary
    quiet(looked(with_host(composer=ComposerFacts(folders=None, held=None))))


def test_where_the_class_map_could_not_be_read_one_finding_says_so() -> None:
    report = looked(with_host(composer=composer(moved=None, folders=None, held=None)))
    only(report, Layer.PACKAGES, UNKNOWN, "packages.class-map-unseen")
    assert [each.code for each in report.findings] == ["packages.class-map-unseen"]


@pytest.mark.parametrize(
    ("facts", "verdict"),
    [
        (None, UNKNOWN),
        (ComposerFacts(), Verdict.ABSENT),
        (composer(), Verdict.FRESH),
        (ComposerFacts(unlike_lock=()), Verdict.FRESH),
        (composer(moved=(moved(-60),)), STALE),
    ],
)
def test_any_php_root_has_packages_if_composer_made_some(facts: ComposerFacts | None, verdict: Verdict) -> None:
    """Without a word of Laravel's manifest."""
    installed = PackageFacts(installed=(safe("acme/greeter"),))
    seen = with_host(layout=AppLayout(kind="symfony"), caches=(), packages=installed, composer=facts)
    report = looked(seen)
    assert report.layers[Layer.PACKAGES] is verdict
    assert not any("discover" in finding.summary for finding in report.findings)
    assert not any(Remedy.DISCOVER in finding.remedy for finding in report.findings)
