"""RabbitMQ's management API, as policies and looks at queues ask it."""

from typing import Any

import httpx2

from penstock_core.errors import BusUnavailable

_TIMEOUT_S = 30.0


def management(url: str) -> httpx2.AsyncClient:
    """Return a client for the API at ``http://user:password@host:port``. The caller closes it."""
    return httpx2.AsyncClient(base_url=url, timeout=_TIMEOUT_S)


async def ask(client: httpx2.AsyncClient, method: str, path: str, body: Any = None) -> Any:
    """Return what the API answers, None for nothing; raises ``BusUnavailable``."""
    try:
        answer = await client.request(method, path, json=body)
        answer.raise_for_status()
    except httpx2.HTTPError as error:
        raise BusUnavailable(
            f"RabbitMQ's management API did not take {method} {path}: {error}.",
            hint="Is the management plugin on, and has the user the tag 'policymaker'?",
        ) from error
    return answer.json() if answer.content else None
