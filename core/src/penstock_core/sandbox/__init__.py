"""Holding strangers' code in: the ladder of what Linux offers, from the strongest rung down.

Two things are held in. A *house* is a program that is started for a while (a warm worker, the
compiler): it sees the system read-only, a few folders, no network and no other processes. A *cell*
is one piece of strangers' work inside it, a process forked for one job: it sees one folder of its
own.

=========== ============================================== =====================================
rung        house                                          cell
=========== ============================================== =====================================
bubblewrap  ``bwrap`` in front of the command              own namespaces, Landlock, seccomp
namespaces  the same view, made by :mod:`.enter`           own namespaces, Landlock, seccomp
landlock    none                                           Landlock, seccomp, no rights of root
none        none                                           limits alone; only if asked for
=========== ============================================== =====================================

Every cell has the limits of :mod:`.limits`, and of Landlock and seccomp what the kernel has.
Nothing here imports anything heavy: it runs in processes that have hardly started.
"""

from penstock_core.sandbox.cell import Cell, bind
from penstock_core.sandbox.house import House
from penstock_core.sandbox.limits import Limits
from penstock_core.sandbox.rungs import Offer, Rung, choose, offers

__all__ = ["Cell", "House", "Limits", "Offer", "Rung", "bind", "choose", "offers"]
