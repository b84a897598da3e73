"""When closed datasets are looked at again, to see whether their lifetime is over."""

from sqlalchemy import update

from dsm.manager import tables
from dsm.manager.work import Work
from penstock_core.states import DatasetState


async def review_all(work: Work) -> None:
    """Have all closed datasets looked at: their rules have changed."""
    closed = tables.dataset.c.state == DatasetState.CLOSED
    await work.connection.execute(update(tables.dataset).where(closed).values(review_at=work.at))
