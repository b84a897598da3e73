"""Penstock from Python, for notebooks and scripts: plain calls, typed results.

::

    from penstock.client import Penstock

    with Penstock("http://127.0.0.1:8642", "me@example.org", "secret") as penstock:
        for task in penstock.tasks(status="FAILED"):
            print(task.task_id, task.reason)
"""

from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Literal, Self, TypeVar

import httpx2

from penstock.audit_calls import AuditCalls
from penstock.background import BackgroundLoop
from penstock.closing_calls import ClosingCalls
from penstock.errands import (
    all_files,
    all_pages,
    explain,
    jobs_held,
    set_password,
    set_roles,
    upload,
)
from penstock.finding import find_dataset, find_template
from penstock.history_calls import HistoryCalls
from penstock.operating_calls import OperatingCalls
from penstock.provenance_calls import ProvenanceCalls
from penstock.run_calls import RunCalls
from penstock.storage_calls import StorageCalls
from penstock.template_file import read_template
from penstock_core.clients import (
    DataAccessClient,
    DsmClient,
    PasswordTokens,
    ServiceTokens,
    TokenSource,
)
from penstock_core.clients.pilot import PilotClient
from penstock_core.clients.sign_in import HeldToken
from penstock_core.contracts.base import Json, Page
from penstock_core.contracts.dsm import ContentFile, Dataset
from penstock_core.contracts.workflow import (
    ExplainedMatch,
    JobReport,
    NewTask,
    NewTemplate,
    SpdTask,
    Task,
    Template,
)
from penstock_core.errors import NotFound
from penstock_core.rights import Role

Item = TypeVar("Item")
SignIn = Callable[[httpx2.AsyncClient], TokenSource]
OPERATOR = "operator"
_PAGE = 500


class Penstock(
    AuditCalls,
    ClosingCalls,
    HistoryCalls,
    OperatingCalls,
    ProvenanceCalls,
    RunCalls,
    StorageCalls,
):
    """One Penstock behind one URL, as one user sees it.

    A dataset is named by its name or its uid, a template by its name (its version that is ACTUAL)
    or its id. Every method raises errors of :mod:`penstock_core.errors`.

    Parameters
    ----------
    url
        Where Penstock answers.
    username, password
        The user's email address and password.
    token
        A token instead of both.
    sign_in
        Something that makes a source of tokens, instead of all of these.
    transport
        How requests travel; the network if not given.
    """

    def __init__(
        self,
        url: str,
        username: str = "",
        password: str = "",
        *,
        token: str = "",
        sign_in: SignIn | None = None,
        transport: httpx2.AsyncBaseTransport | None = None,
    ) -> None:
        self._loop = BackgroundLoop()
        timeout = httpx2.Timeout(60, connect=5)
        self._http = httpx2.AsyncClient(base_url=url, transport=transport, timeout=timeout)
        tokens = _tokens(self._http, username, password, token, sign_in)
        self._workflows = DataAccessClient(self._http, tokens)
        self._storage = DsmClient(self._http, tokens)
        self._pilot = PilotClient(self._http, tokens)

    @classmethod
    def local(cls, data_dir: Path | str = "penstock-data") -> Self:
        """Return the embedded Penstock of a data folder on this machine, as its operator.

        Raises
        ------
        NotFound
            no Penstock runs in that folder.
        """
        folder = Path(data_dir)
        secret = folder / "secrets" / OPERATOR
        return cls(local_url(folder), sign_in=lambda http: ServiceTokens(http, OPERATOR, secret))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """End all connections; the object is of no use afterwards."""
        self._loop.run(self._http.aclose())
        self._loop.close()

    def templates(self, *, status: str = "", name: str = "") -> list[Template]:
        """Return template versions."""
        return self._all(
            lambda after: self._workflows.templates(
                status=status, name=name, after=after, limit=_PAGE
            )
        )

    def template(self, template: str | int) -> Template:
        """Return one template version."""
        return self._loop.run(find_template(self._workflows, template))

    def recipe(self, template: Template) -> Json:
        """Return the compiled recipe of a template version."""
        return self._loop.run(self._workflows.recipe(template.recipe_digest))

    def upload(self, template: NewTemplate | Path | str) -> Template:
        """Store a template, given as such or as the path of its ``template.yaml``.

        Where its name is there already this makes a new version, or none if nothing changed.
        """
        if not isinstance(template, NewTemplate):
            template = read_template(Path(template))
        return self._loop.run(upload(self._workflows, template))

    def datasets(
        self, *, name: str = "", state: str = "", kind: str = "", namespace: str = ""
    ) -> list[Dataset]:
        """Return datasets; ``name`` is a glob."""
        return self._all(
            lambda after: self._storage.datasets(
                name=name, state=state, kind=kind, namespace=namespace, after=after, limit=_PAGE
            )
        )

    def dataset(self, dataset: str, namespace: str = "default") -> Dataset:
        """Return one dataset."""
        return self._loop.run(find_dataset(self._storage, dataset, namespace))

    def files(self, dataset: Dataset) -> list[ContentFile]:
        """Return a dataset's files in the order of their registration."""
        return self._loop.run(all_files(self._storage, dataset.uid))

    def tasks(
        self,
        *,
        status: str = "",
        workflow: int | None = None,
        dataset: str = "",
        namespace: str = "",
    ) -> list[Task]:
        """Return tasks; ``dataset`` is the name of their input."""
        return self._all(
            lambda after: self._workflows.tasks(
                status=status,
                workflow=workflow,
                dataset=dataset,
                namespace=namespace,
                after=after,
                limit=_PAGE,
            )
        )

    def task(self, task_id: int) -> Task:
        """Return one task."""
        return self._loop.run(self._workflows.task(task_id))

    def jobs(self, task_id: int) -> list[JobReport]:
        """Return the jobs of a task that have ended, by index."""
        return self._all(lambda after: self._workflows.jobs(task_id, after, _PAGE), start=-1)

    def submit(
        self,
        exec: str,
        dataset: str,
        *,
        args: str = "",
        rank: int = 1,
        retry: int = 2,
        device: Literal["CPU", "GPU"] = "CPU",
        mode: Literal["map", "merge"] = "map",
        namespace: str = "default",
        idempotency_key: str = "",
    ) -> SpdTask:
        """Submit one task over a dataset; ``exec`` is a name of the server's allow-list."""
        task = NewTask(
            exec=exec,
            args=args,
            rank=rank,
            retry=retry,
            device=device,
            mode=mode,
            dataset=dataset,
            namespace=namespace,
            idempotency_key=idempotency_key,
        )
        return self._loop.run(self._workflows.create_task(task))

    def cancel(self, task_id: int) -> SpdTask:
        """Cancel a task."""
        return self._loop.run(self._workflows.set_status(task_id, "CANCELLED"))

    def set_rank(self, task_id: int, rank: int) -> SpdTask:
        """Change a task's rank; a higher one runs first."""
        return self._loop.run(self._workflows.set_rank(task_id, rank))

    def explain(
        self, dataset: str, template: str | int, namespace: str = "default"
    ) -> ExplainedMatch:
        """Return why a template took a dataset, or did not."""
        return self._loop.run(explain(self._workflows, self._storage, dataset, template, namespace))

    def set_roles(self, email: str, roles: Sequence[Role]) -> Json:
        """Give a user these roles, in place of those held; return the user."""
        return self._loop.run(set_roles(self._workflows, email, roles))

    def users(self) -> list[Json]:
        """Return all users; for an admin."""
        return self._loop.run(self._workflows.call("GET", "/users", list[Json]))

    def set_password(self, email: str) -> str:
        """Give a user a new random password, in place of the one held, and return it."""
        return self._loop.run(set_password(self._workflows, email))

    def live_jobs(self) -> list[JobReport]:
        """Return the jobs that have not ended yet."""
        return self._all(lambda after: self._pilot.live_jobs(after, _PAGE))

    def jobs_held(self) -> bool:
        """Return whether new jobs are held back."""
        return self._loop.run(jobs_held(self._pilot))

    def hold_jobs(self, held: bool = True) -> bool:
        """Hold new jobs back, or release them, and return which; running ones go on."""
        return self._loop.run(self._pilot.hold(held)).held

    def _all(self, page: Callable[[int], Awaitable[Page[Item]]], start: int = 0) -> list[Item]:
        return self._loop.run(all_pages(page, start))


def _tokens(
    http: httpx2.AsyncClient, username: str, password: str, token: str, sign_in: SignIn | None
) -> TokenSource:
    if sign_in is not None:
        return sign_in(http)
    return HeldToken(token) if token else PasswordTokens(http, username, password)


def local_url(data_dir: Path) -> str:
    """Return where the Penstock of a data folder answers; raises ``NotFound``."""
    try:
        return (data_dir / "url").read_text().strip().rstrip("/")
    except (OSError, UnicodeDecodeError) as error:
        raise NotFound(
            f"No Penstock runs in {data_dir}.",
            hint=f"Start it with: penstock up --data-dir {data_dir}",
            facts={"data_dir": str(data_dir)},
        ) from error
