"""The gate keeper asks for what is waited for, and tells what is there."""

from penstock_core.contracts.dsm import Wanted
from task_manager import gates
from task_manager.gates import GateKeeper


def wanted(run: int) -> Wanted:
    return Wanted(namespace="default", mask=f"swf.{run}.calib")


class DataAccess:
    """Knows what is waited for."""

    def __init__(self, unmet: list[Wanted]) -> None:
        self.unmet = unmet

    async def unmet_gates(self, after: Wanted | None, limit: int) -> tuple[Wanted, ...]:
        start = self.unmet.index(after) + 1 if after else 0
        return tuple(self.unmet[start : start + limit])

    async def meet_gates(self, met: tuple[Wanted, ...]) -> None:
        self.unmet = [each for each in self.unmet if each not in met or each == self.unmet[-1]]


class Dsm:
    """Has some datasets."""

    def __init__(self, *there: Wanted) -> None:
        self.has = there
        self.asked: list[int] = []

    async def there(self, some: tuple[Wanted, ...]) -> tuple[Wanted, ...]:
        self.asked.append(len(some))
        return tuple(each for each in some if each in self.has)


async def test_each_wanted_dataset_is_asked_for_once_in_batches() -> None:
    everything = [wanted(1000 + run) for run in range(gates.BATCH + 1)]
    dsm, woken = Dsm(everything[0]), []
    data_access = DataAccess(everything)
    keeper = GateKeeper(dsm, data_access, lambda: woken.append(1))  # type: ignore[arg-type]
    assert await keeper.look() is False
    assert dsm.asked == [gates.BATCH, 1]
    assert wanted(1000) not in data_access.unmet
    assert woken == [1]


async def test_nothing_waited_for_is_nothing_asked() -> None:
    dsm = Dsm()
    keeper = GateKeeper(dsm, DataAccess([]), lambda: None)  # type: ignore[arg-type]
    await keeper.look()
    assert dsm.asked == []
