"""What a story's servers are called and where they are: known before anything of them is built."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stalewatch.demo.gateway import ALARM, LOG, REASSURE
from stalewatch.model.inventory import AppEntry, Fleet, LogWatch, Server

if TYPE_CHECKING:
    from pathlib import Path

    from stalewatch.demo.story import Scenario, Scene

SSH_CONFIG = "ssh_config"


def home(place: Path, scene: Scene) -> Path:
    """The folder that holds everything of one server."""
    return place / scene.name


def root(home: Path, scene: Scene) -> Path:
    """Its application, as a person names it: a folder, or the link to the release that is current."""
    return home / "api-gateway" / "current" if scene.releases else home / "api-gateway"


def fleet(scenario: Scenario, place: Path, *, read_only: bool = False) -> Fleet:
    """The servers of *scenario* in the folder *place*, as a stalewatch.toml would describe them."""
    servers = tuple(
        Server(
            target=scene.name,
            name=scene.name,
            group=scenario.group,
            apps=(AppEntry(path=str(root(home(place, scene), scene)), name=scenario.group),),
        )
        for scene in scenario.scenes
    )
    logs = (LogWatch(path=LOG, alarm=(ALARM,), reassure=(REASSURE,)),)
    return Fleet(servers=servers, logs=logs, ssh_config=str(place / SSH_CONFIG), read_only=read_only)
