"""The one table of services: what ``penstock up`` opens, and ``penstock serve`` one of."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from pkgutil import resolve_name
from typing import cast

from penstock_core.service import House, Service

PORT = 8642
"""Where all services answer that share one address."""
Opener = Callable[[House], AbstractAsyncContextManager[Service]]


@dataclass(frozen=True, slots=True)
class Room:
    """One service: its name, which is also its host name inside one process, and how it opens.

    Attributes
    ----------
    opener
        Where its ``open_service`` is, as ``module:name``: a process loads what it opens, no more.
    paths
        The beginnings of the paths that it answers where all share one port.
    alone
        One at a time: a second process waits, and goes on where the first left off.
    """

    name: str
    opener: str
    paths: tuple[str, ...] = ()
    alone: bool = False

    @property
    def open(self) -> Opener:
        """Return what opens it."""
        return cast(Opener, resolve_name(self.opener))


# data-access is first: it makes the keys and secrets that the others read.
ROOMS: tuple[Room, ...] = (
    Room("data-access", "data_access.service:open_service", ("/",)),
    Room("dsm", "dsm.service:open_service", ("/api/v1",)),
    Room("dsm-inspector", "dsm.service:open_inspector"),
    Room("pilot", "pilot.service:open_service", ("/pilot",), alone=True),
    Room("task-generator", "task_generator.service:open_service"),
    Room("task-manager", "task_manager.service:open_service"),
    Room("scheduler", "scheduler.service:open_service"),
    Room("template-manager", "template_manager.service:open_service", ("/ui",)),
    Room("auditor", "penstock.audit.service:open_service"),
)


def url_setting(room: Room) -> str:
    """Return the setting that says where a service's face is."""
    return f"{room.name.replace('-', '_')}_url"


def url_variable(room: Room) -> str:
    """Return that setting's variable of the environment."""
    return f"PENSTOCK_{url_setting(room).upper()}"
