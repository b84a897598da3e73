"""Which rungs of the ladder this machine has: each is tried, in a child process, not guessed."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path

from penstock_core.errors import NoSandbox
from penstock_core.sandbox import bubblewrap, enter, landlock, seccomp
from penstock_core.sandbox.house import House

_TRIAL_S = 20


class Rung(StrEnum):
    """What holds a house in; ``NONE`` only where somebody asked for it."""

    BUBBLEWRAP = "bubblewrap"
    NAMESPACES = "namespaces"
    LANDLOCK = "landlock"
    NONE = "none"

    @property
    def has_namespaces(self) -> bool:
        """Return whether cells of this rung have namespaces of their own."""
        return self in (Rung.BUBBLEWRAP, Rung.NAMESPACES)

    def command(self, house: House, argv: Sequence[str]) -> list[str]:
        """Return the command that runs ``argv`` in the house; open descriptors are passed on."""
        match self:
            case Rung.BUBBLEWRAP:
                return bubblewrap.command(house, argv)
            case Rung.NAMESPACES:
                return enter.command(house, argv)
            case _:
                return list(argv)

    def shown(self) -> str:
        """Return what is in force, in a few words, for histories and people."""
        parts = [self.value] if self is not Rung.NONE else []
        if self is Rung.BUBBLEWRAP:
            parts.append("namespaces")
        if (known := landlock.version()) and self is not Rung.NONE:
            parts += [] if self is Rung.LANDLOCK else ["landlock"]
            parts[-1] += f" {known}"
        if self is not Rung.NONE and not seccomp.reason_against():
            parts.append("seccomp")
        return ", ".join([*parts, "limits", "process tree"])


@dataclass(frozen=True, slots=True)
class Offer:
    """A rung, and why this machine does not have it; "" if it has."""

    rung: Rung
    reason_against: str = ""

    @property
    def there(self) -> bool:
        """Return whether the machine has it."""
        return not self.reason_against


@cache
def offers() -> tuple[Offer, ...]:
    """Return all rungs, the strongest first, each as it was tried. Blocking: up to a second."""
    return tuple(Offer(rung, trial()) for rung, trial in _TRIALS.items())


def choose(wanted: str = "auto") -> Rung:
    """Return the strongest rung of this machine, or the one that is wanted. Blocking.

    Raises ``NoSandbox``, which tells why for each. ``none`` is taken only by its name.
    """
    if wanted == Rung.NONE:
        return Rung.NONE
    found = [offer for offer in offers() if wanted in ("auto", offer.rung)]
    for offer in found:
        if offer.there:
            return offer.rung
    reasons = "; ".join(f"{offer.rung}: {offer.reason_against}" for offer in found)
    raise NoSandbox(
        f"Nothing here holds strangers' programs in ({reasons}).",
        hint="Install the package bubblewrap, or allow user namespaces, or use Linux 5.13 or "
        "newer with Landlock. PENSTOCK_SANDBOX=none runs templates without: only for your own.",
        field="PENSTOCK_SANDBOX",
    )


def _try_bubblewrap() -> str:
    if not shutil.which(bubblewrap.PROGRAM):
        return "the program bwrap is not installed (package bubblewrap)"
    return _try_house(bubblewrap.command)


def _try_namespaces() -> str:
    return _try_house(enter.command)


def _try_landlock() -> str:
    if not landlock.version():
        return "the kernel has no Landlock (Linux 5.13, with landlock among its lsm=)"
    return seccomp.reason_against()


def _try_house(command: Callable[[House, Sequence[str]], list[str]]) -> str:
    """Return why no house can be made in which cells part from each other; "" if it can."""
    argv = command(House(), [sys.executable, "-I", "-m", "penstock_core.sandbox.trial"])
    try:
        done = subprocess.run(  # noqa: S603 - our own command
            argv,
            capture_output=True,
            text=True,
            timeout=_TRIAL_S,
            check=False,
            env={"PATH": os.defpath},
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"{Path(argv[0]).name}: {error}"
    lines = done.stderr.strip().splitlines()
    told = lines[-1] if lines else f"exit code {done.returncode}"
    return "" if done.returncode == 0 else f"user namespaces are not to be had ({told})"


_TRIALS: Mapping[Rung, Callable[[], str]] = {
    Rung.BUBBLEWRAP: _try_bubblewrap,
    Rung.NAMESPACES: _try_namespaces,
    Rung.LANDLOCK: _try_landlock,
}
