"""What is known of open datasets when their closing is decided, read in bulk as one snapshot.

Only datasets that may close are looked at, by their index: open inputs, and others whose
producer has announced its end; of them those that something is due on.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, select
from sqlalchemy.ext.asyncio import AsyncConnection

from dsm.manager import tables
from dsm.manager.closing.agenda import is_due, next_look
from dsm.manager.closing.listening import listening_since
from dsm.manager.closing.rule_rows import read_rulebook
from dsm.manager.closing.rulebook import Candidate
from dsm.manager.closing.runs_seen import later_runs, runs_seen
from dsm.manager.reading import page_of, rows_where
from dsm.manager.runs.missing import Missing, missing_stfs
from penstock_core.clock import now, parse_time
from penstock_core.closing import Wait, decide_close, foretell
from penstock_core.contracts.closing import (
    AppliedRule,
    ClosingPage,
    Evidence,
    Forecast,
    LaterRun,
    RunSeen,
)
from penstock_core.states import DatasetState

_D = tables.dataset.c
_COMPUTED = frozenset(
    {"registered", "missing", "unnamed", "runs", "later", "listening_since", "rule", "policy"}
)


async def page_evidence(connection: AsyncConnection, after: int, limit: int) -> ClosingPage:
    """Return the evidence on open datasets that may close now."""
    number = _D.id + 0  # no column: a planner would walk over all that ever closed by its index
    query = select(tables.dataset).where(is_due(), number > after)
    rows = (await connection.execute(query.order_by(number).limit(limit))).all()
    seen = await _evidence(connection, rows)
    page = page_of(rows, limit, lambda row: seen[row.uid])
    return ClosingPage(**dict(page), look_at=await next_look(connection))


async def forecasts(connection: AsyncConnection, uids: Iterable[str]) -> tuple[Forecast, ...]:
    """Return when those of these datasets will close that are open, in their order."""
    query = select(tables.dataset).where(_D.state == DatasetState.OPEN)
    rows = {row.uid: row async for row in rows_where(connection, query, _D.uid, uids)}
    seen = await _evidence(connection, list(rows.values()))
    moment = now()
    return tuple(_forecast(seen[uid], moment) for uid in uids if uid in seen)


def _forecast(evidence: Evidence, moment: datetime) -> Forecast:
    decision = decide_close(evidence, moment)
    at = decision.at if isinstance(decision, Wait) else moment
    return Forecast(uid=evidence.uid, at=at, text=foretell(decision, moment), evidence=evidence)


@dataclass(frozen=True, slots=True)
class _Around:
    """What other tables say of some datasets, by their number."""

    since: datetime
    rules: Mapping[int, AppliedRule]
    runs: Mapping[int, tuple[RunSeen, ...]] = field(default_factory=dict)
    later: Mapping[int, LaterRun] = field(default_factory=dict)
    missing: Mapping[int, Missing] = field(default_factory=dict)


async def _evidence(connection: AsyncConnection, rows: Sequence[Row[Any]]) -> dict[str, Evidence]:
    book = await read_rulebook(connection)
    since = await listening_since(connection)
    rules = {row.id: book.applied(Candidate.of(row)) for row in rows}
    of_runs = [row for row in rows if row.of_run and not row.series]
    if not of_runs:
        around = _Around(since, rules)
    else:
        moment = now()
        without_end = [row.id for row in of_runs if row.announced is None]
        lacking = [row for row in of_runs if _may_lack(row, rules[row.id], moment)]
        around = _Around(
            since,
            rules,
            await runs_seen(connection, [row.id for row in of_runs]),
            await later_runs(connection, without_end),
            await missing_stfs(connection, lacking) if lacking else {},
        )
    return {row.uid: _one(row, around) for row in rows}


def _may_lack(row: Row[Any], rule: AppliedRule, moment: datetime) -> bool:
    """Return whether it is worth to ask what is missing: its end is told, or it is silent."""
    if row.announced is not None:
        return bool(row.files < row.announced)
    last_at = parse_time(row.last_file_at or row.opened_at)
    latency_s, idle_s = rule.policy.max_latency_s, rule.policy.idle_timeout_s
    quiet_s = latency_s if idle_s is None else min(latency_s, idle_s)
    return moment - last_at >= timedelta(seconds=quiet_s)


def _one(row: Row[Any], around: _Around) -> Evidence:
    missing = around.missing.get(row.id, Missing())
    stored = {name: row._mapping[name] for name in Evidence.model_fields if name not in _COMPUTED}
    return Evidence(
        **stored,
        registered=row.files,
        missing=missing.names,
        unnamed=missing.count - len(missing.names),
        runs=around.runs.get(row.id, ()),
        later=around.later.get(row.id),
        listening_since=around.since,
        rule=around.rules[row.id].rule,
        policy=around.rules[row.id].policy,
    )
