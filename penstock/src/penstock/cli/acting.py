"""``penstock task``: retry, pause, resume, cancel, rank, accept a loss; shown, confirmed, done."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Annotated

import typer
from rich.console import Console, RenderableType
from rich.markup import escape

from penstock.cli.connection import DataDir, Url, connect
from penstock.cli.output import AsJson, coloured, console, show, table
from penstock.cli.selecting import Chosen, on_selection
from penstock.client import Penstock
from penstock.tables import Column
from penstock_core.contracts.workflow import (
    ActionName,
    ActionResult,
    Selection,
    TaskAction,
    TaskOutcome,
)
from penstock_core.errors import Conflict

Because = Annotated[str, typer.Option(help="Why; the history keeps it with your name.")]
SHOWN = 20
COLUMNS = (
    Column("#task"),
    Column("#wflow", drop=3),
    Column("step", drop=1),
    Column("input", drop=4, least=16),
    Column("status"),
    Column("what", least=16),
)
_WHAT = {"done": "at once", "asked": "where it runs", "already": "is so already"}


@dataclass(frozen=True, slots=True)
class Asked:
    """An action as the command line asks for it; ``verb`` begins the question."""

    action: ActionName
    verb: str
    because: str = ""
    rank: int | None = None
    newest: bool = False

    def do(self, penstock: Penstock, selection: Selection, *, dry_run: bool) -> ActionResult:
        """Do it, or tell what it would be."""
        return penstock.act(
            self.action,
            selection,
            rank=self.rank,
            because=self.because,
            newest=self.newest,
            dry_run=dry_run,
        )


def run(chosen: Chosen, asked: Asked) -> None:
    """Show what an action would do, ask, do it to exactly these tasks, and tell.

    Raises
    ------
    Conflict
        it is for none of the tasks that were named.
    """
    with connect(chosen.url, chosen.data_dir) as penstock:
        preview = asked.do(penstock, chosen.selection, dry_run=True)
        concerned = [one.task_id for one in preview.outcomes if _counts(one)]
        if chosen.dry_run or not concerned:
            _refuse_if_all_are(preview.outcomes)
            show(preview, chosen.as_json, lambda: _preview(asked, preview.outcomes))
            return
        if not chosen.yes:
            _ask(asked, preview.outcomes, len(concerned), chosen.as_json)
        exactly = chosen.selection.model_copy(update={"tasks": tuple(concerned)})
        result = asked.do(penstock, exactly, dry_run=False)
    show(result, chosen.as_json, lambda: _told(asked, result))


def _counts(one: TaskOutcome) -> bool:
    return one.outcome in ("done", "asked")


def _ask(asked: Asked, outcomes: Sequence[TaskOutcome], count: int, as_json: bool) -> None:
    out = Console(stderr=True, highlight=False) if as_json else console()
    for part in _preview(asked, outcomes):
        out.print(part)
    typer.confirm(f"{asked.verb} {_tasks(count)}?", abort=True, err=as_json)


def _refuse_if_all_are(outcomes: Sequence[TaskOutcome]) -> None:
    if outcomes and all(one.outcome == "refused" for one in outcomes):
        first = outcomes[0]
        more = f" So it is with all {len(outcomes)} of them." if len(outcomes) > 1 else ""
        raise Conflict(
            f"Task {first.task_id} {first.why}.{more}",
            hint="See what they are: penstock task list.",
        )


def _preview(asked: Asked, outcomes: Sequence[TaskOutcome]) -> Iterator[RenderableType]:
    if not outcomes:
        yield f"{asked.verb}: no such task that it is for."
        return
    yield f"{asked.verb}:"
    yield table(COLUMNS, (_row(one) for one in outcomes[:SHOWN]))
    if len(outcomes) > SHOWN:
        yield f"… and {len(outcomes) - SHOWN} more; all of them with --dry-run --json."


def _row(one: TaskOutcome) -> tuple[object, ...]:
    what = one.why if one.outcome == "refused" else _WHAT[one.outcome]
    return (one.task_id, one.wflow_id, one.step, one.input_name, coloured(one.status), what)


def _told(asked: Asked, result: ActionResult) -> Iterator[str]:
    done = [one for one in result.outcomes if _counts(one)]
    number = f" It is action {result.action_id}." if result.action_id is not None else ""
    yield f"{asked.verb}: {_tasks(len(done))}.{number}"
    for one in result.outcomes:
        if one.outcome == "refused":
            yield f"Task {one.task_id} {escape(one.why)}."


def _tasks(count: int) -> str:
    return "1 task" if count == 1 else f"{count} tasks"


@on_selection
def retry(
    chosen: Chosen,
    everything: Annotated[
        bool, typer.Option("--all", help="Make their whole chains again, as new workflows.")
    ] = False,
    newest: Annotated[
        bool, typer.Option("--newest", help="With --all: by the version that is ACTUAL now.")
    ] = False,
    because: Because = "",
) -> None:
    """Try the failed jobs of tasks again; a paused task goes on."""
    if newest and not everything:
        raise typer.BadParameter("--newest goes with --all: a task itself keeps its version.")
    if everything:
        run(chosen, Asked(ActionName.RERUN_ALL, "Make the chains again of", because, None, newest))
    else:
        run(chosen, Asked(ActionName.RETRY, "Retry", because))


@on_selection
def pause(chosen: Chosen, because: Because = "") -> None:
    """Start no further job of tasks; those that run go on."""
    run(chosen, Asked(ActionName.PAUSE, "Pause", because))


@on_selection
def resume(chosen: Chosen, because: Because = "") -> None:
    """Let paused tasks go on."""
    run(chosen, Asked(ActionName.RESUME, "Resume", because))


@on_selection
def cancel(chosen: Chosen, because: Because = "") -> None:
    """Cancel tasks, with what reads from them; their running jobs are stopped."""
    run(chosen, Asked(ActionName.CANCEL, "Cancel", because))


@on_selection
def rank(
    chosen: Chosen,
    to: Annotated[int, typer.Option(min=1, help="The new rank; a higher one runs first.")],
    because: Because = "",
) -> None:
    """Change the rank of tasks."""
    run(chosen, Asked(ActionName.RANK, f"Rank {to} for", because, to))


@on_selection
def accept_loss(
    chosen: Chosen,
    because: Annotated[str, typer.Option(help="Why; history and closing ledger keep it.")],
) -> None:
    """Give up what failed tasks did not make: their outputs close with what is there."""
    run(chosen, Asked(ActionName.ACCEPT_LOSS, "Accept the loss of", because))


def history(
    task_id: Annotated[int, typer.Argument(min=1, metavar="TASK", help="The task's id.")],
    url: Url = "",
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Show what was done about a task, by whom and why."""
    with connect(url, data_dir) as penstock:
        done = penstock.task_history(task_id)
    show(done, as_json, lambda: _history(done))


def _history(done: Sequence[TaskAction]) -> Iterator[RenderableType]:
    if not done:
        yield "Nothing was done about it."
        return
    yield table(
        ("when", "by", "action", "it was", "because"),
        ((a.at, a.actor, _words(a), coloured(a.before), a.because) for a in done),
    )


def _words(done: TaskAction) -> str:
    rank = "" if done.rank is None else f" {done.rank}"
    return f"{done.action.replace('_', ' ')}{rank}"
