"""The account files of a test's own sshd: the machine's, with one account that is ours alone. Pure: text in, text out.

The first line of a name or a number is the one that counts, so whatever the machine has of our account is taken out, not added to.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

NSSWITCH = "passwd: files\ngroup: files\nshadow: files\nhosts: files dns\n"
"""nsswitch.conf: no directory service of the machine has a say."""


@dataclass(frozen=True)
class Account:
    """A login user with a group of the same name and number."""

    name: str
    uid: int
    home: str
    shell: str = "/bin/sh"
    comment: str = ""


def free_id(passwd: str, group: str, candidates: Iterable[int]) -> int:
    """The first candidate that is neither a uid, nor anybody's primary gid, nor a group's gid."""
    users, groups = _fields(passwd), _fields(group)
    taken = {*(_at(line, 2) for line in (*users, *groups)), *(_at(line, 3) for line in users)}
    return next(number for number in candidates if str(number) not in taken)


def passwd(text: str, account: Account) -> str:
    """passwd with the account; nobody else has its name or its uid."""
    kept = _without(text, account)
    number = str(account.uid)
    return _text([*kept, [account.name, "x", number, number, account.comment, account.home, account.shell]])


def group(text: str, account: Account, *member_of: str) -> str:
    """group with the account's own; the account is a member of the groups in `member_of` and of no other."""
    lines = _without(text, account)
    for line in (line for line in lines if len(line) > 3):
        others = [member for member in line[3].split(",") if member not in ("", account.name)]
        line[3] = ",".join([*others, *([account.name] if line[0] in member_of else [])])
    return _text([*lines, [account.name, "x", str(account.uid), ""]])


def shadow(passwd: str) -> str:
    """shadow for every name in passwd: no password, nobody locked, nothing expires."""
    return "".join(f"{line[0]}:*:19000:0:99999:7:::\n" for line in _fields(passwd))


def _without(text: str, account: Account) -> list[list[str]]:
    return [line for line in _fields(text) if line[0] != account.name and _at(line, 2) != str(account.uid)]


def _fields(text: str) -> list[list[str]]:
    return [line.split(":") for line in text.splitlines() if line.strip() and not line.startswith("#")]


def _at(line: list[str], index: int) -> str:
    return line[index] if index < len(line) else ""


def _text(lines: list[list[str]]) -> str:
    return "".join(":".join(line) + "\n" for line in lines)
