"""The detector and its DAQ as SimPy processes: what happens, and when.

Everything follows from the plan, so what happens is the same each time it is asked for; a restart
takes it up at any place.
"""

import math
import random
from collections.abc import Generator, Iterator
from itertools import count

import simpy

from daqsim.happening import Happening
from daqsim.plan import Plan
from daqsim.run_control import RunControl

Process = Generator[simpy.Event, object, None]


def happenings(plan: Plan) -> Iterator[Happening]:
    """Yield what happens, in the order of time; a run whose schedule is too short has less."""
    environment = simpy.Environment()
    told: list[Happening] = []
    for namespace in plan.namespaces:
        numbers = count(plan.first_run)
        for time in range(plan.times):
            dice = random.Random(f"{plan.seed}/{namespace}/{time}")  # noqa: S311 - not a secret
            control = RunControl(environment, plan, namespace, numbers, dice, told)
            environment.process(_begin(environment, control, time * plan.every_s))
    while environment.peek() < math.inf:
        environment.step()
        yield from told
        told.clear()


def _begin(environment: simpy.Environment, control: RunControl, after_s: float) -> Process:
    yield environment.timeout(after_s)
    yield from control.follow_schedule()
