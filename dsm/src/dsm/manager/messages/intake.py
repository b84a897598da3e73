"""Messages from outside: stored as facts, read, applied in bulk, and answered one by one.

A message that is refused leaves nothing behind but its row in the journal, and spoils none of
those that came with it.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from typing import Any

from sqlalchemy.exc import DataError, DBAPIError, IntegrityError

from dsm.manager.messages import journal
from dsm.manager.messages.bodies import read_body
from dsm.manager.messages.handlers import DAQ, HANDLERS
from dsm.manager.messages.journal import Entry
from dsm.manager.messages.telling import Answer, Letter
from dsm.manager.naming import check_word
from dsm.manager.work import Work
from penstock_core.contracts.intake import IntakeMessage, IntakeOutcome
from penstock_core.errors import InvalidInput, InvalidMessage, PenstockError

Place = tuple[str, str]
_ORDER = {place: n for n, place in enumerate(HANDLERS)}


async def take_in(work: Work, messages: Sequence[IntakeMessage]) -> tuple[IntakeOutcome, ...]:
    """Store and apply messages; return what became of each, in their order."""
    identities = [journal.identity(message) for message in messages]
    known = await journal.known(work.connection, identities)
    fresh = dict(zip(reversed(identities), reversed(messages), strict=True))
    fresh = {i: m for i, m in reversed(fresh.items()) if i not in known}
    read = {i: read_letter(i, m) for i, m in fresh.items()}
    answers = await _answers(work, read)
    stored = {i: journal.entry(m, read[i], answers[i], work.at) for i, m in fresh.items()}
    await journal.store(work.connection, stored)
    return _outcomes(identities, known, stored)


async def _answers(
    work: Work, read: Mapping[str, Letter[Any] | PenstockError]
) -> dict[str, Answer]:
    answers: dict[str, Answer] = {
        identity: error for identity, error in read.items() if isinstance(error, PenstockError)
    }
    for group in groups(letter for letter in read.values() if isinstance(letter, Letter)):
        answers |= await _apply(work, group)
    return answers


def _outcomes(
    identities: Iterable[str], known: Mapping[str, Entry], stored: Mapping[str, Entry]
) -> tuple[IntakeOutcome, ...]:
    """Return what to answer: what was just done once, what was done before as a repeat."""
    told = set(known)
    outcomes = []
    for identity in identities:
        entry = known.get(identity) or stored[identity]
        outcomes.append(entry.as_outcome(repeat=identity in told))
        told.add(identity)
    return tuple(outcomes)


def read_letter(identity: str, message: IntakeMessage) -> Letter[Any] | PenstockError:
    """Return the message with its body read, or why it cannot be."""
    message = addressed(message)
    handler = HANDLERS.get((message.exchange, message.routing_key))
    if handler is None:
        known = ", ".join(key for exchange, key in HANDLERS if exchange == message.exchange)
        return InvalidMessage(
            f"{message.exchange} takes no message {message.routing_key[:100]!r}.",
            hint=f"It takes {known}." if known else "Publish to daq or dsm.register.",
            field="routing_key",
        )
    try:
        if message.namespace:
            check_word(message.namespace)
        body = read_body(handler.body, message.routing_key, message.body)
    except InvalidInput as error:
        return error
    return Letter(identity, message, body)


def addressed(message: IntakeMessage) -> IntakeMessage:
    """Return a message of the DAQ under its msg_type, where its routing key says nothing of it.

    ePIC's programs send all they say to one topic.
    """
    if message.exchange != DAQ or (DAQ, message.routing_key) in HANDLERS:
        return message
    try:
        key = json.loads(message.body).get("msg_type")
    except (ValueError, AttributeError, RecursionError):
        return message
    known = isinstance(key, str) and (DAQ, key) in HANDLERS
    return message.model_copy(update={"routing_key": key}) if known else message


def groups(letters: Iterable[Letter[Any]]) -> list[list[Letter[Any]]]:
    """Return what may be applied together: runs of one kind, the DAQ's sorted by kind before."""
    ordered = sorted(letters, key=_turn)
    return [list(group) for _, group in groupby(ordered, key=_place)]


def _place(letter: Letter[Any]) -> Place:
    return letter.message.exchange, letter.message.routing_key


def _turn(letter: Letter[Any]) -> int:
    return _ORDER[_place(letter)] if letter.message.exchange == DAQ else len(_ORDER)


async def _apply(work: Work, group: Sequence[Letter[Any]]) -> dict[str, Answer]:
    """Apply letters of one kind; those refused are taken out, and the others done without them."""
    answers: dict[str, Answer] = {}
    left = list(group)
    while left:
        found = await _try(work, left)
        answers |= found
        refused = {i for i, answer in found.items() if isinstance(answer, PenstockError)}
        if not refused:
            break
        left = [letter for letter in left if letter.identity not in refused]
    return answers


class _TakenBack(Exception):
    """Ends a part of the work so that nothing of it stays."""


async def _try(work: Work, letters: Sequence[Letter[Any]]) -> dict[str, Answer]:
    """Return the answers to ``letters``; nothing of them is stored if one of them is an error."""
    handler = HANDLERS[_place(letters[0])]
    identities = [letter.identity for letter in letters]
    answers: list[Answer] = []
    try:
        async with work.part():
            answers = await handler.handle(work, letters)
            if any(isinstance(answer, PenstockError) for answer in answers):
                raise _TakenBack
    except _TakenBack:
        pass
    except (DataError, IntegrityError) as error:
        return await _one_by_one(work, letters, error)
    return dict(zip(identities, answers, strict=True))


async def _one_by_one(
    work: Work, letters: Sequence[Letter[Any]], error: DBAPIError
) -> dict[str, Answer]:
    """Return the answers when the database itself refused something: each letter tried alone."""
    if len(letters) == 1:
        refused = InvalidMessage(
            f"The database refused what this message says: {error.orig}",
            hint="Look for a value that is too long or too large.",
        )
        return {letters[0].identity: refused}
    answers: dict[str, Answer] = {}
    for letter in letters:
        answers |= await _try(work, [letter])
    return answers
