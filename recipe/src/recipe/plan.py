"""From a recipe and a dataset to the tasks to make; the same for live, dry run and backfill."""

import hashlib
import re
from collections.abc import Iterable, Mapping

from penstock_core.contracts.workflow import (
    CatalogueEntry,
    DatasetRef,
    Need,
    PlannedTask,
    PlannedWorkflow,
)
from penstock_core.errors import InvalidTemplate
from recipe.gates import gates_of
from recipe.model import Link, Recipe, Step, Trigger
from recipe.value_ranges import values_of

MAX_NAME = 250
LOG_SUFFIX = ".log"
_PLACEHOLDER = re.compile(r"\{(\w+)\}")
_FOREIGN = re.compile(r"[^A-Za-z0-9._-]+")
_DIGITS_LAST = re.compile(r"\.(\d+)$")


def plan(
    recipe: Recipe,
    template: CatalogueEntry,
    dataset: DatasetRef,
    captures: Mapping[str, str],
    rerun: int = 0,
) -> PlannedWorkflow:
    """Return the chain that ``template`` makes of ``dataset``; the same arguments, the same plan.

    ``captures`` are what the mask caught; output patterns may name them. ``rerun`` 0 is the first.
    Raises ``InvalidInput`` where the dataset lacks what the plan depends on.
    """
    words = {
        **captures,
        "input": dataset.name,
        "template": template.name,
        "n": str(template.version),
    }
    facts = {**dataset.metadata, **captures}
    return PlannedWorkflow(
        template_id=template.template_id,
        dataset_uid=dataset.uid,
        rerun=rerun,
        scope=dataset.scope,
        values=values_of(template.values, template.value_ranges, facts),
        tasks=tuple(
            _task(step, {**facts, **words}, output_name(step, words, rerun, dataset.member))
            for step in recipe.steps
        ),
    )


def _task(step: Step, known: Mapping[str, object], output: str) -> PlannedTask:
    return PlannedTask(
        step=step.name,
        mode=step.mode,
        exec=step.label,
        args=step.args,
        rank=step.rank,
        device=step.resources.device,
        retry=step.retry,
        reads=_reads(step.links),
        needs=_needs(step),
        gates=gates_of(step, known),
        output_name=output,
        log_name=output + LOG_SUFFIX,
        pause_at=step.pause_at,
        accept_loss=step.accept_loss,
    )


def output_name(step: Step, words: Mapping[str, str], rerun: int, member: str = "") -> str:
    """Return the name of a step's output dataset: a dataset name of at most 246 characters.

    ``member`` tells a successor or delta, ``.s2`` or ``.d1``, from the dataset of its logical name.
    """
    words = {**words, "step": step.name}
    _check_pattern(step, words)
    filled = _PLACEHOLDER.sub(lambda match: words[match[1]], step.output_pattern)
    own = "" if "{input}" in step.output_pattern else member
    return dataset_name(filled + own + (f".try{rerun}" if rerun else ""))


def check_output_patterns(recipe: Recipe, captures: Iterable[str]) -> None:
    """Raise ``InvalidTemplate`` unless each step's outputs get names of their own.

    ``captures`` are those names that every mask of the template catches.
    """
    words = dict.fromkeys((*captures, "input", "template", "n"), "x")
    taken: dict[str, str] = {}
    for step in recipe.steps:
        other = taken.setdefault(output_name(step, words, 0), step.name)
        if other != step.name:
            message = f"Steps {other!r} and {step.name!r} name their outputs alike."
            raise InvalidTemplate(message, hint="Put {step} into the pattern.", field="output")


def _check_pattern(step: Step, words: Mapping[str, str]) -> None:
    pattern = step.output_pattern
    for name in _PLACEHOLDER.findall(pattern):
        if name not in words:
            known = ", ".join(f"{{{word}}}" for word in sorted(words))
            message = f"Step {step.name!r}: output pattern {pattern!r} names {{{name}}}."
            raise InvalidTemplate(message, hint=f"It may name {known}.", field="output")


def without_foreign(text: str) -> str:
    """Return ``text`` with ``_`` for each stretch that no dataset's name may hold."""
    return _FOREIGN.sub("_", text)


def dataset_name(text: str) -> str:
    """Return ``text`` as a name that every catalogue takes, with room for the log's suffix.

    Foreign characters become ``_``; a first that is no letter or digit gets a ``d``; a last part
    of digits alone gets a ``v``, for JEDI reads it as its retry; what is too long keeps its start
    and its end around a digest of the whole.
    """
    clean = _DIGITS_LAST.sub(r".v\1", without_foreign(text))
    clean = clean if clean[:1].isalnum() else f"d{clean}"
    room = MAX_NAME - len(LOG_SUFFIX)
    if len(clean) <= room:
        return clean
    digest = hashlib.sha256(text.encode()).hexdigest()[:12]
    tail = clean[-60:]
    return f"{clean[: room - len(digest) - len(tail) - 2]}-{digest}-{tail}"


def _reads(links: tuple[Link, ...]) -> str:
    """Return the step whose output is SPD's ``datas_in_id``: the first file-wise link's, if any."""
    ordered = sorted(links, key=lambda link: link.take != "each")
    return ordered[0].step if ordered else ""


def _needs(step: Step) -> tuple[Need, ...]:
    needs: dict[str, Need] = {}
    for link in step.links:
        by_part = link.take == "each" or step.group is not None
        is_open = by_part and step.trigger is Trigger.OPEN
        if not is_open or link.step not in needs:
            needs[link.step] = Need(step=link.step, until="open" if is_open else "closed")
    return tuple(needs.values())
