"""YAML of other tools, with tags of their own; what those mean is not known here. Pure."""

from __future__ import annotations

from typing import Any

import yaml

from stalewatch.config.inventories.listed import Unreadable, plain_value

_LOADER = type("_Loader", (yaml.SafeLoader,), {})


def _tagged(_: Any, suffix: str, node: Any) -> Any:
    if suffix == "unsafe" and isinstance(node, yaml.ScalarNode):
        return node.value
    return Unreadable("is encrypted" if suffix.startswith("vault") else f"has the tag !{suffix}")


yaml.add_multi_constructor("!", _tagged, Loader=_LOADER)


def read_yaml(text: str) -> Any:
    """The value in *text*. Raises ValueError that says on which line it is none."""
    try:
        return yaml.load(text, Loader=_LOADER)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        raise ValueError(f"is not YAML{f' (line {mark.line + 1})' if mark is not None else ''}") from error
    except RecursionError as error:
        raise ValueError("is YAML that is nested too deeply") from error


def readable(variables: dict[Any, Any]) -> dict[str, Any]:
    """Templates are no values."""
    return {str(key): plain_value(value) for key, value in variables.items()}
