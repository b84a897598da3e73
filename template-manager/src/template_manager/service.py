"""The web face as a service: it has no store and no loop, it knows the others by REST alone."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

import httpx2

from penstock_core.service import House, Service
from penstock_core.tokens import Verifier
from template_manager.app import new_web_face
from template_manager.faces import Faces

NAME = "template-manager"


@asynccontextmanager
async def open_service(house: House) -> AsyncIterator[Service]:
    """Give the web face; data-access must have made its keys before."""
    settings = house.settings
    async with AsyncExitStack() as stack:
        faces = Faces(
            await _opened(stack, house, settings.data_access_url),
            await _opened(stack, house, settings.dsm_url),
        )
        verifier = Verifier(settings.public_key.read_text(), NAME)
        yield Service(name=NAME, app=new_web_face(faces, verifier))


async def _opened(stack: AsyncExitStack, house: House, url: str) -> httpx2.AsyncClient:
    http = house.http(url)
    stack.push_async_callback(http.aclose)
    return http
