"""What only the local bus promises: its file, its process, its size."""

import asyncio
import signal
import sqlite3
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from penstock_core.bus import Message
from penstock_core.bus.local import LocalBus
from penstock_core.errors import BusUnavailable
from penstock_core.topology import Binding, Exchange, Queue, Topology

TOPOLOGY = Topology(
    exchanges=(Exchange("work", "direct"),),
    queues=(Queue("orders", (Binding("work", "order"),)),),
    delivery_limit=1,
)


def order(n: int) -> Message:
    return Message("work", "order", str(n).encode())


def run_and_kill(script: str, path: Path) -> str:
    """Run a script against the bus at ``path``; kill -9 it as soon as it prints a line."""
    program = textwrap.dedent(_PREAMBLE) + textwrap.dedent(script) + "asyncio.run(main())\n"
    process = subprocess.Popen(
        [sys.executable, "-c", program, str(path)], stdout=subprocess.PIPE, text=True
    )
    with process:
        assert process.stdout is not None
        line = process.stdout.readline()
        process.send_signal(signal.SIGKILL)
    return line.strip()


_PREAMBLE = """
    import asyncio, sys
    from pathlib import Path
    from penstock_core.bus import Message
    from penstock_core.bus.local import LocalBus
    from penstock_core.topology import Binding, Exchange, Queue, Topology

    topology = Topology(
        exchanges=(Exchange("work", "direct"),),
        queues=(Queue("orders", (Binding("work", "order"),)),),
        delivery_limit=1,
    )
    bus = LocalBus(topology, Path(sys.argv[1]))
"""
_PUBLISHES = """
    async def main():
        await bus.start()
        await bus.publish([Message("work", "order", str(n).encode()) for n in range(200)])
        print("confirmed", flush=True)
        await asyncio.sleep(60)
"""
_CONSUMES = """
    async def main():
        await bus.start()
        subscription = await bus.subscribe("orders")
        taken = await subscription.batch(3, 5)
        await subscription.acknowledge(taken[:1])
        print(len(taken), flush=True)
        await asyncio.sleep(60)
"""
_HOLDS_ALL = _CONSUMES.replace("taken[:1]", "[]")


async def test_what_was_confirmed_survives_kill_9(tmp_path: Path) -> None:
    path = tmp_path / "bus.sqlite"
    assert run_and_kill(_PUBLISHES, path) == "confirmed"
    bus = LocalBus(TOPOLOGY, path)
    await bus.start()
    taken = await (await bus.subscribe("orders")).batch(500, 5)
    assert [d.message.body for d in taken] == [str(n).encode() for n in range(200)]
    await bus.close()


async def test_what_a_killed_consumer_held_comes_again_with_its_count_raised(
    tmp_path: Path,
) -> None:
    path = tmp_path / "bus.sqlite"
    await _fill(path, 3)
    assert run_and_kill(_CONSUMES, path) == "3"
    bus = LocalBus(TOPOLOGY, path)
    await bus.start()
    taken = await (await bus.subscribe("orders")).batch(5, 5)
    assert [(d.message.body, d.delivery_count) for d in taken] == [(b"1", 1), (b"2", 1)]
    await bus.close()


async def test_a_message_that_kills_its_consumers_is_dead_in_the_end(tmp_path: Path) -> None:
    path = tmp_path / "bus.sqlite"
    await _fill(path, 2)
    assert [run_and_kill(_HOLDS_ALL, path) for _ in range(2)] == ["2", "2"]
    bus = LocalBus(TOPOLOGY, path)
    await bus.start()
    assert await bus.depth("orders") == 0
    dead = await (await bus.subscribe("orders.dead")).batch(5, 5)
    assert [d.message.body for d in dead] == [b"0", b"1"]
    assert {d.message.headers["reason"] for d in dead} == {"delivery_limit"}
    await bus.close()


async def test_a_second_owner_of_the_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "bus.sqlite"
    first, second = LocalBus(TOPOLOGY, path), LocalBus(TOPOLOGY, path)
    await first.start()
    with pytest.raises(BusUnavailable, match="belongs to one process"):
        await second.start()
    await second.close()
    await first.close()
    third = LocalBus(TOPOLOGY, path)
    await third.start()
    await third.close()


async def test_a_file_of_another_format_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "bus.sqlite"
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA user_version = 99")
    connection.close()
    with pytest.raises(BusUnavailable, match="format 99"):
        await LocalBus(TOPOLOGY, path).start()


async def test_a_file_that_takes_no_writes_for_a_while_is_waited_out(tmp_path: Path) -> None:
    bus = LocalBus(TOPOLOGY, tmp_path / "bus.sqlite")
    await bus.start()
    await bus.publish([order(1)])
    subscription = await bus.subscribe("orders")
    file = bus._commits._connection
    assert file is not None
    file.execute("PRAGMA query_only = 1")
    waiting = asyncio.create_task(subscription.batch(1, 5))
    await asyncio.sleep(0.1)
    assert not waiting.done()
    file.execute("PRAGMA query_only = 0")
    assert [d.message.body for d in await waiting] == [b"1"]
    await bus.close()


async def test_the_file_does_not_grow_with_what_passed_through(tmp_path: Path) -> None:
    path = tmp_path / "bus.sqlite"
    bus = LocalBus(TOPOLOGY, path)
    await bus.start()
    subscription = await bus.subscribe("orders")
    sizes = []
    for _ in range(30):
        await bus.publish([Message("work", "order", b"x" * 1000) for _ in range(200)])
        await subscription.acknowledge(await subscription.batch(200, 5))
        sizes.append(sum(f.stat().st_size for f in tmp_path.iterdir()))
    await bus.close()
    assert max(sizes[15:]) <= 1.5 * max(sizes[:15])


async def _fill(path: Path, count: int) -> None:
    bus = LocalBus(TOPOLOGY, path)
    await bus.start()
    await bus.publish([order(n) for n in range(count)])
    await bus.close()
