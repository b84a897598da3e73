"""Rules for datasets: when they close, into which parts they go, how long they are kept."""

from typing import Annotated

from fastapi import APIRouter, Path

from dsm.manager.closing import rule_rows
from dsm.manager.closing.rulebook import Candidate
from dsm.manager.routes.common import V1, TheStore
from dsm.manager.work import begin_work
from penstock_core.contracts.closing import AppliedRule, NewRule, Rule
from penstock_core.states import DatasetKind
from penstock_core.web import Operator, Reader

router = APIRouter(prefix=f"{V1}/rule", tags=["rules"])

Name = Annotated[str, Path(max_length=250)]


@router.get("")
async def list_rules(store: TheStore, _caller: Reader) -> tuple[Rule, ...]:
    """Return all rules in the order in which they are asked, those built in last."""
    async with store.read() as connection:
        return await rule_rows.list_rules(connection)


@router.get("/{name}")
async def get_rule(store: TheStore, _caller: Reader, name: Name) -> Rule:
    """Return one rule."""
    async with store.read() as connection:
        return await rule_rows.the_rule(connection, name)


@router.put("/{name}")
async def set_rule(store: TheStore, caller: Operator, name: Name, new: NewRule) -> Rule:
    """Set a rule in place of the one of its name; it applies to open datasets at once."""
    async with begin_work(store) as work:
        return await rule_rows.set_rule(work, name, new, caller.subject)


@router.delete("/{name}", status_code=204)
async def remove_rule(store: TheStore, _caller: Operator, name: Name) -> None:
    """Remove a rule; its datasets fall to the next one that takes them."""
    async with begin_work(store) as work:
        await rule_rows.remove_rule(work, name)


@router.get("/test/{dataset}")
async def ask_rules(
    store: TheStore,
    _caller: Reader,
    dataset: Name,
    namespace: str = "default",
    kind: DatasetKind = DatasetKind.INPUT,
    of_run: bool = False,
) -> AppliedRule:
    """Return which rule would apply to a dataset of this name, and why the others do not."""
    async with store.read() as connection:
        book = await rule_rows.read_rulebook(connection)
    return book.test(Candidate(dataset, namespace, kind, of_run))
