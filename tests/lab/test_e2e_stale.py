"""Ways of being stale: found on that host only, put right by the command and by keys, proven by what is served."""

from __future__ import annotations

import re
import time
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

import pytest

from tests.lab.program import check, dashboard, explain, footprint, moved, ours, serving, stalewatch
from tests.terminal import RUNS

if TYPE_CHECKING:
    from tests.lab import Host, Lab
    from tests.terminal import Terminal

CONTROLLER = "/srv/app/app/Http/Controllers/HomeController.php"
OLD = {"/": "home v1", "/config": "v1 agent-v1"}


class Case(NamedTuple):
    """*opcache*: the pool's settings. *moves*: URI -> what it answers once the new code runs. *word*: the badge. *layers*: bad ones."""

    opcache: dict[str, int]
    moves: dict[str, str]
    word: str
    layers: dict[str, set[str]]


CONFIG = {"/config": "v1 agent-v2"}
CODE = {"/": "home v2"}
CASES = {
    "freq=600": Case({"revalidate_freq": 600}, CODE, "PENDING", {"opcache": {"pending"}}),
    "config": Case({}, CONFIG, "STALE", {"config": {"stale"}}),
    "config and vt=0": Case({"validate_timestamps": 0}, CODE | CONFIG, "STALE", {"config": {"stale"}, "opcache": {"stale", "suspect"}}),
}
each_case = pytest.mark.parametrize("case", CASES.values(), ids=CASES)


def deploy(host: Host, case: Case) -> None:
    """Put the new code on the disk, and prove that the old one runs on."""
    if "/" in case.moves:
        host.release("v2")
    if "/config" in case.moves:
        host.edit("config/services.php", replace=("agent-v1", "agent-v2"))
    assert served(host, case) == {uri: OLD[uri] for uri in case.moves}


def served(host: Host, case: Case) -> dict[str, str]:
    return {uri: serving(host, uri) for uri in case.moves}


def prepared(hosts: list[Host], case: Case) -> Host:
    hosts[0].fpm(**case.opcache)
    for host in hosts:
        assert {uri: host.get(uri) for uri in OLD} == OLD
    return hosts[0]


@each_case
def test_fix_makes_it_serve_the_new_code_and_touches_nobody_else(lab: Lab, hosts: list[Host], case: Case) -> None:
    web1 = prepared(hosts, case)
    before = [footprint(host) for host in hosts[1:]]
    deploy(web1, case)
    code, entries = check(lab)
    assert code == 1
    for layer, verdicts in case.layers.items():
        assert entries["web1"]["layers"][layer] in verdicts, explain(entries["web1"])
    assert [entries[host.name]["verdict"] for host in hosts[1:]] == ["fresh", "fresh"]
    ran = stalewatch(lab, "fix", "--yes", *lab.targets)
    assert ran.code == 0, ran.stdout + ran.stderr
    assert served(web1, case) == case.moves
    code, entries = check(lab)
    assert code == 0, explain(entries["web1"])
    assert list(map(moved, before, map(footprint, hosts[1:]))) == [{}, {}]
    assert [ours(host) for host in hosts] == [[], [], []]


@each_case
def test_keys_make_it_serve_the_new_code_and_touch_nobody_else(lab: Lab, hosts: list[Host], case: Case) -> None:
    web1 = prepared(hosts, case)
    before = [footprint(host) for host in hosts[1:]]
    with dashboard(lab) as terminal:
        terminal.wait_for(lambda text: text.count("✓ FRESH") == 3)
        deploy(web1, case)
        terminal.wait_for(rf"web1.*{case.word}")
        settled(terminal, case)
        terminal.type("f")
        terminal.wait_for(r"Cancel +Run")
        terminal.confirm()
        terminal.wait_for("✓ verified", timeout=90)
        assert served(web1, case) == case.moves  # not asked before: a request between clear and rebuild has PHP compile the sources
        terminal.type("\x1b")
        terminal.wait_for(lambda text: "goes back" not in text and text.count("✓ FRESH") == 3, timeout=40)
        terminal.type("q")
        assert terminal.wait_exit() == 0
        assert terminal.insane() == []
    code, entries = check(lab)
    assert code == 0, explain(entries["web1"])
    assert list(map(moved, before, map(footprint, hosts[1:]))) == [{}, {}]


def settled(terminal: Terminal, case: Case) -> None:
    """The pane shows every layer that is bad: a plan drawn before would be redrawn under the hands."""
    signs = {"stale": "✗", "suspect": "~", "pending": "…"}
    for layer, verdicts in case.layers.items():
        shown = "|".join(re.escape(signs[verdict]) for verdict in verdicts)
        terminal.wait_for(rf"{layer} +({shown})")


def test_what_is_pending_says_when_it_ends(lab: Lab, hosts: list[Host]) -> None:
    web1 = prepared(hosts, CASES["freq=600"])
    begun = time.time()
    deploy(web1, CASES["freq=600"])
    _, entries = check(lab, "web1")
    (finding,) = [each for each in entries["web1"]["findings"] if each["verdict"] == "pending"]
    assert finding["subject"] == CONTROLLER
    until = datetime.fromisoformat(finding["until"]).timestamp()
    assert begun + 590 < until < time.time() + 601
    text = stalewatch(lab, "check", "web1").stdout
    assert re.search(r"heals: (\d{4}-\d\d-\d\d )?\d\d:\d\d:\d\d", text), text
    with dashboard(lab) as terminal:
        terminal.wait_for(r"opcache +… 1 of \d+ .*(till|heals by|old until) \d\d:\d\d")


def test_several_stale_servers_are_marked_typed_for_and_fixed_one_after_the_other(lab: Lab, hosts: list[Host]) -> None:
    web1, web2, web3 = hosts
    for host in (web1, web2):
        host.fpm(validate_timestamps=0)
    for host in hosts:
        assert host.get("/") == "home v1"
    before = footprint(web3)
    with dashboard(lab) as terminal:
        terminal.wait_for(lambda text: text.count("✓ FRESH") == 3)
        for host in (web1, web2):
            host.release("v2")
            assert host.get("/") == "home v1"
        terminal.wait_for(lambda text: text.count("STALE") >= 2)
        terminal.wait_for(r"2 stale")
        terminal.type("1 2 ")
        terminal.wait_for(lambda text: len(re.findall(r"\S web[12]  app", text)) >= 2)
        terminal.type("f")
        terminal.wait_for(r"2 servers, one at a time")
        terminal.wait_for(r"type app to run")
        terminal.wait_for("tab, then type")
        terminal.wait_for(lambda _: terminal.reversed("Cancel"))
        terminal.type("\t")
        terminal.wait_for(lambda _: not terminal.reversed("Cancel"))
        terminal.type_by_hand("\rap\r")  # neither the empty box nor half a name runs anything
        terminal.type("x")
        terminal.wait_for(r"apx")
        assert web1.get("/") == web2.get("/") == "home v1"
        terminal.type("\x7f")
        terminal.wait_for(r"ap ")
        terminal.type_by_hand("p\r")
        terminal.wait_for(RUNS)
        terminal.type("\r")
        terminal.wait_until(lambda: serving(web1) == serving(web2) == "home v2", timeout=60)
        terminal.wait_for(r"✓ web1, web2 verified: run the code on their disks", timeout=60)
        terminal.type("\x1b")
        terminal.wait_for(lambda text: "goes back" not in text and text.count("✓ FRESH") == 3, timeout=40)
        terminal.type("q")
        assert terminal.wait_exit() == 0
    assert moved(before, footprint(web3)) == {}
    assert check(lab)[0] == 0
