"""The instruments of all services, in one table: what ``GET /metrics`` tells Prometheus.

They stand in the process's registry, so services that share a process share one page. Labels are
names of the house (services, queues, loops, routes), never of data: their number is bounded.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from time import perf_counter

from prometheus_client import Counter, Gauge, Histogram, disable_created_metrics

# A second row for each counter, that no question here needs.
disable_created_metrics()  # type: ignore[no-untyped-call]
QUICK_S = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
WAITS_S = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1800, 7200)
SIZES = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000)

REQUESTS = Histogram(
    "penstock_http_request_seconds",
    "Requests by the template of their route, and how long each took.",
    ("service", "method", "route", "status"),
    buckets=QUICK_S,
)
LOOKS = Counter("penstock_loop_looks_total", "Looks of a loop that came to an end.", ("loop",))
FAILURES = Counter("penstock_loop_failures_total", "Looks of a loop that failed.", ("loop",))
LOOK_S = Histogram(
    "penstock_loop_seconds", "How long a look of a loop took.", ("loop",), buckets=QUICK_S
)
SUCCEEDED_AT = Gauge(
    "penstock_loop_last_success_timestamp_seconds", "When a loop last ended well.", ("loop",)
)
MESSAGES = Counter(
    "penstock_messages_total", "Messages of a queue by outcome: done, dead.", ("queue", "outcome")
)
HELD = Counter("penstock_messages_held_total", "Messages held while a fault passes.", ("queue",))
WAITING = Gauge(
    "penstock_queue_messages",
    "Messages that wait on a queue or a dead-letter queue, every 15 s.",
    ("queue",),
)
BATCHES = Histogram(
    "penstock_batch_messages", "Messages handled together.", ("queue",), buckets=SIZES
)
HANDLING_S = Histogram(
    "penstock_handling_seconds", "How long a batch was handled.", ("queue",), buckets=QUICK_S
)
BEHIND = Gauge(
    "penstock_lag_events", "Events of a log that a follower has yet to read.", ("follower",)
)
PUBLISHED = Counter(
    "penstock_bus_published_total", "Messages that the bus confirmed.", ("exchange",)
)
PUBLISH_S = Histogram(
    "penstock_bus_publish_seconds", "How long a batch waited to be confirmed.", buckets=QUICK_S
)
CHAINED_S = Histogram(
    "penstock_registered_to_chain_seconds",
    "From dataset.registered to the chain that was stored.",
    buckets=WAITS_S,
)
CLOSED_S = Histogram(
    "penstock_last_file_to_close_seconds",
    "From a dataset's last file to its close.",
    buckets=WAITS_S,
)
SUBMITTED = Counter("penstock_tasks_submitted_total", "Tasks handed to the workload system.")
DECIDED = Counter("penstock_decisions_total", "Decisions whether a template takes a dataset.")
VIOLATIONS = Gauge(
    "penstock_audit_violations", "What the auditor found that must not be.", ("law",)
)
AUDITED_AT = Gauge("penstock_audit_last_timestamp_seconds", "When the auditor last looked.")


@contextmanager
def timed(into: Histogram) -> Iterator[None]:
    """Observe how long the block takes, in seconds, if it ends well."""
    began = perf_counter()
    yield
    into.observe(perf_counter() - began)
