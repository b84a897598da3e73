"""One heap for all threads of the process, for what one gives free to serve the others.

The GNU C library gives threads heaps of their own, up to eight a core. Each store's connection has
a thread, so what is free in a dozen heaps is resident and of no use to the others.
"""

import ctypes
import sys

_ARENA_MAX = -8
"""``M_ARENA_MAX`` of ``malloc.h``: the most heaps that ``malloc`` makes."""


def share_one_heap() -> bool:
    """Have all threads that start from now on use one heap; return whether the C library can.

    The interpreter's lock lets one thread of Python allocate at a time; only what C libraries do
    without it, as SQLite in a query, ever waits.
    """
    if not sys.platform.startswith("linux"):
        return False
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (OSError, AttributeError):
        return False
    return bool(mallopt(_ARENA_MAX, 1))
