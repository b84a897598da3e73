"""How the threads of a process that holds services share it: its heap, and its turns.

Each store's connection has a thread, and so has each file that is staged.
"""

import ctypes
import sys

_ARENA_MAX = -8
"""``M_ARENA_MAX`` of ``malloc.h``: the most heaps that ``malloc`` makes."""


HAND_OVER_S = 0.0005
"""How long a thread of Python may go on while another waits; by default it is ten times that."""


def share_process() -> None:
    """Have all threads use one heap, and take turns so often that none waits long for a statement.

    With the usual turns 201 short jobs take a fifth longer.
    """
    share_one_heap()
    sys.setswitchinterval(HAND_OVER_S)


def share_one_heap() -> bool:
    """Have all threads that start from now on use one heap; return whether the C library can.

    The GNU C library gives threads heaps of their own, up to eight a core: what is free in a dozen
    heaps is resident and of no use to the others. The interpreter's lock lets one thread of Python
    allocate at a time; only what C libraries do without it, as SQLite in a query, ever waits.
    """
    if not sys.platform.startswith("linux"):
        return False
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (OSError, AttributeError):
        return False
    return bool(mallopt(_ARENA_MAX, 1))
