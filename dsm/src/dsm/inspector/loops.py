"""The inspector's loops, and what wakes them."""

from dsm.inspector.pace import Pace
from dsm.inspector.settings import InspectorSettings
from dsm.inspector.verifier import Verifier
from penstock_core.clients.house import HouseClients
from penstock_core.reconciler import Reconciler
from penstock_core.service import House, Loop
from penstock_core.wakes import follow_wakes

NAME = "dsm-inspector"


class InspectorLoops:
    """Files are verified as they are registered."""

    def __init__(self, house: House, settings: InspectorSettings, clients: HouseClients) -> None:
        every_s = house.settings.reconcile_every_s
        self._woken: list[Reconciler] = []
        if settings.read_bytes_per_s:
            house_dir = house.settings.data_dir.absolute()
            verifier = Verifier(clients.dsm, house_dir, Pace(settings.read_bytes_per_s))
            self._woken.append(Reconciler(f"{NAME}:verify", verifier.verify, every_s))
        self._wakes = follow_wakes(house.bus, f"{NAME}.wake", self.wake)

    @property
    def all(self) -> tuple[Loop, ...]:
        """Return what is to run until the inspector ends."""
        return (*(one.run for one in self._woken), self._wakes)

    def wake(self) -> None:
        """Have everything looked at soon that an event may have made due."""
        for one in self._woken:
            one.wake()
