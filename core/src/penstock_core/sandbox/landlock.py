"""Landlock: which files a process may open, and no ties to processes outside (Linux 5.13 on).

By the kernel's own interface, https://docs.kernel.org/userspace-api/landlock.html: three system
calls, the same on every architecture. What a version lacks is left to the other rungs.
"""

import ctypes
import os
import stat
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from penstock_core.sandbox.kernel import syscall

_CREATE, _ADD_RULE, _RESTRICT = 444, 445, 446
_ASK_VERSION = 1
_PATH_BENEATH = 1

_EXECUTE = 1 << 0
_WRITE_FILE = 1 << 1
_READ_FILE = 1 << 2
_READ_DIR = 1 << 3
_READ = _EXECUTE | _READ_FILE | _READ_DIR
_REFER = 1 << 13
_TRUNCATE = 1 << 14
_IOCTL_DEV = 1 << 15
_OF_VERSION_1 = (1 << 13) - 1
_OF_FILES = _EXECUTE | _WRITE_FILE | _READ_FILE | _TRUNCATE | _IOCTL_DEV
_TCP = 0b11
_SIGNALS_AND_ABSTRACT_SOCKETS = 0b11


class _Ruleset(ctypes.Structure):
    _fields_ = [
        ("files", ctypes.c_uint64),
        ("network", ctypes.c_uint64),
        ("scopes", ctypes.c_uint64),
    ]


class _Beneath(ctypes.Structure):
    _pack_ = 1
    _fields_ = [("allowed", ctypes.c_uint64), ("parent", ctypes.c_int32)]


def version() -> int:
    """Return the version of the kernel's interface; 0 where there is none."""
    try:
        return syscall(_CREATE, None, ctypes.c_size_t(0), ctypes.c_uint32(_ASK_VERSION))
    except OSError:
        return 0


def restrict(readable: Iterable[Path], writable: Iterable[Path], *, network: bool) -> None:
    """Let this process and all its children open nothing but what is below these, for good.

    Needs ``forbid_new_rights`` before. Paths that are not there are left out, and so are links:
    what they lead to is to be named itself. Raises ``OSError``.
    """
    known = version()
    handled = _rights_known(known)
    ruleset = _Ruleset(
        handled,
        0 if network or known < 4 else _TCP,
        _SIGNALS_AND_ABSTRACT_SOCKETS if known >= 6 else 0,
    )
    size = ctypes.c_size_t(ctypes.sizeof(ruleset) if known >= 6 else 16 if known >= 4 else 8)
    rules = syscall(_CREATE, ctypes.byref(ruleset), size, ctypes.c_uint32(0))
    try:
        for path in readable:
            _allow(rules, path, _READ & handled)
        for path in writable:
            _allow(rules, path, handled)
        syscall(_RESTRICT, ctypes.c_int(rules), ctypes.c_uint32(0))
    finally:
        os.close(rules)


def _rights_known(known: int) -> int:
    rights = _OF_VERSION_1
    for since, right in ((2, _REFER), (3, _TRUNCATE), (5, _IOCTL_DEV)):
        rights |= right if known >= since else 0
    return rights


def _allow(rules: int, path: Path, rights: int) -> None:
    with suppress(FileNotFoundError):
        parent = os.open(path, os.O_PATH | os.O_CLOEXEC | os.O_NOFOLLOW)
        try:
            kind_of_file = os.fstat(parent).st_mode
            if stat.S_ISLNK(kind_of_file):
                return
            allowed = rights if stat.S_ISDIR(kind_of_file) else rights & _OF_FILES
            rule = _Beneath(allowed, parent)
            kind = ctypes.c_int(_PATH_BENEATH)
            flags = ctypes.c_uint32(0)
            syscall(_ADD_RULE, ctypes.c_int(rules), kind, ctypes.byref(rule), flags)
        finally:
            os.close(parent)
