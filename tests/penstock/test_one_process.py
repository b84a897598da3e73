"""All threads of the house share one heap, and take short turns."""

import subprocess
import sys

import pytest

from penstock.one_process import share_one_heap

_COUNT = """
import ctypes, sys, threading
from penstock.one_process import share_one_heap

if sys.argv[1] == "shared":
    assert share_one_heap()
libc = ctypes.CDLL(None)
libc.fdopen.restype = ctypes.c_void_p
all_allocate = threading.Barrier(8)

def allocate():
    block = bytearray(5000)
    all_allocate.wait()

threads = [threading.Thread(target=allocate) for _ in range(8)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
out = ctypes.c_void_p(libc.fdopen(1, b"w"))
libc.malloc_info(0, out)
libc.fflush(out)
"""


def heaps(how: str) -> int:
    """Return how many heaps a process has that let eight threads allocate at once."""
    command = [sys.executable, "-c", _COUNT, how]
    told = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return told.count("<heap nr=")


def test_threads_make_no_heaps_of_their_own() -> None:
    if not share_one_heap():
        pytest.skip("This C library has no heaps to limit.")
    assert heaps("apart") > 1
    assert heaps("shared") == 1
