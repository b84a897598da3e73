"""Topic patterns and bindings."""

import pytest

from penstock_core.bus.routing import Router, key_matches
from penstock_core.errors import InvalidInput
from penstock_core.topology import PENSTOCK, Binding, Exchange, Queue, Topology


@pytest.mark.parametrize(
    ("pattern", "key", "expected"),
    [
        ("dataset.closed", "dataset.closed", True),
        ("dataset.*", "dataset.closed", True),
        ("dataset.*", "dataset", False),
        ("dataset.*", "dataset.closed.late", False),
        ("dataset.#", "dataset", True),
        ("dataset.#", "dataset.closed.late", True),
        ("#", "", True),
        ("#.closed", "dataset.input.closed", True),
        ("#.closed", "closed", True),
        ("*.#.late", "dataset.late", True),
        ("*.#.late", "late", False),
        ("dataset.*", "datasets.closed", False),
    ],
)
def test_a_pattern_takes_a_key_as_amqp_says(pattern: str, key: str, expected: bool) -> None:
    assert key_matches(pattern, key) is expected


def test_a_message_reaches_the_queues_of_the_table() -> None:
    queues_for = Router(PENSTOCK).queues_for
    assert queues_for("dsm.register", "file.input") == ("dsm.register.file.input",)
    assert queues_for("wfms.event", "workflow.created") == ("task-manager.wake",)
    assert queues_for("penstock.dead", "dsm.daq") == ("dsm.daq.dead",)
    assert queues_for("penstock.dead", "scheduler.wake") == ()
    assert queues_for("", "dsm.daq.dead") == ("dsm.daq.dead",)
    assert queues_for("elsewhere", "file.input") == ()


def test_a_binding_to_an_undeclared_exchange_is_refused() -> None:
    queue = Queue("orders", (Binding("wrok", "order"),))
    with pytest.raises(InvalidInput, match="wrok"):
        Router(Topology((Exchange("work", "direct"),), (queue,)))
