"""The JSON schema of stalewatch.toml: from the structs that read it, and what more is demanded of their keys. Pure."""

from __future__ import annotations

from typing import Any

import msgspec

from stalewatch.config.merge import NAMED_BY
from stalewatch.config.tables import MAX_WAIT, TABLES, ServerTable
from stalewatch.model.fixing import Fixing
from stalewatch.model.inventory import AppEntry, LogWatch, Thresholds
from stalewatch.model.smoke import Smoke
from stalewatch.model.themes import THEMES
from stalewatch.model.ui import LEAST_INTERVAL, MOST_INTERVAL, Ui

DRAFT = "http://json-schema.org/draft-07/schema#"
"""What the language servers of TOML know."""
_UNSEEN = r"\x00-\x1f\x7f-\xa0\xad\u2000-\u200f\u2028-\u202f\u205f-\u206f\u3000\ufeff"
"""In brackets: the characters that str.isprintable knows as none, as far as anybody is likely to write them."""
_PRINTABLE = rf"[^{_UNSEEN}]"
_VISIBLE = rf"^({_PRINTABLE}*[^ {_UNSEEN}\u0300-\u036f]{_PRINTABLE}*)?$"
_PORT = "0{0,4}([1-9][0-9]{0,3}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5])"
_UNIT = r"^([A-Za-z0-9:_.\\@][A-Za-z0-9:_.\\@-]*)?$"
_SOCKET = rf"^(/{_PRINTABLE}*|([A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\]):{_PORT})?$"
_SHELL = rf"""\s'"`$;&<>|(){{}}{_UNSEEN}"""
_USER = rf"[^@\-{_SHELL}][^@{_SHELL}]*@"
_NO_HOST = rf"*?@/\[\]\\{_SHELL}"
_NAME = rf"[^:\-{_NO_HOST}][^:{_NO_HOST}]*"
_V6 = rf"({_NAME})?:[^:{_NO_HOST}]*:[^{_NO_HOST}]*"
_TARGET = rf"^({_USER})?({_NAME}(:{_PORT})?|{_V6}|\[({_NAME}|{_V6})\](:{_PORT})?)$"
"""As :mod:`stalewatch.transport.targets` reads one, without globs."""
_TEXTS = {"items": {"type": "string", "minLength": 1}}

_HEALTH = {
    "health_url": {"description": "Where PHP is asked if no socket of a pool can be.", "pattern": r"^(https?://[^ @#]+)?$"},
    "health_key_file": {
        "description": "The file with the key of the health file, readable by you alone.",
        "pattern": f"^((/|~/){_PRINTABLE}*)?$",
    },
    "health_key_env": {"description": "The environment variable that holds it.", "pattern": "^([A-Za-z_][A-Za-z0-9_]*)?$"},
}
KEYS: dict[type[msgspec.Struct], dict[str, dict[str, Any]]] = {
    ServerTable: {
        "target": {"description": "user@host:port, an alias of ssh_config, or local.", "pattern": _TARGET},
        "name": {"description": "What panes and JSON call it; must be unique. Default: the host of the target.", "pattern": _VISIBLE},
        "group": {"description": "Heading in the dashboard; servers are compared within a group.", "pattern": _VISIBLE},
        "production": {"description": "A plan that acts on it wants the application's name typed."},
        "read_only": {"description": "Only look: nothing can be changed on it."},
        **_HEALTH,
        "app": {
            "description": "The applications to watch. Without any: every one that is found.",
            "items": {"$ref": "#/$defs/AppEntry"},
        },
    },
    AppEntry: {
        "path": {
            "description": "The root of the application on the server; for a symlink deploy the symlink.",
            "pattern": f"^/{_PRINTABLE}*$",
        },
        "name": {
            "description": "Applications of one name are compared across servers. Default: the path counts.",
            "pattern": _VISIBLE,
        },
        "socket": {"description": "The pool's socket: a path, or host:port. Default: discovered.", "pattern": _SOCKET},
        "reload": {"description": "The systemd unit to reload. Default: the unit of the FPM master.", "pattern": _UNIT},
        "smoke": {"description": "What the application must answer before a runbook and after each of its steps."},
        **_HEALTH,
    },
    Smoke: {
        "path": {"description": "What is asked for, with its query.", "pattern": rf"^/[^ {_UNSEEN}]*$"},
        "status": {
            "description": "The status that is right. Default: any below 500.",
            "anyOf": [{"const": 0}, {"minimum": 100, "maximum": 599}],
        },
        "text": {"description": "What the answer must contain."},
    },
    Thresholds: {"hit_rate": {"description": "Below this OPcache hit rate there is a warning.", "minimum": 0, "maximum": 1}},
    LogWatch: {
        "path": {"description": "Absolute, or below the root of the application.", "pattern": f"^{_PRINTABLE}+$"},
        "alarm": {"description": "Plain text: a line that holds one is counted and marked.", **_TEXTS},
        "reassure": {"description": "Plain text: a line that holds one after the last alarm is shown.", **_TEXTS},
    },
    Ui: {
        "theme": {"description": "The theme. Default: the one that suits the terminal.", "enum": ["", *THEMES]},
        "zone": {"description": "Whose times are shown."},
        "relative": {"description": "Ages in place of clock times."},
        "layout": {"description": "Panes or table; auto: what has room."},
        "grouped": {"description": "Group by group; auto: in the table, where there are groups."},
        "sort": {"description": "The column that orders."},
        "reverse": {"description": "The other way round."},
        "interval": {"description": "Seconds from one look at a server to the next.", "minimum": LEAST_INTERVAL, "maximum": MOST_INTERVAL},
        "keys": {"description": "Keys of your own: the id of an action, and its key or a list of them."},
    },
    Fixing: {
        "in_flight": {"description": "What to do where a reload would kill requests in flight."},
        "in_flight_wait": {"description": "Seconds that it waits at most.", "minimum": 0, "maximum": MAX_WAIT},
    },
}
"""What an editor says of a key, and what is demanded of it beside its type."""
_REQUIRED: dict[type[msgspec.Struct], dict[str, Any]] = {
    ServerTable: {"anyOf": [{"required": ["target"]}, {"required": ["name"]}]},  # a file below may have the target of that name
    AppEntry: {"required": ["path"]},
    LogWatch: {"required": ["path"]},
}


def schema() -> dict[str, Any]:
    """Says of most mistakes that they are some; two of one name, for example, only the program sees."""
    _, defined = msgspec.json.schema_components(tuple(KEYS), ref_template="#/$defs/{name}")
    for table in defined.values():
        table.pop("description", None)  # what the struct says to a programmer
    for struct, keys in KEYS.items():
        table = defined[struct.__name__]
        table.update({"required": [], "additionalProperties": False} | _REQUIRED.get(struct, {}))
        for key, more in keys.items():
            table["properties"][key] = _property(table["properties"][key], more)
    del defined["AppEntry"]["properties"]["path"]["default"]
    tables = {name: {"$ref": f"#/$defs/{struct.__name__}"} for name, struct in TABLES.items()}
    return {
        "$schema": DRAFT,
        "title": "stalewatch.toml",
        "type": "object",
        "properties": {name: {"type": "array", "items": one} if name in NAMED_BY else one for name, one in tables.items()},
        "additionalProperties": False,
        "$defs": defined,
    }


def _property(found: dict[str, Any], more: dict[str, Any]) -> dict[str, Any]:
    """In draft 7 nothing may stand beside a reference."""
    reference = {"allOf": [{"$ref": found["$ref"]}]} if "$ref" in found else {}
    return {**reference, **{key: value for key, value in found.items() if key != "$ref"}, **more}
