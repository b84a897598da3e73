"""The one table of services: what ``penstock up`` opens, in the order in which it opens them."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass

import data_access.service
import dsm.service
import pilot.service
import scheduler.service
import task_generator.service
import task_manager.service
import template_manager.service
from penstock_core.service import House, Service

Opener = Callable[[House], AbstractAsyncContextManager[Service]]


@dataclass(frozen=True, slots=True)
class Room:
    """One service: its name, which is also its host name inside one process, and how it opens.

    ``paths`` are the beginnings of the paths that it answers where all share one port.
    """

    name: str
    open: Opener
    paths: tuple[str, ...] = ()


# data-access is first: it makes the keys and secrets that the others read.
ROOMS: tuple[Room, ...] = (
    Room("data-access", data_access.service.open_service, ("/",)),
    Room("dsm", dsm.service.open_service, ("/api/v1",)),
    Room("dsm-inspector", dsm.service.open_inspector),
    Room("pilot", pilot.service.open_service, ("/pilot",)),
    Room("task-generator", task_generator.service.open_service),
    Room("task-manager", task_manager.service.open_service),
    Room("scheduler", scheduler.service.open_service),
    Room("template-manager", template_manager.service.open_service, ("/ui",)),
)
