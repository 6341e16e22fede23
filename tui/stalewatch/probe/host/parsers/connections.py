"""Who waits at a pool's socket, and how many were accepted: what the verb ``backlog`` says by ``ss``. Pure."""

from __future__ import annotations


def parse_backlogs(text: str) -> dict[str, int]:
    """Lines of ``ss -lxtn`` (kind, state, waiting, most, address, …): address -> waiting."""
    fields = (line.split() for line in text.splitlines())
    return {row[4]: int(row[2][:9]) for row in fields if len(row) > 4 and row[1] == "LISTEN" and row[2].isdecimal()}


def parse_held(text: str) -> dict[str, int]:
    """Address -> connections that were accepted: each is a request, or a web server keeps it open. Those of a TCP address that still wait
    are counted by the kernel with them."""
    fields, waiting = (line.split() for line in text.splitlines()), parse_backlogs(text)
    held = {row[4]: int(row[2][:9]) for row in fields if len(row) > 4 and row[:2] == ["held", "ESTAB"] and row[2].isdecimal()}
    return {address: count if address.startswith("/") else max(count - waiting.get(address, 0), 0) for address, count in held.items()}
