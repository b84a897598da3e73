"""Rules for datasets, as operators set and remove them."""

from typing import Any

from sqlalchemy import Row, delete, insert, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from dsm.manager import tables
from dsm.manager.closing.agenda import look_anew
from dsm.manager.closing.following import DELTA
from dsm.manager.closing.rulebook import (
    BUILT_IN,
    Candidate,
    Rulebook,
    built_in_rules,
    rulebook_of,
    selector_of,
)
from dsm.manager.datasets import change_dataset
from dsm.manager.inspection.reviews import review_all
from dsm.manager.naming import check_word
from dsm.manager.work import Work
from penstock_core.clock import parse_time
from penstock_core.contracts.closing import NewRule, Rule
from penstock_core.errors import Conflict, NotFound
from penstock_core.eventlog import NewEvent

CHANGED = "rule.changed"
_R = tables.rule.c


async def read_rules(connection: AsyncConnection) -> tuple[Rule, ...]:
    """Return the rules that operators have set, by name."""
    rows = await connection.execute(select(tables.rule).order_by(_R.name))
    return tuple(_rule(row) for row in rows)


async def read_rulebook(connection: AsyncConnection) -> Rulebook:
    """Return all rules, ready to be asked."""
    return rulebook_of(await read_rules(connection))


async def list_rules(connection: AsyncConnection) -> tuple[Rule, ...]:
    """Return all rules in the order in which they are asked, those built in last."""
    rules = await read_rules(connection)
    return (*sorted(rules, key=lambda rule: (-rule.priority, rule.name)), *built_in_rules())


async def the_rule(connection: AsyncConnection, name: str) -> Rule:
    """Return one rule; raises ``NotFound``."""
    for rule in await list_rules(connection):
        if rule.name == name:
            return rule
    raise _no_rule(name)


async def set_rule(work: Work, name: str, new: NewRule, actor: str) -> Rule:
    """Store a rule in place of the one of its name; it applies to all datasets at once.

    Raises
    ------
    InvalidInput
        the name is no word, or a mask cannot be read or can never match.
    Conflict
        the name is that of a built-in rule.
    """
    _refuse_built_in(check_word(name))
    given = new.model_dump(exclude={"policy"})
    at = parse_time(work.at)
    rule = Rule(**given, policy=new.policy, name=name, changed_at=at, changed_by=actor)
    selector_of(rule)
    await work.connection.execute(delete(tables.rule).where(_R.name == name))
    await work.connection.execute(insert(tables.rule), _row(rule, work.at))
    await review_all(work)
    await _apply(work, rule)
    return rule


async def remove_rule(work: Work, name: str) -> None:
    """Remove a rule; raises ``NotFound``, or ``Conflict`` for one that is built in."""
    _refuse_built_in(name)
    rule = await the_rule(work.connection, name)
    await work.connection.execute(delete(tables.rule).where(_R.name == name))
    await review_all(work)
    await _apply(work, rule)


async def _apply(work: Work, rule: Rule) -> None:
    """Tell that rules changed, and let chains run, or no more, on the late files of open deltas.

    All else about a rule is looked up when it is needed, which may be at once.
    """
    body = {"name": rule.name, "changed_by": rule.changed_by}
    work.tell_event(NewEvent(CHANGED, rule.name, rule.namespace, body))
    await look_anew(work)
    book = await read_rulebook(work.connection)
    query = select(tables.dataset).where(text(tables.MAY_CLOSE), tables.dataset.c.series == DELTA)
    for row in (await work.connection.execute(query)).all():
        processing = book.applied(Candidate.of(row)).policy.late == "chain"
        if processing != row.processing:
            await change_dataset(work, row, processing=processing)


def _rule(row: Row[Any]) -> Rule:
    return Rule.model_validate(dict(row._mapping))


def _row(rule: Rule, at: str) -> dict[str, Any]:
    return rule.model_dump(mode="json") | {"changed_at": at}


def _refuse_built_in(name: str) -> None:
    if name.startswith(BUILT_IN):
        raise Conflict(
            f"Rules whose name begins with {BUILT_IN!r} are built in.",
            hint="Set a rule of another name with the mask *: it is asked before them.",
            field="name",
        )


def _no_rule(name: str) -> NotFound:
    return NotFound(
        f"There is no rule {name[:100]!r}.",
        hint="GET /api/v1/rule lists them, in the order in which they are asked.",
        facts={"name": name[:100]},
    )
