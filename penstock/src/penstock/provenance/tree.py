"""A lineage as a tree for people: few of many alike, and how many more there are."""

from collections.abc import Callable, Iterable, Iterator
from datetime import timedelta
from typing import TypeVar

from rich.console import Console
from rich.markup import escape
from rich.tree import Tree

from penstock.provenance.lineage import Index, Lineage
from penstock.provenance.words import in_words
from penstock_core import looks
from penstock_core.contracts.workflow import FileRole, JobKey, Way
from penstock_core.states import FileState, JobState

FEW = 3
_WIDE = 10_000
_COMMAND = 120
Child = TypeVar("Child")
_FINE = (FileState.REGISTERED, FileState.VERIFIED)
_PLURALS = {"job": "jobs", "file": "files"}


def to_tree(lineage: Lineage, few: int = FEW) -> Tree:
    """Return the file with the jobs that made it (or read it), their files, and so on.

    Of more than ``few`` jobs or files in one place the first are shown and the others counted; 0
    shows all. A file that was shown before is not opened again.
    """
    return _Grower(Index(lineage), few).tree()


class _Grower:
    def __init__(self, index: Index, few: int) -> None:
        self._index = index
        self._few = few
        self._shown: set[str] = set()
        self._up = index.lineage.way is Way.UP

    def tree(self) -> Tree:
        root = Tree(self._file_line(self._index.lineage.name))
        self._open_file(root, self._index.lineage.name)
        return root

    def _open_file(self, branch: Tree, name: str) -> None:
        jobs = (self._index.makers if self._up else self._index.readers).get(name, [])
        if jobs and name in self._shown:
            branch.add("[dim]… as above[/]")
            return
        self._shown.add(name)
        self._grow(branch, jobs, self._job_line, self._open_job, "job")

    def _open_job(self, branch: Tree, job: JobKey) -> None:
        role = FileRole.IN if self._up else FileRole.OUT
        names = self._index.named(job, role)
        self._grow(branch, names, self._file_line, self._open_file, "file")

    def _grow(
        self,
        branch: Tree,
        children: list[Child],
        line: Callable[[Child], str],
        open_: Callable[[Tree, Child], None],
        what: str,
    ) -> None:
        shown = children if not self._few or len(children) <= self._few else children[: self._few]
        for child in shown:
            open_(branch.add(line(child)), child)
        if more := len(children) - len(shown):
            branch.add(f"[dim]… and {more} more {_PLURALS[what] if more > 1 else what}[/]")

    def _file_line(self, name: str) -> str:
        found = self._index.files.get(name)
        if found is None:
            return f"{escape(name)} [yellow]not in the catalogue[/]"
        file = found.file
        state = "" if file.state in _FINE else f" [{looks.look(file.state).colour}]{file.state}[/]"
        size = looks.size(file.size_bytes)
        return f"{escape(name)} [bright_black]{size} {escape(file.checksum)}[/]{state}"

    def _job_line(self, key: JobKey) -> str:
        job, task = self._index.jobs[key], self._index.tasks[key.task_id]
        chain = self._index.chain_of(key.task_id)
        whose = f"{chain.template} v{chain.version}" if chain.template else "submitted by hand"
        failed = job.state is not JobState.FINISHED
        state = f" [{looks.look(job.state).colour}]{job.state}[/]" if failed else ""
        head = f"[bold]{escape(task.step)}[/] job {job.index} of task {job.task_id}{state}"
        facts = ", ".join([escape(whose), *self._facts(key)])
        command = f"\n[dim]$ {escape(_cut(job.command))}[/]" if job.command else ""
        return f"{head} [bright_black]{facts}[/]{command}"

    def _facts(self, key: JobKey) -> Iterator[str]:
        job = self._index.jobs[key]
        if self._index.tasks[key.task_id].input_incomplete:
            yield "on incomplete input"
        if job.host:
            yield f"on {escape(job.host)}"
        if job.started_at and job.ended_at:
            took = max(job.ended_at - job.started_at, timedelta(0))
            yield f"{looks.utc(job.started_at)}, took {took.total_seconds():.1f} s"


def _cut(command: str) -> str:
    """Return the first part of a command line, on one line."""
    line = command.replace("\n", "; ")
    return line if len(line) <= _COMMAND else f"{line[:_COMMAND]} …"


def plain_tree(lineage: Lineage, few: int = FEW) -> str:
    """Return the tree as text, wide enough for its lines."""
    console = Console(width=_WIDE, color_system=None, highlight=False)
    with console.capture() as captured:
        console.print(to_tree(lineage, few))
    return captured.get().rstrip("\n")


def summary(lineage: Lineage) -> Iterator[tuple[str, str]]:
    """Give what stands behind the tree: templates with their values, tools, environments."""
    for chain in lineage.chains:
        whose = f"{chain.template} v{chain.version} by {chain.created_by}"
        values = ", ".join(f"{name} = {value!r}" for name, value in chain.values.items())
        asked = f"asked for by {chain.started_by}" if chain.started_by else ""
        why = f"because: {chain.because}" if chain.because else ""
        said = [whose if chain.template else "submitted by hand", asked, why, chain.recipe_digest]
        said += [values]
        yield f"workflow {chain.workflow_id}", "; ".join(filter(None, said))
    for tool in lineage.tools:
        versions = [f"{name} {' '.join(known)}".strip() for name, known in tool.packages.items()]
        image = [f"asks for container {tool.container}"] if tool.container else []
        if said := [*image, *versions]:
            yield f"tool {tool.step}", "; ".join(said)
    yield from (("ran in", there) for there in _environments(lineage))
    if lineage.cut:
        yield "cut", f"there is more than these {len(lineage.uses)} uses: raise --limit"


def _environments(lineage: Lineage) -> Iterable[str]:
    return dict.fromkeys(filter(None, (in_words(job.environment) for job in lineage.jobs)))
