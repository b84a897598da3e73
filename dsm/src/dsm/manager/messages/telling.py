"""What a handler of messages is given and what it gives back."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from dsm.manager.messages.fields import Told
from dsm.manager.work import Work
from penstock_core.contracts.intake import IntakeMessage
from penstock_core.errors import PenstockError

Body = TypeVar("Body", bound=Told)


@dataclass(frozen=True, slots=True)
class Letter(Generic[Body]):
    """A message with its body read; ``identity`` is its key in the journal."""

    identity: str
    message: IntakeMessage
    body: Body

    @property
    def namespace(self) -> str:
        """Return the namespace that the body names, else the one that it came under."""
        return self.body.namespace or self.message.namespace or "default"


@dataclass(frozen=True, slots=True)
class Done:
    """A message was applied; ``late`` marks a fact that came after its dataset had closed."""

    details: str
    late: bool = False


Answer = Done | PenstockError
HandleLetters = Callable[[Work, Sequence[Letter[Any]]], Awaitable[list[Answer]]]


@dataclass(frozen=True, slots=True)
class Handler:
    """How messages of one kind are read, and what is done with many of them at once.

    ``handle`` answers each letter. What it wrote is taken back when one of the answers is an
    error, and it is called again without that letter.
    """

    body: type[Told]
    handle: HandleLetters


async def answer_each(
    letters: Sequence[Letter[Body]], answer: Callable[[Letter[Body]], Awaitable[Done]]
) -> list[Answer]:
    """Return what ``answer`` gives or raises for each letter."""
    answers: list[Answer] = []
    for letter in letters:
        try:
            answers.append(await answer(letter))
        except PenstockError as error:
            answers.append(error)
    return answers
