"""The kernel's calls that Python 3.11 has no names for. All raise ``OSError``."""

import ctypes
import os
from pathlib import Path

CLONE_NEWNS = 0x00020000
CLONE_NEWCGROUP = 0x02000000
CLONE_NEWUTS = 0x04000000
CLONE_NEWIPC = 0x08000000
CLONE_NEWUSER = 0x10000000
CLONE_NEWPID = 0x20000000
CLONE_NEWNET = 0x40000000

MS_RDONLY = 0x1
MS_NOSUID = 0x2
MS_NODEV = 0x4
MS_NOEXEC = 0x8
MS_REMOUNT = 0x20
MS_BIND = 0x1000
MS_REC = 0x4000
MS_PRIVATE = 0x40000

MNT_DETACH = 0x2

CAP_DAC_READ_SEARCH = 2

_PR_SET_DUMPABLE = 4
_PR_SET_KEEPCAPS = 8
_PR_SET_SECCOMP = 22
_SECCOMP_MODE_FILTER = 2
_INSTRUCTION_BYTES = 8
_PR_CAPBSET_DROP = 24
_PR_SET_NO_NEW_PRIVS = 38
_PR_CAP_AMBIENT = 47
_PR_CAP_AMBIENT_RAISE = 2
_CAPABILITY_VERSION_3 = 0x20080522
_MOST_CAPABILITIES = 64
_PIVOT_ROOT = {"x86_64": 155, "aarch64": 41, "riscv64": 41, "ppc64le": 203, "s390x": 217}

_libc = ctypes.CDLL(None, use_errno=True)


def unshare(flags: int) -> None:
    """Give this process namespaces of its own."""
    _check("unshare", _libc.unshare(flags))


def map_own_ids(uid: int, gid: int) -> None:
    """Keep the user and the group their numbers in a user namespace that was just made."""
    Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/uid_map").write_text(f"{uid} {uid} 1")
    Path("/proc/self/gid_map").write_text(f"{gid} {gid} 1")


def be_seen_in_proc() -> None:
    """Give this process's files in ``/proc`` to its user again, who has just been changed."""
    _check("prctl", _libc.prctl(_PR_SET_DUMPABLE, 1, 0, 0, 0))


def mount(
    source: str | Path, target: str | Path, kind: str = "", flags: int = 0, data: str = ""
) -> None:
    """Mount ``source`` at ``target``."""
    words = [os.fsencode(word) for word in (source, target, kind)]
    _check(f"mount {target}", _libc.mount(*words, ctypes.c_ulong(flags), os.fsencode(data) or None))


def unmount(target: str | Path, flags: int = MNT_DETACH) -> None:
    """Take away what is mounted at ``target``."""
    _check(f"unmount {target}", _libc.umount2(os.fsencode(target), flags))


def pivot_root(new: str | Path, old: str | Path) -> None:
    """Make ``new`` the root, and ``old`` the place of what was the root before."""
    number = ctypes.c_long(_PIVOT_ROOT[os.uname().machine])
    _check("pivot_root", _libc.syscall(number, os.fsencode(new), os.fsencode(old)))


def forbid_new_rights() -> None:
    """Have no program that is executed from here on gain rights by setuid or file capabilities."""
    _check("prctl", _libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))


def drop_capabilities() -> None:
    """Give up what the superuser can, for good, and for all that is executed later."""
    _bound_capabilities()
    _set_capabilities()


def become(uid: int) -> None:
    """Give up being root, for good, but for reading files whatever their rights say.

    Something else is to say which files: the interpreter may lie in a folder of root's own.
    """
    _bound_capabilities(CAP_DAC_READ_SEARCH)
    os.setgroups([])
    os.setresgid(uid, uid, uid)
    _check("prctl", _libc.prctl(_PR_SET_KEEPCAPS, 1, 0, 0, 0))
    os.setresuid(uid, uid, uid)
    _set_capabilities(CAP_DAC_READ_SEARCH)
    raised = _libc.prctl(_PR_CAP_AMBIENT, _PR_CAP_AMBIENT_RAISE, CAP_DAC_READ_SEARCH, 0, 0)
    _check("prctl", raised)


def _bound_capabilities(*kept: int) -> None:
    for capability in set(range(_MOST_CAPABILITIES)) - set(kept):
        _libc.prctl(_PR_CAPBSET_DROP, capability, 0, 0, 0)


def _set_capabilities(*kept: int) -> None:
    header = (ctypes.c_uint32 * 2)(_CAPABILITY_VERSION_3, 0)
    bits = sum(1 << capability for capability in kept)
    sets = (ctypes.c_uint32 * 6)(bits, bits, bits)  # all that are kept have numbers below 32
    _check("capset", _libc.capset(header, sets))


class _Program(ctypes.Structure):
    _fields_ = [("length", ctypes.c_ushort), ("instructions", ctypes.c_char_p)]


def filter_system_calls(instructions: bytes) -> None:
    """Have the kernel ask this program of each system call, here and in all children."""
    program = _Program(len(instructions) // _INSTRUCTION_BYTES, instructions)
    returned = _libc.prctl(_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, ctypes.byref(program), 0, 0)
    _check("prctl", returned)


def syscall(number: int, *words: object) -> int:
    """Make a system call by its number; return what it returns."""
    return _check(f"system call {number}", _libc.syscall(ctypes.c_long(number), *words))


def _check(what: str, returned: int) -> int:
    if returned < 0:
        code = ctypes.get_errno()
        raise OSError(code, f"{what}: {os.strerror(code)}")
    return returned
