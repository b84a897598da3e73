"""A limit on how fast bytes are read, kept over all files together."""

import asyncio
import time


class Pace:
    """Lets through so many bytes a second: after what was read too fast it waits.

    Parameters
    ----------
    bytes_per_s
        The limit, above 0.
    """

    def __init__(self, bytes_per_s: float) -> None:
        self._bytes_per_s = bytes_per_s
        self._free_at = 0.0

    async def after(self, size_bytes: int) -> None:
        """Wait until what has been read so far keeps the pace; a pause gives no credit."""
        self._free_at = max(self._free_at, time.monotonic()) + size_bytes / self._bytes_per_s
        await asyncio.sleep(max(0.0, self._free_at - time.monotonic()))
