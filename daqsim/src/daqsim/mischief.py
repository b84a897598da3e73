"""Which misbehaviour there is, and how often: a table of probabilities, all 0 unless asked for.

``docs/daqsim.md`` tells what each does. They are written as ``NAME=VALUE``: ``repeat=0.1``,
``all=0.02``, ``delay_s=30``.
"""

from collections.abc import Iterable
from typing import Annotated, Any

from pydantic import Field, ValidationError

from penstock_core.contracts.base import Frozen
from penstock_core.errors import InvalidInput

Probability = Annotated[float, Field(ge=0, le=1)]
Span = Annotated[float, Field(ge=0, allow_inf_nan=False)]

SECONDS = ("delay_s", "late_s")
_HINT = "Write NAME=PROBABILITY, as in repeat=0.1; docs/daqsim.md lists the names."


class Mischief(Frozen):
    """The probability of each misbehaviour, for each message or file that it could befall.

    Attributes
    ----------
    lose_run_imminent, lose_start_run, lose_pause_run, lose_resume_run, lose_end_run
        A message about the run is never sent.
    lose_stf_gen, lose_stf_ready, lose_tf_file_registered
        A message about an STF, or a sample of it, is never sent; its file is written all the same.
    repeat
        A message is sent twice, the second time under the same id or under one of its own.
    delay
        A message is sent up to ``delay_s`` simulated seconds late.
    reorder
        A message changes its place with the next one.
    dialect
        A message uses the other words seen in the wild: ``ts``, ``total_files``, a number as
        ``run_id``, a time without a zone.
    no_total
        An end_run gives no count.
    missing
        An STF is announced, and never written nor told to be there.
    vanish
        An STF is told to be there, and is not.
    late
        An STF comes ``late_s`` / 2 to ``late_s`` simulated seconds after its run has ended.
    damage_header
        A bit of a file's header is wrong before its checksum is taken: only the header tells.
    damage_payload
        A bit of a file changes on disk after its checksum was taken.
    damage_checksum
        The checksum in an stf_ready is wrong; the file is right.
    burst
        With an STF begins a burst: ten STFs at ten times the rate.
    """

    lose_run_imminent: Probability = 0.0
    lose_start_run: Probability = 0.0
    lose_pause_run: Probability = 0.0
    lose_resume_run: Probability = 0.0
    lose_end_run: Probability = 0.0
    lose_stf_gen: Probability = 0.0
    lose_stf_ready: Probability = 0.0
    lose_tf_file_registered: Probability = 0.0
    repeat: Probability = 0.0
    delay: Probability = 0.0
    reorder: Probability = 0.0
    dialect: Probability = 0.0
    no_total: Probability = 0.0
    missing: Probability = 0.0
    vanish: Probability = 0.0
    late: Probability = 0.0
    damage_header: Probability = 0.0
    damage_payload: Probability = 0.0
    damage_checksum: Probability = 0.0
    burst: Probability = 0.0
    delay_s: Span = 10.0
    late_s: Span = 60.0


KINDS = tuple(name for name in Mischief.model_fields if name not in SECONDS)
"""The names of all misbehaviours, in the order in which dice are thrown for them."""


def parse_mischief(words: Iterable[str]) -> Mischief:
    """Return what ``NAME=VALUE`` words ask for; ``all`` is every name, a later word wins.

    Raises
    ------
    InvalidInput
        a word is not of that form, its name is not known, or its value is out of range.
    """
    asked: dict[str, Any] = {}
    for word in words:
        name, _, value = word.partition("=")
        name = name.strip().replace("-", "_")
        if name not in (*Mischief.model_fields, "all"):
            raise InvalidInput(
                f"No misbehaviour is called {name!r}; there are all, "
                f"{', '.join(Mischief.model_fields)}.",
                hint=_HINT,
                field="mischief",
            )
        asked |= dict.fromkeys(KINDS if name == "all" else (name,), value.strip())
    try:
        return Mischief.model_validate(asked)
    except ValidationError as error:
        first = error.errors()[0]
        raise InvalidInput(
            f"{first['loc'][0]}={first['input']}: {first['msg'].rstrip('.')}.",
            hint=_HINT,
            field="mischief",
        ) from error
