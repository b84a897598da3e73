"""Whether a file is what was registered: a function of what was told and what was found."""

from dataclasses import dataclass

from penstock_core.contracts.inspection import DueFile, FileVerdict, Verdict
from penstock_core.stf import Header, numbers_in


@dataclass(frozen=True, slots=True)
class Found:
    """What reading a file gave.

    ``checksum`` is "" where the size made reading it needless. ``header`` is that of an STF in
    our container; ``damage`` says what is wrong with that, "" for nothing.
    """

    size_bytes: int
    checksum: str = ""
    header: Header | None = None
    damage: str = ""


def judge(file: DueFile, found: Found) -> FileVerdict:
    """Return what ``found`` says of ``file``, of several problems the first."""
    problem = (
        _size_problem(file, found)
        or _checksum_problem(file, found)
        or found.damage
        or _header_problem(file, found.header)
    )
    return FileVerdict(
        uid=file.uid,
        verdict=Verdict.DIFFERS if problem else Verdict.FITS,
        reason=problem,
        size_bytes=found.size_bytes,
        checksum=found.checksum,
        header=found.header,
        due=file.due,
    )


def _size_problem(file: DueFile, found: Found) -> str:
    if found.size_bytes == file.size_bytes:
        return ""
    return f"It has {found.size_bytes} bytes, and is registered with {file.size_bytes}."


def _checksum_problem(file: DueFile, found: Found) -> str:
    if found.checksum == file.checksum:
        return ""
    return f"Its checksum is {found.checksum}, and it is registered with {file.checksum}."


def _header_problem(file: DueFile, header: Header | None) -> str:
    """Return how an STF's header contradicts the DAQ's message, or the file's name."""
    if header is None:
        return ""
    says = f"Its header says run {header.run}, sequence {header.sequence}"
    named = numbers_in(file.name)
    if named and named != (header.run, header.sequence):
        return f"{says}; its name says run {named[0]}, sequence {named[1]}."
    if file.stf is None:
        return ""
    told = (file.stf.run, header.sequence if file.stf.sequence is None else file.stf.sequence)
    if told != (str(header.run), header.sequence):
        return f"{says}; the DAQ's message told run {told[0]}, sequence {told[1]}."
    return ""
