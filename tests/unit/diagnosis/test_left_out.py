"""What is not read because there is too much of it: said, never fresh, and never exit 0."""

from __future__ import annotations

import pytest

from stalewatch.cli.commands.check import exit_code
from stalewatch.diagnosis.chain.left_out import RESTS
from stalewatch.model import reasons
from stalewatch.model.exit_codes import ExitCode
from stalewatch.model.layers import Layer
from stalewatch.model.report import Report, Verdict
from tests.builders.snapshots import fpm, host, looked, opcache, quiet, runtime, snapshot, worker


def report(code: str, *, silent: bool = False) -> Report:
    cache = opcache(entry_points=(), cached_scripts=40, compared=40) if silent else opcache()
    left = (reasons.REASONS[code].unseen("3 left out"),) if code else ()
    seen = host(fpm=fpm(pools_on_server=2), queue_workers=(worker(),))
    return looked(snapshot(host=seen, runtime=runtime(cache), problems=left))


def test_every_reason_that_something_is_left_out_makes_a_layer_unknown() -> None:
    assert set(RESTS) == {code for code in reasons.LEFT_OUT if code.endswith("left-out") and code != reasons.APP_LEFT_OUT.code}


@pytest.mark.parametrize("code", RESTS)
def test_no_layer_is_fresh_that_what_is_left_out_could_make_wrong(code: str) -> None:
    whole, told = report(""), report(code)
    quiet(whole)
    shown = {reasons.WEB_LEFT_OUT.code, reasons.FPM_CONFIG_LEFT_OUT.code}
    rests = () if code in shown else RESTS[code]  # which pool it is is seen in the pool itself
    assert {layer for layer in Layer if told.layers[layer] is not whole.layers[layer]} == {
        layer for layer in rests if whole.layers[layer] is Verdict.FRESH
    }
    assert all(told.layers[layer] is Verdict.UNKNOWN for layer in rests if whole.layers[layer] is Verdict.FRESH)
    assert [error.code for error in told.errors] == [code]
    assert (exit_code([whole]), exit_code([told])) == (ExitCode.OK, ExitCode.UNKNOWN)


@pytest.mark.parametrize("code", [reasons.WEB_LEFT_OUT.code, reasons.FPM_CONFIG_LEFT_OUT.code])
def test_where_nothing_shows_the_pool_it_may_be_another_one(code: str) -> None:
    told = report(code, silent=True)
    assert told.layers[Layer.OPCACHE] is told.layers[Layer.FPM] is Verdict.UNKNOWN


@pytest.mark.parametrize("code", [reasons.APP_LEFT_OUT.code, *RESTS])
def test_of_another_app_of_the_server_it_does_not_exit_with_0_either(code: str) -> None:
    assert exit_code([report(""), report(code)]) is ExitCode.UNKNOWN
