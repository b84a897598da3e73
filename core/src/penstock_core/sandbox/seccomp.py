"""Which system calls a cell may not make: those by which the kernel itself is taken, or left.

By libseccomp, through pyseccomp. The list is what container engines forbid by default, as far as
such calls could do anything for a process without rights.
"""

import errno
import socket
import tempfile
from functools import cache
from itertools import product
from typing import Any

from penstock_core.sandbox.kernel import filter_system_calls

FORBIDDEN = (
    *("mount", "umount2", "pivot_root", "chroot", "unshare", "setns", "open_tree", "move_mount"),
    *("fsopen", "fsconfig", "fsmount", "fspick", "mount_setattr"),
    *("ptrace", "process_vm_readv", "process_vm_writev", "kcmp", "pidfd_getfd"),
    *("process_madvise", "bpf", "perf_event_open", "userfaultfd"),
    *("io_uring_setup", "io_uring_enter", "io_uring_register"),
    *("keyctl", "add_key", "request_key", "name_to_handle_at", "open_by_handle_at"),
    *("fanotify_init", "quotactl", "acct", "syslog", "vhangup", "swapon", "swapoff", "reboot"),
    *("kexec_load", "kexec_file_load", "init_module", "finit_module", "delete_module"),
    *("settimeofday", "clock_settime", "clock_adjtime", "adjtimex", "iopl", "ioperm"),
    *("modify_ldt", "lookup_dcookie"),
)
_NEW_NAMESPACES = 0x7E020000
_FAMILIES = 64
"""More than the kernel has kinds of sockets."""
_TIOCSTI, _TIOCLINUX = 0x5412, 0x541C


def reason_against() -> str:
    """Return why there is no seccomp here; "" if there is."""
    try:
        _program(network=False, sockets=True)
    except (ImportError, OSError, RuntimeError) as error:
        return f"libseccomp is missing, or the kernel has no seccomp ({error})"
    return ""


def warm() -> None:
    """Make the programs ready: a cell only loads one, and could make none any more."""
    if not reason_against():
        for network, sockets in product((False, True), repeat=2):
            _program(network=network, sockets=sockets)


def restrict(*, network: bool, sockets: bool = True) -> None:
    """Forbid these calls to this process and all its children, for good. Raises ``OSError``.

    Without ``network`` there are no sockets but local ones, and without ``sockets`` none at all:
    where the cell sees the whole disk, it would reach services by their files.
    """
    filter_system_calls(_program(network=network, sockets=sockets))


@cache
def _program(*, network: bool, sockets: bool) -> bytes:
    """Return the filter as the kernel runs it; making it takes longer than loading it."""
    import pyseccomp  # raises RuntimeError where the library is missing

    program = pyseccomp.SyscallFilter(pyseccomp.ALLOW)
    refused = pyseccomp.ERRNO(errno.EPERM)
    for name in FORBIDDEN:
        number = pyseccomp.resolve_syscall(pyseccomp.Arch.NATIVE, name)
        if number >= 0:  # negative: no such call on this architecture, or none that it knows
            program.add_rule(refused, number)
    masked = pyseccomp.MASKED_EQ
    for bit in (1 << position for position in range(32)):
        if bit & _NEW_NAMESPACES:
            program.add_rule(refused, "clone", pyseccomp.Arg(0, masked, bit, bit))
    # What clone3 is asked stands in memory, where no filter looks; libc falls back to clone.
    program.add_rule(pyseccomp.ERRNO(errno.ENOSYS), "clone3")
    for request in (_TIOCSTI, _TIOCLINUX):
        program.add_rule(refused, "ioctl", pyseccomp.Arg(1, masked, 0xFFFFFFFF, request))
    _restrict_sockets(program, pyseccomp, network, sockets)
    with tempfile.TemporaryFile() as made:
        program.export_bpf(made)
        made.seek(0)
        return made.read()


def _restrict_sockets(program: Any, pyseccomp: Any, network: bool, sockets: bool) -> None:
    """Refuse families from the first that is not taken up to the last that there is."""
    taken = {socket.AF_UNIX} if sockets else set()
    taken |= {socket.AF_INET, socket.AF_INET6, socket.AF_NETLINK} if network else set()
    unsupported = pyseccomp.ERRNO(errno.EAFNOSUPPORT)
    for family in set(range(_FAMILIES)) - taken:
        program.add_rule(unsupported, "socket", pyseccomp.Arg(0, pyseccomp.EQ, family))
    program.add_rule(unsupported, "socket", pyseccomp.Arg(0, pyseccomp.GE, _FAMILIES))
