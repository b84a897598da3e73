"""Which of the datasets that somebody waits for are there: many are asked for at once."""

from collections.abc import Sequence

from sqlalchemy import ColumnElement, and_, exists, select
from sqlalchemy.ext.asyncio import AsyncConnection

from dsm.manager.tables import dataset
from penstock_core.contracts.dsm import Wanted
from penstock_core.name_glob import name_matches
from penstock_core.states import DatasetKind, DatasetState
from penstock_core.stretches import stretches

IN_ONE_QUERY = 50
_STATES = {
    "open": (DatasetState.OPEN, DatasetState.CLOSED),
    "closed": (DatasetState.CLOSED,),
}


async def those_there(connection: AsyncConnection, wanted: Sequence[Wanted]) -> tuple[Wanted, ...]:
    """Return those of ``wanted`` that are there, in the order given."""
    found: list[Wanted] = []
    for some in stretches(wanted, IN_ONE_QUERY):
        each_is_there = [exists().where(_is(connection, each)) for each in some]
        answers = (await connection.execute(select(*each_is_there))).one()
        found += [each for each, is_there in zip(some, answers, strict=True) if is_there]
    return tuple(found)


def _is(connection: AsyncConnection, wanted: Wanted) -> ColumnElement[bool]:
    columns = dataset.c
    # A mask says "none of these" by [!ab], a glob of names by [^ab].
    glob = wanted.mask.replace("[!", "[^")
    plain = not any(sign in glob for sign in "*?[")
    return and_(
        columns.namespace == wanted.namespace,
        columns.name == glob if plain else name_matches(connection, columns.name, glob),
        columns.state.in_(_STATES[wanted.until]),
        columns.kind != DatasetKind.LOG,
    )
