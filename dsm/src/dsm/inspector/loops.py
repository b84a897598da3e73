"""The inspector's loops, and what wakes them."""

from collections.abc import Iterator
from datetime import timedelta

from dsm.inspector.deleter import Deleter
from dsm.inspector.meter import AlarmPolicy, Meter
from dsm.inspector.pace import Pace
from dsm.inspector.settings import InspectorSettings
from dsm.inspector.sweeper import Sweeper
from dsm.inspector.verifier import Verifier
from penstock_core.clients.house import HouseClients
from penstock_core.reconciler import LEISURELY_REST_S, UNHURRIED_REST_S, Reconciler
from penstock_core.service import House, Loop
from penstock_core.wakes import follow_wakes

NAME = "dsm-inspector"
LONGEST_WAIT_S = 30.0
"""How often it is looked, at least, whether a storage is to be measured or swept."""


class InspectorLoops:
    """Files are verified as they are registered, and removed as they are deleted.

    Storages are swept and measured from time to time.
    """

    def __init__(self, house: House, settings: InspectorSettings, clients: HouseClients) -> None:
        every_s = house.settings.reconcile_every_s
        house_dir = house.settings.data_dir.absolute()
        dsm = clients.dsm
        deleter = Deleter(dsm, house_dir)
        self._woken = [Reconciler(f"{NAME}:delete", deleter.delete, every_s, LEISURELY_REST_S)]
        if settings.read_bytes_per_s:
            verifier = Verifier(dsm, house_dir, Pace(settings.read_bytes_per_s))
            verify = Reconciler(f"{NAME}:verify", verifier.verify, every_s, UNHURRIED_REST_S)
            self._woken.append(verify)
        policy = AlarmPolicy(
            settings.alarm_free_fraction, timedelta(seconds=settings.alarm_full_within_s)
        )
        usage_every_s = settings.usage_every_s
        meter = Meter(dsm, clients.data_access, policy, timedelta(seconds=usage_every_s))
        wait_s = min(usage_every_s, LONGEST_WAIT_S)
        self._timed = [Reconciler(f"{NAME}:measure", meter.measure, wait_s)]
        if settings.sweep_every_s:
            sweeper = Sweeper(dsm, house_dir, settings.sweep_every_s, settings.dark_age_s)
            wait_s = min(settings.sweep_every_s, LONGEST_WAIT_S)
            self._timed.append(Reconciler(f"{NAME}:sweep", sweeper.sweep, wait_s))
        self._wakes = follow_wakes(house.bus, f"{NAME}.wake", self.wake)

    @property
    def all(self) -> tuple[Loop, ...]:
        """Return what is to run until the inspector ends."""
        return tuple(self._loops())

    def _loops(self) -> Iterator[Loop]:
        for one in (*self._woken, *self._timed):
            yield one.run
        yield self._wakes

    def wake(self) -> None:
        """Have everything looked at soon that an event may have made due."""
        for one in self._woken:
            one.wake()
