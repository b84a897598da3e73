"""Ctrl-C in the middle of a run ends clean, and ``penstock up`` goes on, the run included."""

import asyncio
import signal
import time
from collections.abc import Callable
from pathlib import Path

import httpx2
from tests.end_to_end.processes import descendants, is_alive, start_demo, start_up

from penstock_core.clients import DataAccessClient, DsmClient, ServiceTokens


async def url_of(data_dir: Path, eventually: Callable) -> str:
    """Return where a starting Penstock answers, once it does."""

    async def look() -> str:
        try:
            url = (data_dir / "url").read_text()
            async with httpx2.AsyncClient(base_url=url) as http:
                await http.get("/health/live")
        except (OSError, httpx2.HTTPError):
            return ""
        return url

    return str(await eventually(look, bool, 60))


async def test_a_stopped_run_goes_on_at_the_next_start(
    tmp_path: Path, eventually: Callable
) -> None:
    data_dir = tmp_path / "data"
    demo = start_demo(data_dir)
    stfs = data_dir / "daq" / "101983" / "stf"

    async def written() -> int:
        return len(list(stfs.glob("*.stf")))

    await eventually(written, lambda count: count >= 2, 90)
    below = descendants(demo.pid)
    demo.send_signal(signal.SIGINT)
    stopped_at = time.monotonic()
    await asyncio.to_thread(demo.communicate, timeout=30)
    assert demo.returncode == 130
    assert time.monotonic() - stopped_at < 20
    assert [pid for pid in below if is_alive(pid)] == []
    assert await written() < 8

    (data_dir / "url").unlink(missing_ok=True)
    up = start_up(data_dir)
    try:
        url = await url_of(data_dir, eventually)
        auth, one, two = (httpx2.AsyncClient(base_url=url) for _ in range(3))
        async with auth, one, two:
            tokens = ServiceTokens(auth, "operator", data_dir / "secrets" / "operator")
            tasks = await eventually(
                lambda: DataAccessClient(one, tokens).tasks(dataset="swf.101983.run"),
                lambda page: [t.status for t in page.items] == ["FINISHED"] * 4,
                120,
            )
            assert [task.step for task in tasks.items] == [
                "decode",
                "reconstruct",
                "merge",
                "plot",
            ]
            datasets = await eventually(
                lambda: DsmClient(two, tokens).datasets(name="swf.101983.run*"),
                lambda page: all(d.state == "CLOSED" for d in page.items),
            )
            assert {d.files for d in datasets.items} == {8, 1, 2}
    finally:
        up.send_signal(signal.SIGTERM)
        await asyncio.to_thread(up.communicate, timeout=30)
    assert up.returncode == 0
