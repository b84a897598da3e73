"""Which queues a message reaches: a pure function of the topology."""

from collections.abc import Callable
from functools import lru_cache

from penstock_core.errors import InvalidInput
from penstock_core.topology import DEAD_EXCHANGE, Exchange, Queue, Topology

_DEFAULT_EXCHANGE = ""
_REMEMBERED_KEYS = 4096


def key_matches(pattern: str, key: str) -> bool:
    """Return whether a topic pattern takes the key: ``*`` is one word, ``#`` any number of them."""
    return _words_match(pattern.split("."), key.split("."))


def _words_match(pattern: list[str], key: list[str]) -> bool:
    if not pattern:
        return not key
    head, rest = pattern[0], pattern[1:]
    if head == "#":
        return _words_match(rest, key) or (bool(key) and _words_match(pattern, key[1:]))
    return bool(key) and head in ("*", key[0]) and _words_match(rest, key[1:])


def _equal(pattern: str, key: str) -> bool:
    return pattern == key


_MATCHERS: dict[str, Callable[[str, str], bool]] = {"direct": _equal, "topic": key_matches}


class Router:
    """The bindings of a topology, its dead-letter queues included.

    As in AMQP, the exchange with the empty name reaches every queue under the queue's own name,
    so that a ``reply_to`` may name a queue.

    Raises
    ------
    InvalidInput
        a queue is bound to an exchange that the topology does not declare.
    """

    def __init__(self, topology: Topology) -> None:
        self._exchanges = {e.name: e for e in topology.exchanges}
        self._queues = topology.queues
        self._dead_of = {q.name: "" if q.wake else q.dead for q in topology.queues}
        self._remembered = lru_cache(_REMEMBERED_KEYS)(self._queues_for)
        for queue in topology.queues:
            _check_bindings(queue, self._exchanges)

    def queues_for(self, exchange: str, routing_key: str) -> tuple[str, ...]:
        """Return the names of the queues that take the message; none for an unknown exchange."""
        return self._remembered(exchange, routing_key)

    def _queues_for(self, exchange: str, routing_key: str) -> tuple[str, ...]:
        if exchange == _DEFAULT_EXCHANGE:
            return tuple(n for pair in self._dead_of.items() for n in pair if n == routing_key)
        if exchange == DEAD_EXCHANGE:
            return tuple(
                dead for name, dead in self._dead_of.items() if dead and name == routing_key
            )
        if exchange not in self._exchanges:
            return ()
        matches = _MATCHERS[self._exchanges[exchange].type]
        return tuple(
            q.name
            for q in self._queues
            if any(b.exchange == exchange and matches(b.pattern, routing_key) for b in q.bindings)
        )


def _check_bindings(queue: Queue, exchanges: dict[str, Exchange]) -> None:
    for binding in queue.bindings:
        if binding.exchange not in exchanges:
            raise InvalidInput(
                f"Queue {queue.name!r} is bound to exchange {binding.exchange!r}, "
                "which the topology does not declare.",
                hint="Declare the exchange, or drop the binding.",
            )
