"""What a verdict makes of a file: a function of where the file stands and what was found."""

from dataclasses import dataclass, replace

from penstock_core.contracts.inspection import FileVerdict, Verdict
from penstock_core.states import FileState

GIVEN_UP = (FileState.LOST, FileState.DELETED)


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a file stands.

    ``due`` is the wish that it be looked at, None for none; ``released_by`` who wants it out of
    quarantine, "" for nobody; ``reason`` what is wrong with it.
    """

    state: FileState
    due: str | None
    released_by: str = ""
    reason: str = ""


def after(standing: Standing, verdict: FileVerdict, at: str) -> Standing:
    """Return where a file stands once ``verdict`` is known, at the moment ``at``.

    What is in quarantine leaves it by an operator's word and a look after it that finds it right:
    one good look after a bad one may be luck. A wish is fulfilled by a look that answers it. Who
    only suspects (``look_again``) makes a new wish, and loses no file.
    """
    if standing.state in GIVEN_UP:
        return standing
    answers = verdict.due == standing.due
    due = at if verdict.look_again else (None if answers else standing.due)
    match verdict.verdict:
        case Verdict.UNREADABLE:
            return replace(standing, reason=verdict.reason)
        case Verdict.FITS if standing.state is FileState.QUARANTINED and not (
            standing.released_by and answers
        ):
            return replace(standing, due=due)
        case Verdict.FITS:
            return Standing(FileState.VERIFIED, due)
        case Verdict.DIFFERS:
            return Standing(FileState.QUARANTINED, due, reason=verdict.reason)
        case Verdict.GONE if verdict.look_again:
            return replace(standing, due=due)
        case Verdict.GONE:
            return Standing(FileState.LOST, None, reason=verdict.reason)
