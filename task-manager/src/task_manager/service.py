"""The task-manager as a service: due tasks go out, states, reports and wishes are carried over."""

import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from os import getpid

from penstock_core.clients.house import HouseClients
from penstock_core.reconciler import UNHURRIED_REST_S, Reconciler
from penstock_core.service import House, Service
from penstock_core.topology import Binding
from penstock_core.wakes import Waker, follow_wakes
from task_manager.follow import ReportFollower, StateCopier, WishFollower
from task_manager.gates import GateKeeper
from task_manager.losses import LossFollower
from task_manager.submit import Submitter
from task_manager.workload import WorkloadSystem

NAME = "task-manager"
DATASETS = Binding("dsm.event", "dataset.*")
WORKFLOWS = Binding("wfms.event", "workflow.*")
TASKS = Binding("wfms.event", "task.*")
REPORTS = Binding("wms.event", "#")


@asynccontextmanager
async def open_service(
    house: House, workload: WorkloadSystem | None = None
) -> AsyncIterator[Service]:
    """Give the running service; ``workload`` is the house's pilot unless one is given."""
    async with HouseClients(house, NAME) as clients:
        system = workload or clients.pilot
        every_s = house.settings.reconcile_every_s
        claimant = f"{socket.gethostname()}:{getpid()}"
        submitter = Submitter(clients.dsm, clients.data_access, system, claimant)
        submit = Reconciler(f"{NAME}:submit", submitter.submit, every_s)
        copier = StateCopier(clients.dsm, clients.data_access, submit.wake)
        wishes = WishFollower(clients.data_access, system)
        follower = ReportFollower(clients.dsm, clients.data_access, system)
        gates = GateKeeper(clients.dsm, clients.data_access, submit.wake)
        losses = LossFollower(clients.dsm, clients.data_access)
        woken_by = {
            submit: (WORKFLOWS, TASKS),
            Reconciler(f"{NAME}:reports", follower.observe, every_s): (REPORTS,),
            Reconciler(f"{NAME}:wishes", wishes.pass_on, every_s, UNHURRIED_REST_S): (TASKS,),
            Reconciler(f"{NAME}:states", copier.copy, every_s): (DATASETS,),
            Reconciler(f"{NAME}:gates", gates.look, every_s, UNHURRIED_REST_S): (
                DATASETS,
                WORKFLOWS,
            ),
            Reconciler(f"{NAME}:losses", losses.announce, every_s, UNHURRIED_REST_S): (TASKS,),
        }
        wakers = [Waker(loop.wake, bindings) for loop, bindings in woken_by.items()]
        wakes = follow_wakes(house.bus, f"{NAME}.wake", wakers)
        yield Service(NAME, loops=(*(loop.run for loop in woken_by), wakes))
