"""An Ansible inventory in INI -> groups. Pure."""

from __future__ import annotations

import re
import shlex
from typing import TYPE_CHECKING, Any

from stalewatch.config.inventories.listed import expanded, plain_value
from stalewatch.model.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stalewatch.config.inventories.ansible_groups import Groups

_SECTION = re.compile(r"\[([^:\]]+)(?::(vars|children|hosts))?\]\s*(?:[#;].*)?")
_PORT = re.compile(r"((?:[^\[\]:]|\[[^\]]*\])+):(\d+)")


def read_ini(text: str, groups: Groups) -> Iterator[str]:
    """Add to *groups* what *text* says; yields a line for each that can't be read."""
    group, kind = "ungrouped", ""
    for number, line in enumerate(text.splitlines(), start=1):
        words = line.strip()
        if not words or words[0] in "#;":
            continue
        if words[0] == "[" and (section := _SECTION.fullmatch(words)):
            group, kind = section[1].strip(), section[2] or ""
            groups.group(group)
            continue
        try:
            _line(words, group, kind, groups)
        except (UsageError, ValueError) as error:
            yield f"line {number}: {error}: {words}"


def _line(words: str, group: str, kind: str, groups: Groups) -> None:
    if kind == "vars":
        key, equals, value = words.partition("=")
        if not equals:
            raise ValueError("is no KEY=VALUE")
        groups.group(group, variables={key.strip(): plain_value(_unquoted(value.strip()))})
        return
    name, *rest = shlex.split(words, comments=True)
    if kind == "children":
        groups.group(name, below=group)
        return
    variables = dict(_variable(word) for word in rest)
    if port := _PORT.fullmatch(name):
        name = port[1]
        variables.setdefault("ansible_port", port[2])
    for host in expanded(name):
        groups.host(host, group, variables)


def _variable(word: str) -> tuple[str, Any]:
    key, equals, value = word.partition("=")
    if not equals:
        raise ValueError(f"{word} is no KEY=VALUE")
    return key, plain_value(value)


def _unquoted(value: str) -> str:
    """A comment may follow a text in quotes; without them it would be part of the value, as for Ansible."""
    if value[:1] in "'\"" and (end := value.find(value[:1], 1)) > 0:
        return value[1:end]
    return value
