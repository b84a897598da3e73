"""The storage manager, as its callers see it."""

from collections.abc import Sequence

from penstock_core.clients.audit import StorageAuditClient
from penstock_core.clients.inspection import V1, InspectionClient
from penstock_core.clients.queues import QueuesClient
from penstock_core.clients.runs import RunsClient
from penstock_core.contracts.base import EventPage, Page
from penstock_core.contracts.closing import (
    AppliedRule,
    ClosingPage,
    Deferral,
    Forecast,
    NewRule,
    Part,
    Rule,
)
from penstock_core.contracts.dsm import (
    Announcement,
    CloseRequest,
    CloseResult,
    Contents,
    ContentsNews,
    Dataset,
    File,
    LedgerRow,
    Manifest,
    NewDataset,
    NewStorage,
    Outcome,
    ReadTo,
    Storage,
    Wanted,
)
from penstock_core.contracts.intake import IntakeMessage, IntakeOutcome, PostedMessage, Pulse


class DsmClient(InspectionClient, QueuesClient, RunsClient, StorageAuditClient):
    """REST of dsm-manager, in bulk. Paths in the methods; models in ``contracts.dsm``."""

    async def take_in(self, messages: Sequence[IntakeMessage]) -> tuple[IntakeOutcome, ...]:
        """Store these messages from outside and apply them, in one transaction."""
        answer = tuple[IntakeOutcome, ...]
        return await self.call("POST", f"{V1}/intake", answer, body=list(messages))

    async def pulse(self, *, keeps_up: bool) -> None:
        """Tell that the register lives, and whether it keeps up with its queues."""
        await self.call("POST", f"{V1}/intake/pulse", None, body=Pulse(keeps_up=keeps_up))

    async def post_messages(
        self, exchange: str, routing_key: str, messages: Sequence[PostedMessage]
    ) -> None:
        """Put messages on the bus; they are durable when this returns."""
        path = f"{V1}/messages/{exchange}/{routing_key}"
        await self.call("POST", path, None, body=list(messages))

    async def create_datasets(self, datasets: Sequence[NewDataset]) -> tuple[Dataset, ...]:
        """Return these datasets in the order given, made where they were not there."""
        answer = tuple[Dataset, ...]
        return await self.call("POST", f"{V1}/dataset", answer, body=list(datasets))

    async def datasets(
        self,
        *,
        name: str = "",
        namespace: str = "",
        scope: str = "",
        logical: str = "",
        state: str = "",
        kind: str = "",
        after: int = 0,
        limit: int = 100,
    ) -> Page[Dataset]:
        """Return a page of datasets; ``name`` is a glob, ``logical`` a whole logical name."""
        params = {
            "name": name,
            "namespace": namespace,
            "scope": scope,
            "logical": logical,
            "state": state,
            "kind": kind,
            "after": after,
            "limit": limit,
        }
        return await self.call("GET", f"{V1}/dataset", Page[Dataset], params=params)

    async def dataset(self, uid: str) -> Dataset:
        """Return one dataset; raises ``NotFound``."""
        return await self.call("GET", f"{V1}/dataset/{uid}", Dataset)

    async def there(self, wanted: Sequence[Wanted]) -> tuple[Wanted, ...]:
        """Return those of ``wanted`` that are there, in the order given."""
        answer = tuple[Wanted, ...]
        return await self.call("POST", f"{V1}/dataset/there", answer, body=list(wanted))

    async def contents(self, uid: str, after: int = 0, limit: int = 1000) -> Contents:
        """Return a dataset's files after a position, with its state, as one snapshot."""
        params = {"after": after, "limit": limit}
        return await self.call("GET", f"{V1}/dataset/{uid}/contents", Contents, params=params)

    async def contents_news(self, read: Sequence[ReadTo]) -> ContentsNews:
        """Return which of these datasets are worth reading on: they hold more, or are closed."""
        return await self.call("POST", f"{V1}/dataset/news", ContentsNews, body=list(read))

    async def files(
        self,
        *,
        name: str = "",
        namespace: str = "",
        scope: str = "",
        state: str = "",
        after: int = 0,
        limit: int = 100,
    ) -> Page[File]:
        """Return a page of files; ``name`` is a whole name."""
        params = {
            "name": name,
            "namespace": namespace,
            "scope": scope,
            "state": state,
            "after": after,
            "limit": limit,
        }
        return await self.call("GET", f"{V1}/file/", Page[File], params=params)

    async def file_bytes(self, uid: str, offset: int = 0, length: int | None = None) -> bytes:
        """Return a stretch of a file's bytes; all of them without ``length``."""
        params = {"offset": offset, "length": length}
        return await self.call("GET", f"{V1}/file/{uid}/content", bytes, params=params)

    async def register(self, manifests: Sequence[Manifest]) -> tuple[Outcome, ...]:
        """Register the outputs of these jobs, each job's all or nothing."""
        answer = tuple[Outcome, ...]
        return await self.call("POST", f"{V1}/manifest", answer, body=list(manifests))

    async def announce(self, ends: Sequence[Announcement]) -> tuple[Outcome, ...]:
        """Store that producers have ended, each with its count."""
        answer = tuple[Outcome, ...]
        return await self.call("POST", f"{V1}/dataset/announce", answer, body=list(ends))

    async def closing(self, after: int = 0, limit: int = 500) -> ClosingPage:
        """Return the evidence on what may close now: open inputs, others whose producer ended."""
        params = {"after": after, "limit": limit}
        return await self.call("GET", f"{V1}/dataset/closing", ClosingPage, params=params)

    async def defer_closing(self, deferrals: Sequence[Deferral]) -> None:
        """Leave datasets alone that nothing is due on, and that are as they were seen."""
        await self.call("PUT", f"{V1}/dataset/closing", None, body=list(deferrals))

    async def close_datasets(self, requests: Sequence[CloseRequest]) -> tuple[CloseResult, ...]:
        """Close datasets that still are at the revision that was looked at."""
        answer = tuple[CloseResult, ...]
        return await self.call("POST", f"{V1}/dataset/close", answer, body=list(requests))

    async def ledger(self, uid: str) -> tuple[LedgerRow, ...]:
        """Return the closing ledger of a dataset, oldest first."""
        return await self.call("GET", f"{V1}/dataset/{uid}/ledger", tuple[LedgerRow, ...])

    async def parts(self, uid: str) -> tuple[Part, ...]:
        """Return the parts of a dataset, by position."""
        return await self.call("GET", f"{V1}/dataset/{uid}/parts", tuple[Part, ...])

    async def forecasts(self, uids: Sequence[str]) -> tuple[Forecast, ...]:
        """Return when those of these datasets will close that are open, and on what evidence."""
        if not uids:
            return ()
        path, found = f"{V1}/dataset/forecast", tuple[Forecast, ...]
        return await self.call("GET", path, found, params={"uid": list(uids)})

    async def rules(self) -> tuple[Rule, ...]:
        """Return all rules for datasets, in the order in which they are asked."""
        return await self.call("GET", f"{V1}/rule", tuple[Rule, ...])

    async def rule(self, name: str) -> Rule:
        """Return one rule; raises ``NotFound``."""
        return await self.call("GET", f"{V1}/rule/{name}", Rule)

    async def set_rule(self, name: str, rule: NewRule) -> Rule:
        """Set a rule in place of the one of its name."""
        return await self.call("PUT", f"{V1}/rule/{name}", Rule, body=rule)

    async def remove_rule(self, name: str) -> None:
        """Remove a rule; raises ``NotFound``."""
        await self.call("DELETE", f"{V1}/rule/{name}", None)

    async def test_rules(
        self, dataset: str, *, namespace: str = "default", kind: str = "input", of_run: bool = False
    ) -> AppliedRule:
        """Return which rule would apply to a dataset of this name, and why the others do not."""
        params = {"namespace": namespace, "kind": kind, "of_run": of_run}
        return await self.call("GET", f"{V1}/rule/test/{dataset}", AppliedRule, params=params)

    async def events(self, after: int, limit: int = 500, topics: Sequence[str] = ()) -> EventPage:
        """Return the event log after a cursor."""
        params = {"after": after, "limit": limit, "topics": ",".join(topics)}
        return await self.call("GET", f"{V1}/event", EventPage, params=params)

    async def storages(self) -> tuple[Storage, ...]:
        """Return all storages."""
        return await self.call("GET", f"{V1}/storage", tuple[Storage, ...])

    async def create_storage(self, storage: NewStorage) -> Storage:
        """Return the storage of this name, made where it was not there."""
        return await self.call("POST", f"{V1}/storage", Storage, body=storage)
