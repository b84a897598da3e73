"""Files of a dataset that go with another one: CWL's secondaryFiles, found by their names."""

from collections.abc import Collection, Iterable, Sequence

from penstock_core.contracts.dsm import ContentFile
from pilot.model import InputFile, JobError
from recipe.model import Beside


def name_beside(pattern: str, name: str) -> str:
    """Return what a pattern makes of a file's name: each ``^`` takes an extension away first.

    Source: CWL v1.2, ``SecondaryFileSchema``.
    """
    while pattern.startswith("^"):
        pattern = pattern[1:]
        stem, dot, _ = name.rpartition(".")
        name = stem if dot and stem else name
    return name + pattern


def names_beside(patterns: Iterable[Beside], name: str) -> tuple[str, ...]:
    """Return the names of all that may go with a file."""
    return tuple(name_beside(one.pattern, name) for one in patterns)


def primary(names: Collection[str], patterns: Sequence[Beside]) -> set[str]:
    """Return the names of the files that go with none of the others."""
    taken = {other for name in names for other in names_beside(patterns, name) if other != name}
    return set(names) - taken


def accompanied(
    file: InputFile, patterns: Iterable[Beside], others: Iterable[ContentFile]
) -> InputFile:
    """Return a file with those of the others that go with it.

    Tools may give many files one name: of several the one of the file's own index goes with it.
    Raises ``JobError``, final, where one that has to is not there.
    """
    nearest_last = sorted(others, key=lambda other: other.index == file.index)
    by_name = {own_name(other): other for other in nearest_last}
    names = [(one, name_beside(one.pattern, own_name(file))) for one in patterns]
    missing = [name for one, name in names if one.required and name not in by_name]
    if missing:
        raise JobError(
            f"{own_name(file)} goes with {', '.join(missing)} (secondaryFiles), and its dataset "
            "has no such file.",
            final=True,
        )
    beside = tuple(by_name[name] for _, name in names if name in by_name)
    return file.model_copy(update={"beside": beside})


def own_name(file: ContentFile) -> str:
    """Return the name that the tool of a file gave it."""
    return file.basename or file.name
