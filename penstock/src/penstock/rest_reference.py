"""The reference of every REST call as Markdown, made of the services' own routes.

``python -m penstock.rest_reference > docs/reference/rest.md`` writes it anew.
"""

import asyncio
import inspect
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from fastapi import FastAPI
from fastapi.routing import APIRoute, iter_route_contexts

from penstock.house import open_house
from penstock_core.settings import HouseSettings
from penstock_core.web import Needs, identity

HEAD = """# Every REST call

Made by `python -m penstock.rest_reference` from the services themselves. `penstock up` answers all
of them on one port. *Signed in* is whoever has a token; *anybody* needs none. What the calls mean
stands in [rest-data-access.md](rest-data-access.md), [rest-dsm.md](rest-dsm.md) and
[pilot.md](../pilot.md); the models stand in the OpenAPI of each service.
"""
SERVICES = ("data-access", "dsm", "pilot")


def reference() -> str:
    """Return the whole reference; opens an empty house to ask its services."""
    return asyncio.run(_reference())


async def _reference() -> str:
    with TemporaryDirectory(prefix="penstock-reference-") as folder:
        settings = HouseSettings(data_dir=Path(folder))
        async with open_house(settings, hold_jobs=True) as house:
            doors = house.house.doors
            return "\n".join([HEAD, *(_section(name, doors[name]) for name in SERVICES)])


def _section(name: str, app: object) -> str:
    assert isinstance(app, FastAPI)  # noqa: S101 - every face with REST is one
    head = [f"## {name}", "", f"OpenAPI: `{app.openapi_url}`.", ""]
    rows = [row for _, row in sorted(_rows(app))]
    return "\n".join([*head, "| call | right | what it does |", "| --- | --- | --- |", *rows, ""])


def _rows(app: FastAPI) -> Iterator[tuple[str, str]]:
    """Give each call's row of the table, with its path to sort by."""
    for context in iter_route_contexts(app.routes):
        route = context.original_route
        if isinstance(route, APIRoute) and route.include_in_schema:
            says = (inspect.getdoc(route.endpoint) or "").partition("\n")[0].replace("``", "`")
            for method in route.methods or ():
                call = f"`{method} {route.path}`"
                yield f"{route.path} {method}", f"| {call} | {_right(route)} | {says} |"


def _right(route: APIRoute) -> str:
    calls = [dependency.call for dependency in route.dependant.dependencies]
    rights = [right for call in calls if isinstance(call, Needs) for right in call.rights]
    return " or ".join(rights) or ("signed in" if identity in calls else "anybody")


if __name__ == "__main__":
    sys.stdout.write(reference())
