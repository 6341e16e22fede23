"""What travels to a server, and what comes back, is only what is used."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import stalewatch
from stalewatch.probe.host.coprocess import PARTS

PACKAGE = Path(stalewatch.__file__).parent
HOST, RUNTIME = PACKAGE / "probe" / "host", PACKAGE / "probe" / "runtime"
KEPT_BY_NAME = {"probe/runtime/answer.py": {"OpcacheAnswer"}}
"""Values that are copied field by field into another one."""
KEPT = {
    "Answer.stalewatch": "marks an answer of ours: decoding demands it",
    "EndRequest.app_status": "the wire format, whole",
}
"""Fields that no code reads, and why they stay."""


def words(folder: Path) -> set[str]:
    """Every string literal of the Python files in *folder*."""
    trees = [ast.parse(path.read_text(encoding="utf-8")) for path in folder.rglob("*.py")]
    return {node.value for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)}


def test_every_verb_of_the_host_probe_is_asked_told_and_allowed() -> None:
    shell = "".join((HOST / name).read_text(encoding="utf-8") for name in PARTS)
    verbs = set(re.findall(r"^verb_(\w+)\(\)", shell, re.MULTILINE))
    allowed = re.search(r"case \$2 in\n(.*?)\)\n", shell, re.DOTALL)
    assert allowed is not None
    assert set(re.findall(r"\w+", allowed[1])) == verbs
    head = shell.partition("\nproc=")[0]
    assert [verb for verb in sorted(verbs) if not re.search(rf"^#.*\b{verb}\b", head, re.MULTILINE)] == []
    assert sorted(verbs - words(PACKAGE / "probe")) == []


def test_every_function_of_the_host_probe_is_called() -> None:
    shell = "".join((HOST / name).read_text(encoding="utf-8") for name in PARTS)
    functions = [name for name in re.findall(r"^(\w+)\(\)", shell, re.MULTILINE) if not name.startswith("verb_")]
    assert [name for name in functions if len(re.findall(rf"\b{name}\b", shell)) < 2] == []


def test_every_verb_of_the_runtime_probe_is_asked() -> None:
    php = "".join((RUNTIME / name).read_text(encoding="utf-8") for name in ("facts.php", "runtime.php", "health.php"))
    verbs = set(re.findall(r"\$verb === '(\w+)'", php))
    assert verbs == {
        "status",
        "compare",
        "scripts",
        "digests",
        "invalidate",
        "compile",
        "apcu",
        "keep",
        "settle",
        "exchange",
        "drop",
        "tidy",
        "parse",
        "remake",
        "writable",
        "held",
    }
    assert verbs <= words(RUNTIME) | words(PACKAGE / "runbook")
    assert "opcache_reset" not in php


def test_every_field_of_the_probes_and_links_values_is_read_somewhere() -> None:
    read: set[str] = set()
    for path in PACKAGE.rglob("*.py"):
        if "demo" not in path.relative_to(PACKAGE).parts:
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Attribute):
                    read.add(node.attr)
                elif isinstance(node, ast.MatchClass):
                    read.update(node.kwd_attrs)
    unread = []
    for room in ("model", "probe", "transport", "config"):
        for path in sorted((PACKAGE / room).rglob("*.py")):
            name = str(path.relative_to(PACKAGE))
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.ClassDef) and node.name not in KEPT_BY_NAME.get(name, ()):
                    fields = [line.target.id for line in node.body if isinstance(line, ast.AnnAssign) and isinstance(line.target, ast.Name)]
                    unread += [f"{node.name}.{field}" for field in fields if field not in read]
    assert sorted(unread) == sorted(KEPT)
