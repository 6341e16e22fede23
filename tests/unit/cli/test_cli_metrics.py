"""``metrics``: what Prometheus gets of a fleet, from memory, whatever its servers do."""

from __future__ import annotations

import http.client
import re
import socket
import struct
import threading
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from click import BadParameter
from prometheus_client.parser import text_string_to_metric_families

from stalewatch.cli.commands.metrics import listen
from stalewatch.cli.outputs.prometheus import render
from stalewatch.cli.scrape_server import application, scraped
from stalewatch.diagnosis.fpm import BINARY_NEWER, BINARY_REPLACED
from stalewatch.diagnosis.rules import RULES
from stalewatch.diagnosis.unreachable import as_unreachable, never_seen
from stalewatch.engine.seen_server import SeenServer
from stalewatch.model import reasons
from stalewatch.model.errors import UsageError
from stalewatch.model.replace import replace
from stalewatch.model.report import Evidence, Layer, Verdict
from stalewatch.model.text import safe
from tests.builders import incident as build

if TYPE_CHECKING:
    from collections.abc import Callable

    from click.testing import Result

    from stalewatch.model.report import Finding, Report
    from stalewatch.model.text import SafeText

RULES_FILE = Path(__file__).parents[3] / "examples/prometheus/stalewatch.rules.yml"
LOST = reasons.LINK_SILENT.unseen("no answer for 10 s")

Labels = dict[str, str]


def samples(page: bytes) -> list[tuple[str, Labels, float]]:
    return [
        (sample.name, sample.labels, sample.value) for family in text_string_to_metric_families(page.decode()) for sample in family.samples
    ]


def values(page: bytes, name: str, **labels: str) -> list[float]:
    return [value for known, has, value in samples(page) if known == name and labels.items() <= has.items()]


def up(*reports: object) -> SeenServer:
    return SeenServer(server="web1", took=0.02, reports=reports)  # type: ignore[arg-type]


def test_exactly_one_verdict_of_each_layer_is_1() -> None:
    page = render([up(build.stale())])
    for layer in Layer:
        assert sorted(values(page, "stalewatch_verdict", layer=layer.value)) == [0.0] * (len(Verdict) - 1) + [1.0]
    assert values(page, "stalewatch_verdict", layer="opcache", verdict="stale") == [1.0]
    assert values(page, "stalewatch_verdict", layer="fpm", verdict="fresh") == [1.0]


def test_times_are_moments_by_the_clock_of_whoever_is_scraped() -> None:
    report = build.stale()
    assert report.snapshot is not None
    right = replace(report, snapshot=replace(report.snapshot, clock_offset=0.0))
    behind = replace(report, snapshot=replace(report.snapshot, clock_offset=-3600.0))
    for name in ("observed", "stale_since", "deploy"):
        (there,) = values(render([up(right)]), f"stalewatch_{name}_timestamp_seconds")
        (here,) = values(render([up(behind)]), f"stalewatch_{name}_timestamp_seconds")
        assert here == there + 3600.0


def test_a_server_that_was_lost_is_down_and_unknown_and_nothing_else_is_said_of_it() -> None:
    lost = SeenServer(server="web1", took=0.02, error=LOST, reports=(as_unreachable(build.stale(), LOST),))
    page = render([lost, SeenServer(server="web2", took=0.01, reports=(build.fresh("web2"),))])
    assert values(page, "stalewatch_up", server="web1") == [0.0]
    assert values(page, "stalewatch_up", server="web2") == [1.0]
    assert values(page, "stalewatch_verdict", server="web1", verdict="unknown") == [1.0] * len(Layer)
    assert values(page, "stalewatch_observed_timestamp_seconds", server="web1"), "when it was seen last"
    assert not values(page, "stalewatch_findings", server="web1")
    for name, labels, _ in samples(page):
        gone = name.startswith(
            ("stalewatch_probe", "stalewatch_opcache", "stalewatch_release", "stalewatch_fpm", "stalewatch_deploy", "stalewatch_stale")
        )
        assert not (gone and labels["server"] == "web1"), name


def test_a_server_that_nobody_has_looked_at_yet_is_not_up() -> None:
    assert samples(render([SeenServer(server="web1")])) == [("stalewatch_up", {"server": "web1"}, 0.0)]


def versions(report: Report) -> tuple[str, str]:
    """(php_running, php_installed)"""
    (labels,) = (labels for name, labels, _ in samples(render([up(report)])) if name == "stalewatch_release_info")
    return labels["php_running"], labels["php_installed"]


def test_the_installed_php_is_the_running_one_only_where_the_pool_runs_the_file_on_the_disk() -> None:
    report = build.fresh("web1")
    assert report.snapshot is not None
    assert report.runtime is not None
    assert report.fpm is not None

    def told(replaced: tuple[SafeText, ...] | None, *found: Finding) -> tuple[str, str]:
        runtime = replace(report.runtime, replaced=replaced, php_version=safe("8.3.6"))
        fpm = replace(report.fpm, version=safe("8.3"))
        host = replace(report.host, fpm=fpm)
        return versions(replace(report, findings=found, snapshot=replace(report.snapshot, runtime=runtime, host=host)))

    assert told(()) == ("8.3.6", "8.3.6")
    assert told((safe("/usr/lib/php/ctype.so"),)) == ("8.3.6", "8.3.6"), "an extension is not the binary"
    assert told(None) == ("8.3.6", "8.3"), "the pool may not tell which file it runs"
    for rule in (BINARY_REPLACED, BINARY_NEWER):
        evidence = dict.fromkeys(rule.evidence)
        finding = rule.finding("/usr/sbin/php-fpm", "it was replaced", tuple(Evidence(label, value) for label, value in evidence.items()))
        assert told((), finding) == ("8.3.6", "8.3"), rule.code


def test_two_apps_of_one_name_are_two_series() -> None:
    apps = [never_seen("web1", "web1", safe(path), LOST) for path in ("/srv/blue/shop", "/srv/green/shop")]
    page = render([SeenServer(server="web1", error=LOST, reports=tuple(apps))])
    named = {labels["app"] for name, labels, _ in samples(page) if name == "stalewatch_verdict"}
    assert named == {"blue/shop", "green/shop"}


def test_no_label_holds_a_path_or_a_message() -> None:
    page = render([up(build.stale())])
    told = {value for _, labels, _ in samples(page) for value in labels.values()}
    assert not [value for value in told if "/" in value or " " in value]


def test_the_whole_fleet_and_one_server_of_it_and_never_another_one() -> None:
    servers = (up(build.stale()), SeenServer(server="web2", took=0.01, reports=(build.fresh("web2"),)))
    with scraped("127.0.0.1", 0, application(lambda: servers)) as port:
        status, page = get(port, "/metrics")
        assert (status, values(page, "stalewatch_up")) == (200, [1.0, 1.0])
        status, page = get(port, "/probe?target=web2")
        assert (status, {labels["server"] for _, labels, _ in samples(page)}) == (200, {"web2"})
        assert get(port, "/probe?target=root@elsewhere")[0] == 404
        assert get(port, "/probe")[0] == 400
        assert get(port, "/elsewhere")[0] == 404
        with pytest.raises(UsageError, match="cannot be listened on"), scraped("127.0.0.1", port, application(lambda: servers)):
            pass


def get(port: int, path: str) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


@pytest.mark.parametrize(
    ("given", "means"),
    [("127.0.0.1:9837", ("127.0.0.1", 9837)), (":9837", ("0.0.0.0", 9837)), ("[::1]:0", ("::1", 0))],
)
def test_where_to_listen(given: str, means: tuple[str, int]) -> None:
    assert listen(given) == means


@pytest.mark.parametrize(
    "given",
    ["9837", "localhost", "localhost:http", "127.0.0.1:70000", "127.0.0.1:-1", "127.0.0.1:٣", "[::1:80", "::1:80", "[]:80"],
)
def test_what_is_no_address_is_refused(given: str) -> None:
    with pytest.raises(BadParameter):
        listen(given)


def test_once_prints_what_a_scrape_gets_and_a_server_that_is_away_is_no_error(stalewatch: Callable[..., Result]) -> None:
    result = stalewatch("metrics", "nobody@127.0.0.1:1", "--once", "--timeout", "2")
    assert result.exit_code == 0
    assert values(result.stdout_bytes, "stalewatch_up") == [0.0]


def test_a_port_in_use_is_one_line(stalewatch: Callable[..., Result]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        result = stalewatch("metrics", "local", "--listen", f"127.0.0.1:{port}")
    assert result.exit_code == 2
    assert result.stderr == f"stalewatch: 127.0.0.1:{port} cannot be listened on: Address already in use; --listen ADDRESS:PORT\n"


def test_what_is_no_host_name_is_one_line_too(stalewatch: Callable[..., Result]) -> None:
    result = stalewatch("metrics", "local", "--listen", f"{'a' * 64}.example:0")
    assert (result.exit_code, result.stderr.count("\n")) == (2, 1)
    assert "cannot be listened on" in result.stderr


def test_a_client_has_its_trouble_to_itself(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
    """One that says nothing, one that goes, and one that takes nothing: no word of it, and the next one is answered."""
    monkeypatch.setattr("stalewatch.cli.scrape_server._Handler.timeout", 0.2)
    servers = (up(build.stale()),)
    long = b"x" * 8_000_000
    with scraped("127.0.0.1", 0, application(lambda: servers)) as port, ExitStack() as stack:
        silent, gone, full = (stack.enter_context(socket.create_connection(("127.0.0.1", port), 10)) for _ in range(3))
        gone.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        gone.close()
        monkeypatch.setattr("stalewatch.cli.scrape_server.INDEX", long.decode())
        full.sendall(b"GET / HTTP/1.0\r\n\r\n")
        assert silent.recv(1) == b"", "its connection is closed when its time is over"
        assert full.recv(1)
        time_over = [thread for thread in threading.enumerate() if "process_request_thread" in thread.name]
        for thread in time_over:
            thread.join(10)
        assert get(port, "/metrics")[0] == 200
    assert capfd.readouterr().err == ""


def test_a_bug_is_one_line_and_the_next_scrape_is_answered(capsys: pytest.CaptureFixture[str]) -> None:
    asked = iter((None, (up(build.stale()),)))
    with scraped("127.0.0.1", 0, application(lambda: next(asked))) as port:  # type: ignore[arg-type,return-value]
        assert get(port, "/metrics")[0] == 500
        assert get(port, "/metrics")[0] == 200
    said = capsys.readouterr().err
    assert said.startswith("stalewatch: a scrape failed: internal error: TypeError: ")
    assert said.count("\n") == 1


def test_no_name_is_looked_up_for_the_address_that_is_listened_on(monkeypatch: pytest.MonkeyPatch) -> None:
    def asked(_name: str) -> str:
        raise AssertionError("DNS was asked")

    monkeypatch.setattr(socket, "getfqdn", asked)
    with scraped("127.0.0.1", 0, application(lambda: (up(build.stale()),))) as port:
        assert get(port, "/metrics")[0] == 200


def test_what_the_alerts_name_is_told() -> None:
    """A code, layer or verdict that is spelt wrongly makes an alert that never fires."""
    rules = RULES_FILE.read_text()
    known = {"code": set(RULES), "layer": set(Layer), "verdict": set(Verdict), "worker": {"oldest", "youngest"}, "job": {"stalewatch"}}
    named = [(label, value) for label, values in re.findall(r'(\w+)=~?"([^"]+)"', rules) for value in values.split("|")]
    assert {label for label, _ in named} == set(known)
    assert [(label, value) for label, value in named if value not in known[label]] == []


def test_once_and_listen_exclude_each_other(stalewatch: Callable[..., Result]) -> None:
    result = stalewatch("metrics", "local", "--once", "--listen", ":0")
    assert result.exit_code == 2
    assert "give one of them" in result.stderr
