"""Whether the PHP that runs is the PHP on the disk: its version, its binary, its extensions, its configuration."""

from __future__ import annotations

from math import floor
from typing import TYPE_CHECKING

from stalewatch.diagnosis import fpm as rules
from stalewatch.diagnosis import fpm_config, fpm_ini, paths
from stalewatch.diagnosis.chain.link import Observed, broken, ok, unseen
from stalewatch.diagnosis.fpm_start import start_of
from stalewatch.model import reasons
from stalewatch.model.chain import LinkName
from stalewatch.model.layers import Layer
from stalewatch.model.report import Verdict
from stalewatch.model.unseen import Unseen

if TYPE_CHECKING:
    from collections.abc import Mapping

    from stalewatch.diagnosis.context import Context, Ruling
    from stalewatch.model.snapshot import FileStat, FpmFacts

_CONFIGURATION = "its configuration changed after it started"
_WRONG = {
    rules.BINARY_NEWER.code: "the binary on the disk is newer",
    rules.BINARY_REPLACED.code: "it runs a binary that was replaced",
    rules.EXTENSION_REPLACED.code: "it runs an extension that was replaced",
    rules.CONFIG_NEWER.code: _CONFIGURATION,
    rules.CONFIG_INVALID.code: _CONFIGURATION,
    fpm_ini.GONE.code: _CONFIGURATION,
    fpm_config.DIFFERS.code: _CONFIGURATION,
    fpm_config.SUSPECT.code: "its configuration may have changed after it started",
}
_UNTOLD = (rules.START_UNKNOWN.code, rules.CONFIG_UNSEEN.code)
_BY_ITSELF = "the pool's own /proc"
_BY_TIME = "the change times of the binary and of the extensions' folder"
LOADING = 10.0
"""Seconds in which a starting FPM may still be loading extensions."""


def judge(context: Context, rulings: Mapping[Layer, Ruling]) -> Observed | None:
    """What the rules of the fpm layer found, and who shows that the binary is the one on the disk. None where no FPM runs, or none is
    seen: there is no PHP then of which it could be asked."""
    fpm, runtime = context.fpm, context.runtime
    if fpm is None or (fpm.running is not True and runtime is None):
        return None
    says = f"PHP {runtime.php_version}" if runtime is not None and runtime.php_version else f"PHP {fpm.version}" if fpm.version else "PHP"
    codes = {finding.code: finding for finding in rulings[Layer.FPM].findings if finding.verdict is not Verdict.FRESH}
    if wrong := [_WRONG[code] for code in codes if code in _WRONG]:
        return broken(LinkName.PHP, f"{says}: {', '.join(dict.fromkeys(wrong))}", "compared", **_evidence(fpm))
    if untold := [codes[code] for code in codes if code in _UNTOLD]:
        return unseen(LinkName.PHP, reasons.CHAIN_NOT_OBSERVED.unseen(str(untold[0].summary)), **_evidence(fpm))
    if runtime is not None and fpm.version and not f"{runtime.php_version}.".startswith(f"{fpm.version}."):
        return broken(LinkName.PHP, f"{says} answers, where PHP {fpm.version} is configured", "the pool itself", **_evidence(fpm))
    if undated := fpm_ini.undated(context):
        what = f"when {paths.name_of(undated)} was changed cannot be told"
        return unseen(LinkName.PHP, reasons.CHAIN_PHP_UNSEEN.unseen(what, "let the pool call stat (disable_functions)"), **_evidence(fpm))
    if how := _witness(context, fpm):
        return ok(LinkName.PHP, says, how, **_evidence(fpm))
    told = context.snapshot.runtime
    return unseen(
        LinkName.PHP,
        told
        if isinstance(told, Unseen) and _binary_is_old(context, fpm)
        else reasons.CHAIN_PHP_UNSEEN.unseen(
            f"whether {says} runs the binary and the extensions that are on the disk cannot be told",
            "let the pool read /proc/self (open_basedir, disable_functions), or look as root",
        ),
        **_evidence(fpm),
    )


def _witness(context: Context, fpm: FpmFacts) -> str:
    """Who shows that binary and extensions are those on the disk, in words; "" nobody. That they are not, is a finding. Which ini files it
    read, and where its extensions are, only the pool knows."""
    if context.runtime is None:
        return ""
    if context.runtime.replaced is not None:
        return _BY_ITSELF
    folder, start = fpm.extensions, start_of(context, fpm).latest
    same = folder is not None and folder.ctime + LOADING < start
    return _BY_TIME if same and _binary_is_old(context, fpm) else ""


def _binary_is_old(context: Context, fpm: FpmFacts) -> bool:
    binary, start = _binary(fpm), start_of(context, fpm).latest
    return binary is not None and bool(start) and floor(max(binary.mtime, binary.ctime)) <= start


def _binary(fpm: FpmFacts) -> FileStat | None:
    """Who is not root sees of the master's binary only its name."""
    name = paths.name_of(fpm.binary)
    return next((file for file in fpm.config_files if name and paths.name_of(file.path) == name), None)


def _evidence(fpm: FpmFacts) -> dict[str, str]:
    binary = _binary(fpm)
    return {"binary": str(binary.path if binary is not None else fpm.binary), "configuration": str(fpm.config_path)}
