"""Which of a step's inputs take datasets, and how: the heart of mapping a workflow to tasks."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from cwltool.process import shortname
from cwltool.workflow import WorkflowStep

from recipe.constructs import at, not_divided, wrong
from recipe.levels import Level
from recipe.model import Beside, Link, Value


@dataclass(frozen=True)
class Source:
    """What a link of the document starts from: a workflow input, or ``step``'s output."""

    level: Level
    name: str
    step: str = ""
    beside: tuple[Beside, ...] = ()


@dataclass(frozen=True)
class Wiring:
    """A step's inputs, sorted out.

    ``broadcast`` names the links with the one file of a dataset that goes to every job;
    ``scattered`` says that the step scatters, ``lifted`` that it runs once for each file without,
    ``grouped`` that it runs once for each group of a merge before.
    """

    links: tuple[Link, ...]
    values: tuple[Value, ...]
    broadcast: frozenset[str]
    scattered: bool
    lifted: bool
    grouped: bool = False


@dataclass(frozen=True)
class _Taken:
    link: Link
    level: Level
    node: Any


def wire(step: WorkflowStep, raw: Any, sources: Mapping[str, Source]) -> Wiring:
    """Return what each input of a step takes; raises ``InvalidTemplate`` at what is not taken.

    ``raw`` is the step's node in the workflow, ``sources`` what each full id stands for.
    """
    scatter = _scatter(raw)
    taken: list[_Taken] = []
    values: list[Value] = []
    for one in sorted(raw["in"], key=lambda node: at(node, "id")):
        found = [(full, sources[full]) for full in _as_list(one.get("source"))]
        name = shortname(one["id"])
        if all(source.level is Level.VALUE for _, source in found):
            if name in scatter:
                raise not_divided(raw, "scatter", "scatter over values", f"input {name!r}")
            values += _values(one, name, [source for _, source in found])
        else:
            taken.append(_taken(one, name, [source for _, source in found], name in scatter))
    _check_scatter(raw, scatter, taken)
    links, broadcast = _resolve(taken)
    lifted = any(t.level is Level.EACH for t in taken)
    grouped = any(t.level is Level.GROUPS for t in taken)
    return Wiring(links, tuple(values), broadcast, bool(scatter), lifted, grouped)


def source_key(name: str, index: int) -> str:
    """Return the document's input for one of several sources of a step's input."""
    return f"{name}_{index + 1}"


def _as_list(node: Any) -> list[str]:
    if node is None:
        return []
    return [str(n) for n in node] if isinstance(node, list) else [str(node)]


def _scatter(raw: Any) -> frozenset[str]:
    method = str(raw.get("scatterMethod", "dotproduct"))
    names = [shortname(name) for name in _as_list(raw.get("scatter"))]
    if len(names) > 1 and method != "dotproduct":
        raise not_divided(raw, "scatterMethod", f"scatterMethod {method}")
    return frozenset(names)


def _values(one: Any, name: str, found: Iterable[Source]) -> list[Value]:
    if not isinstance(one.get("source"), list):
        return [Value(key=name, input=source.name) for source in found]
    return [Value(key=source_key(name, n), input=s.name) for n, s in enumerate(found)]


def _taken(one: Any, name: str, found: list[Source], scattered: bool) -> _Taken:
    if len(found) > 1:
        raise not_divided(one, "source", "several sources", f"input {name!r}")
    if scattered and "pickValue" in one:
        raise not_divided(one, "pickValue", "pickValue of scattered files", f"input {name!r}")
    [source] = found
    level = _listed(one, name, source.level) if "linkMerge" in one else source.level
    _check_level(one, name, level, scattered)
    whole = level in (Level.LIST, Level.ONE, Level.GROUPS) and not scattered
    port = source.name if source.step else ""
    take: Literal["each", "all"] = "all" if whole else "each"
    link = Link(key=name, step=source.step, port=port, take=take, beside=source.beside)
    return _Taken(link, level, one)


def _listed(one: Any, name: str, level: Level) -> Level:
    """Return what linkMerge makes of one source: a list of what is one file in the document."""
    if level not in (Level.ONE, Level.GROUPS):
        raise not_divided(one, "linkMerge", "linkMerge of a dataset", f"input {name!r}")
    return Level.LIST


def _check_level(one: Any, name: str, level: Level, scattered: bool) -> None:
    if level is Level.OTHER:
        raise not_divided(one, "source", "a link that is no File", f"input {name!r}")
    if level is Level.NESTED:
        raise not_divided(one, "source", "lists of lists of files", f"input {name!r}")
    if scattered and level is not Level.LIST:
        raise wrong(one, "source", f"scatter over input {name!r}, which is one File, not a File[]")


def _check_scatter(raw: Any, scatter: frozenset[str], taken: Iterable[_Taken]) -> None:
    if scatter and any(t.level is Level.EACH for t in taken):
        raise not_divided(raw, "scatter", "scatter inside a chain that takes one File")


def _resolve(taken: list[_Taken]) -> tuple[tuple[Link, ...], frozenset[str]]:
    """Decide what a dataset of one file is: the thing to map over, if the step takes no other."""
    groups = [t for t in taken if t.level is Level.GROUPS]
    if groups and {t.link.step for t in taken} != {groups[0].link.step}:
        raise not_divided(groups[0].node, "source", "groups of a merge beside other files")
    if taken and all(t.level in (Level.ONE, Level.GROUPS) for t in taken):
        return tuple(t.link.model_copy(update={"take": "each"}) for t in taken), frozenset()
    broadcast = frozenset(t.link.key for t in taken if t.level is Level.ONE)
    return tuple(t.link for t in taken), broadcast
