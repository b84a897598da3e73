"""What each law says, for people. ``docs/reference/audit.md`` is made of this table."""

from dataclasses import dataclass

from penstock_core.contracts.audit import Law


@dataclass(frozen=True, slots=True)
class Meaning:
    """What always holds, and what ``--repair`` does where it does not; "": a person has to look."""

    holds: str
    repair: str = ""


_TOLD = "the dataset is told of again, and whoever missed it catches up"

LAWS: dict[Law, Meaning] = {
    Law.DECIDED: Meaning("Of every dataset it was decided which templates take it.", _TOLD),
    Law.CHAINED: Meaning("Every match has its workflow.", _TOLD),
    Law.COPIED: Meaning("Tasks are told that a dataset closed or was deleted.", _TOLD),
    Law.WAITING: Meaning("A task waits for as many things as are not there."),
    Law.EXTERNAL: Meaning("A task that runs is one external task, and no other is the same."),
    Law.KNOWN: Meaning("A task that runs is known to the workload system."),
    Law.GROUPED: Meaning("No file is in two groups of a merge."),
    Law.ONE_MAKER: Meaning("Every output was made by one job."),
    Law.OUTPUTS: Meaning("What a finished task made is registered: its closed output holds it."),
    Law.COUNTED: Meaning("A dataset counts the files that it has."),
    Law.LEDGER: Meaning("The ledger tells why a dataset closed."),
    Law.ANNOUNCED: Meaning(
        "What closed as complete holds every file and STF that was announced; what lacks one is "
        "incomplete and names it."
    ),
}
"""In the order of the river."""


def reference() -> str:
    """Return the page ``docs/reference/audit.md``."""
    rows = [f"| {law} | {m.holds} | {m.repair or 'nothing'} |" for law, m in LAWS.items()]
    return "\n".join(["| law | what holds | what `--repair` does |", "| --- | --- | --- |", *rows])
