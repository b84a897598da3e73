"""Which jobs a task has: a function of its step and of the files that its inputs hold."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from pilot.model import InputFile, Inputs, JobError
from recipe.model import Link, Mode, Step


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of a step's inputs.

    ``indexes`` holds, for each link by its key, the indexes of its usable files; ``closed`` the
    keys of the links whose dataset gets no more.
    """

    indexes: Mapping[str, frozenset[int]]
    closed: frozenset[str]


@dataclass(frozen=True, slots=True)
class Formed:
    """Jobs to make, by index; ``complete`` when there will be no further ones."""

    indexes: tuple[int, ...]
    complete: bool


def form(step: Step, known: Known) -> Formed:
    """Return the jobs that a task may have now; those that it has already are among them."""
    everything_closed = all(link.key in known.closed for link in step.links)
    if step.mode is Mode.MAP:
        return _form_map(step.links, known, everything_closed)
    if not everything_closed:
        return Formed((), complete=False)
    return Formed(() if _has_nothing_to_do(step.links, known) else (0,), complete=True)


def _form_map(links: Sequence[Link], known: Known, everything_closed: bool) -> Formed:
    whole = [link for link in links if link.take == "all" or link.beside]
    if any(link.key not in known.closed for link in whole):
        return Formed((), complete=False)
    scattered = [known.indexes[link.key] for link in links if link.take == "each"]
    return Formed(tuple(sorted(frozenset.intersection(*scattered))), everything_closed)


def _has_nothing_to_do(links: Iterable[Link], known: Known) -> bool:
    """Return whether the masked dataset itself is empty: an empty output is gathered as []."""
    return any(link.step == "" and not known.indexes[link.key] for link in links)


def inputs_of(links: Iterable[Link], files: Callable[[Link], Iterable[InputFile]]) -> Inputs:
    """Return what a job takes: ``files`` gives those of one link, of the job's index for "each"."""
    return {link.key: _taken(link, files(link)) for link in links}


def _taken(link: Link, files: Iterable[InputFile]) -> InputFile | tuple[InputFile, ...]:
    ordered = tuple(sorted(files, key=lambda file: (file.index, file.part, file.name)))
    if link.take == "all":
        return ordered
    if len(ordered) > 1:
        names = ", ".join(file.name for file in ordered)
        raise JobError(
            f"Input {link.key} takes one file of each index, and has several: {names}.", final=True
        )
    return ordered[0]
