"""pika's connection, which sends what is written in one turn of the loop as one piece.

pika hands each frame to the system by itself: three calls of the kernel for each message, which
cost more than making the message.
"""

import asyncio
from typing import Any

from pika.adapters.asyncio_connection import AsyncioConnection


class CorkedConnection(AsyncioConnection):
    """An ``AsyncioConnection`` that writes once a turn."""

    _transport: Any

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self._corked: list[bytes] = []
        super().__init__(*args, **kwargs)

    def _adapter_emit_data(self, data: bytes) -> None:
        if not self._corked:
            asyncio.get_running_loop().call_soon(self._uncork)
        self._corked.append(data)

    def _uncork(self) -> None:
        data, self._corked = b"".join(self._corked), []
        if self._transport is not None:  # it was lost meanwhile
            self._transport.write(data)
