"""Walking from files over jobs to files: the same at data-access over its store and over REST."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from penstock_core.contracts.base import Page
from penstock_core.contracts.workflow import FileRole, FileUse, JobKey, UseQuery, Way
from penstock_core.stretches import stretches

DEEPEST = 100
"""Jobs in a row, where nobody says otherwise: more than any chain of chains has."""

_KEYS = 1000
_PAGE = 5000
_MADE = (FileRole.OUT, FileRole.LOG)
_ROLES = {
    # From a file to its jobs, and from a job to further files.
    Way.UP: (_MADE, (FileRole.IN,)),
    Way.DOWN: ((FileRole.IN,), (FileRole.OUT,)),
}
_OTHERS = {Way.UP: _MADE, Way.DOWN: (FileRole.IN, FileRole.LOG)}


class Uses(Protocol):
    """Where the uses of files are looked up."""

    async def uses(self, query: UseQuery) -> Page[FileUse]:
        """Return a page of what jobs read and made, by ``use_id``."""
        ...


@dataclass(frozen=True, slots=True)
class Walk:
    """From which file, which way and how far.

    Attributes
    ----------
    depth
        Jobs in a row.
    limit
        Uses at most.
    whole
        Whether each job that is met gives all its files, not only those of this way: an export
        that names some inputs of a job only would be wrong about it.
    """

    namespace: str
    scope: str
    name: str
    way: Way
    depth: int = DEEPEST
    limit: int = 100_000
    whole: bool = False


@dataclass(slots=True)
class Trail:
    """What a walk found, in the order of its steps; ``cut`` says that its limit ended it."""

    walk: Walk
    uses: dict[int, FileUse] = field(default_factory=dict)
    cut: bool = False

    @property
    def jobs(self) -> tuple[JobKey, ...]:
        """Return the jobs that were met, each once."""
        return tuple(dict.fromkeys(use.job for use in self.uses.values()))

    async def read(
        self,
        source: Uses,
        roles: tuple[FileRole, ...],
        of: Literal["names", "jobs"],
        keys: Sequence[Any],
    ) -> list[FileUse]:
        """Return what ``source`` says of files by name, or of jobs, and keep it."""
        found: list[FileUse] = []
        for some in stretches(keys, _KEYS):
            after: int | None = 0
            while after is not None and not self.cut:
                page = await source.uses(self._query(roles, {of: some, "after": after}))
                found += page.items
                self._keep(page.items)
                after = page.next
        return found

    def _query(self, roles: tuple[FileRole, ...], more: dict[str, Any]) -> UseQuery:
        # One more than may be kept tells whether there is more.
        left = self.walk.limit + 1 - len(self.uses)
        return UseQuery(
            namespace=self.walk.namespace,
            scope=self.walk.scope,
            roles=roles,
            limit=min(left, _PAGE),
            **more,
        )

    def _keep(self, uses: Iterable[FileUse]) -> None:
        self.uses |= {use.use_id: use for use in uses}
        if len(self.uses) > self.walk.limit:
            self.uses.popitem()
            self.cut = True


async def walk(source: Uses, start: Walk) -> Trail:
    """Return the uses on the way from a file: level by level, each in bulk."""
    trail = Trail(start)
    to_jobs, to_files = _ROLES[start.way]
    names, jobs = {start.name}, set[JobKey]()
    fresh = [start.name]
    for _ in range(start.depth):
        met = await trail.read(source, to_jobs, "names", fresh)
        new = _new((use.job for use in met), jobs)
        reached = await trail.read(source, to_files, "jobs", new)
        fresh = _new((use.name for use in reached), names)
        if not fresh:
            break
    if start.whole:
        await trail.read(source, _OTHERS[start.way], "jobs", trail.jobs)
    return trail


def _new(values: Iterable[Any], known: set[Any]) -> list[Any]:
    """Return those of ``values`` that are not ``known``, each once, and know them then."""
    new = [value for value in dict.fromkeys(values) if value not in known]
    known.update(new)
    return new
