"""What a plan says about findings that no step fixes: one sentence, with the line to type."""

from __future__ import annotations

import pytest

from stalewatch.diagnosis.rules import RULES
from stalewatch.model.report import Evidence, Layer, Remedy, Verdict
from stalewatch.model.snapshot import CompiledView, ComposerFacts, QueueWorker, ReleaseFacts, Unseen, ViewFacts
from stalewatch.model.text import safe
from stalewatch.runbook.plan import Choice, Request
from tests.builders import values
from tests.builders.runbook import finding, host, plan, report, runtime, vt1

LOADER = values.file("vendor/composer/autoload_static.php", 0.0, owner=safe("deployer"))
RELEASE = ReleaseFacts(root=safe("/srv/shop/releases/2"), link=safe("/srv/shop/current"))
FEED = QueueWorker(kind="other", process=values.process(4712, 0.0), unit=safe("feed.service"))
ORPHAN = QueueWorker(kind="horizon", process=values.process(4713, 0.0), user=safe("feeds"), orphan=True)
HOST = host(composer=ComposerFacts(loader=LOADER), release=RELEASE, queue_workers=(FEED, ORPHAN))
PRELOAD = runtime(opcache=vt1(preload=safe("/srv/shop/releases/1/preload.php")))


def told(code: str, *facts: tuple[str, object], subject: str = "x", verdict: Verdict = Verdict.STALE) -> str:
    evidence = tuple(Evidence(label, value) for label, value in facts)  # type: ignore[arg-type]
    found = finding(RULES[code].layer, verdict, Remedy.CONFIGURE, code=code, subject=safe(subject), evidence=evidence)
    return str(plan([report(found, host_facts=HOST, runtime_facts=PRELOAD)], Request(choice=Choice.FIX)).servers[0].left_out[0].why)


LINES = [
    ("packages.class-map", (), "by hand: sudo -u deployer composer dump-autoload --working-dir=/srv/app --optimize, then fix again"),
    ("packages.autoload-differs", (), "by hand: sudo -u deployer composer dump-autoload --working-dir=/srv/app --optimize, then fix again"),
    (
        "packages.lock-differs",
        (),
        "by hand: sudo -u deployer composer install --working-dir=/srv/app with the flags of your deploy, then fix again",
    ),
    ("fpm.other-tree", (), "by hand: sudo systemctl restart php8.2-fpm.service"),
    (
        "opcache.preload-other-release",
        (("preloaded release", "/srv/shop/releases/1"),),
        (
            "by hand: set opcache.preload=/srv/shop/current/preload.php (grep -rn opcache.preload /etc/php/8.2/fpm finds it), then: "
            "sudo systemctl restart php8.2-fpm.service"
        ),
    ),
    (
        "workers.other-older",
        (("pid", 4711),),
        (
            "by hand: restart it where it is supervised (systemctl status 4711 names the unit; under supervisord: supervisorctl restart "
            "PROGRAM)"
        ),
    ),
    (
        "workers.other-older",
        (("pid", 4712),),
        "by hand: sudo systemctl restart feed.service",
    ),
    (
        "workers.other-older",
        (("pid", 4713),),
        "by hand: sudo -u feeds kill 4713, and start it again as it was started (no unit and no supervisor was seen)",
    ),
    (
        "workers.reload-unseen",
        (("pid", 4712),),
        "by hand: sudo systemctl restart feed.service; octane:reload loads the code too, but leaves nothing to prove it by",
    ),
    (
        "workers.orphaned",
        (("processes", "4713"),),
        "by hand: sudo -u feeds php /srv/app/artisan horizon:purge (or sudo -u feeds kill 4713)",
    ),
    (
        "workers.not-back",
        (("start again", "sudo systemctl start laravel-worker.service"),),
        ("by hand: sudo systemctl start laravel-worker.service; if they were ended for good: stalewatch mark --workers-ended deploy@web1"),
    ),
    ("fpm.config-invalid", (), "by hand: fix the file, and do not reload before `php-fpm -t` says that the test is successful."),
]


@pytest.mark.parametrize(("code", "facts", "line"), LINES, ids=[line[0] for line in LINES])
def test_what_no_step_fixes_is_told_with_the_line_to_type(code: str, facts: tuple[tuple[str, object], ...], line: str) -> None:
    assert told(code, *facts) == line


def test_a_map_that_knows_all_classes_stays_one() -> None:
    found = finding(Layer.PACKAGES, Verdict.STALE, Remedy.CONFIGURE, code="packages.class-map")
    facts = host(composer=ComposerFacts(loader=LOADER, authoritative=True), login=safe("deployer"))
    server = plan([report(found, host_facts=facts)], Request(choice=Choice.FIX)).servers[0]
    assert server.left_out[0].why == "by hand: composer dump-autoload --working-dir=/srv/app --classmap-authoritative, then fix again"


@pytest.mark.parametrize(
    ("file", "line"),
    [("/etc/cron.d/shop", "sudoedit /etc/cron.d/shop (line 3)"), ("/var/spool/cron/crontabs/www", "sudo crontab -e -u www (line 3)")],
)
def test_a_line_of_cron_is_named_with_how_to_edit_it(file: str, line: str) -> None:
    said = told("workers.cron-old-release", ("release", "/srv/shop/releases/1"), subject=f"{file}:3")
    assert said == f"by hand: {line}: write /srv/shop/current for /srv/shop/releases/1"


def test_every_finding_that_no_step_fixes_has_a_sentence() -> None:
    by_hand = [code for code, rule in RULES.items() if rule.remedy == (Remedy.CONFIGURE,) and rule.verdict is not Verdict.FRESH]
    assert by_hand
    for code in by_hand:
        assert told(code).startswith("by hand: "), code


def test_a_layer_that_nobody_could_look_at_says_what_to_grant() -> None:
    hidden = Unseen(code="host.processes-hidden", message=safe("processes are hidden"), grant=safe("sudo usermod -aG proc deploy"))
    seen = values.report("web1", "/srv/app", others={Layer.WORKERS: Verdict.UNKNOWN}, snapshot=report().snapshot, errors=(hidden,))
    left = plan([seen], Request(choice=Choice.FIX)).servers[0].left_out
    assert [(str(one.what), str(one.why)) for one in left] == [("processes are hidden", "not judged; sudo usermod -aG proc deploy")]


def test_an_error_that_no_verdict_hangs_on_is_not_a_thing_to_do() -> None:
    told = Unseen(code="log.denied", message=safe("a log may not be read"))
    seen = values.report("web1", "/srv/app", snapshot=report().snapshot, errors=(told,))
    assert plan([seen], Request(choice=Choice.FIX)).servers[0].left_out == ()


STALE_VIEW = finding(Layer.VIEWS, Verdict.STALE, Remedy.REBUILD)
COMPILED = values.file("storage/framework/views/a.php", 0.0, owner=safe("root"))


@pytest.mark.parametrize(
    ("folder", "file", "left"), [(False, False, True), (False, None, True), (False, True, False), (True, False, False), (None, None, False)]
)
def test_views_that_the_pool_may_not_write_are_left_with_the_line_that_gives_them_to_it(
    folder: bool | None, file: bool | None, left: bool
) -> None:
    facts = ViewFacts(views=(CompiledView(compiled=COMPILED, writable=file),), writable=folder)
    server = plan([report(STALE_VIEW, finding(Layer.CONFIG), host_facts=host(views=facts))], Request(choice=Choice.FIX)).servers[0]
    line = "by hand: give them to the pool's user: sudo chown -R www-data /srv/app/storage/framework/views, then fix again"
    assert (line in [one.why for one in server.left_out]) == left
    assert [step.id for step in server.steps if step.id in ("config:cache", "view:cache")] == ["config:cache", *["view:cache"][left:]]
