"""What the facts about a run tell of its dataset: metadata for conditions of masks to look at."""

from collections.abc import Mapping

from sqlalchemy import select

from dsm.manager import tables
from dsm.manager.datasets import change_dataset
from dsm.manager.reading import rows_where
from dsm.manager.work import Work

DETECTOR = "detector_state"


async def tell_beginnings(work: Work, begun: Mapping[int, str]) -> None:
    """Store with the datasets of these runs in which state of the detector each run began."""
    told = {run_id: state for run_id, state in begun.items() if state}
    runs = tables.run.c
    query = select(runs.id.label("of_run_id"), tables.dataset).join(
        tables.dataset, tables.dataset.c.id == runs.dataset_id
    )
    async for row in rows_where(work.connection, query, runs.id, told):
        metadata = row._mapping["metadata"]
        if metadata.get(DETECTOR) != told[row.of_run_id]:
            new = metadata | {DETECTOR: told[row.of_run_id]}
            await change_dataset(work, row, metadata=new)
