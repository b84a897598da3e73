"""supervisord's plug-in that holds each program's port for as long as supervisord runs.

By itself supervisord closes the port of a program whose last process ended, and who connects is
refused until the next one is there. Held, he waits.
"""

from typing import Any


class HeldPorts:
    """The sockets; supervisord keeps this object among those whose methods are called over RPC."""

    def __init__(self, sockets: list[Any]) -> None:
        self._sockets = sockets


def hold(supervisord: Any, **_settings: str) -> HeldPorts:
    """Open the ports of all programs, before any of them runs."""
    groups = supervisord.process_groups.values()
    return HeldPorts([group.socket_manager.get_socket() for group in groups])
