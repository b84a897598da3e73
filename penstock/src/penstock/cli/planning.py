"""The chain that a template would make of a dataset, without making it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from rich.console import RenderableType
from rich.markup import escape
from rich.tree import Tree

from penstock.cli.chain_notes import gate_text, group_text
from penstock.cli.checking import compile_here
from penstock.cli.output import facts, table
from penstock.client import Penstock
from penstock.local_template import read_local
from penstock_core.clock import now
from penstock_core.contracts.base import Json
from penstock_core.contracts.workflow import (
    CatalogueEntry,
    DatasetRef,
    NewTemplate,
    PlannedTask,
    PlannedWorkflow,
    Template,
)
from penstock_core.errors import InvalidInput
from penstock_core.masks import Selector
from penstock_core.states import DatasetState, TemplateStatus
from recipe.model import Group, Recipe
from recipe.plan import plan


@dataclass(frozen=True, slots=True)
class Planned:
    """The chain that a recipe makes of a dataset."""

    recipe: Recipe
    workflow: PlannedWorkflow


def plan_local(path: Path, masks: tuple[str, ...], dataset: DatasetRef) -> Planned:
    """Return the chain that a template's file would make; raises ``InvalidInput`` if none."""
    template = read_local(path, masks=masks)
    entry = _entry(template)
    captures = _captures(entry, dataset)
    recipe = compile_here(template)
    return Planned(recipe, plan(recipe, entry, dataset, captures))


def plan_stored(penstock: Penstock, template: str, dataset: DatasetRef) -> Planned:
    """Return the chain that a stored template would make; raises ``InvalidInput`` if none."""
    found = penstock.template(template)
    entry = _stored_entry(found)
    captures = _captures(entry, dataset)
    recipe = Recipe.model_validate(penstock.recipe(found))
    return Planned(recipe, plan(recipe, entry, dataset, captures))


def imagined(name: str, namespace: str, metadata: Json) -> DatasetRef:
    """Return a dataset that need not exist."""
    return DatasetRef(
        uid="",
        namespace=namespace,
        scope="daq",
        name=name,
        state=DatasetState.OPEN,
        registered_at=now(),
        metadata=metadata,
    )


def _captures(entry: CatalogueEntry, dataset: DatasetRef) -> Mapping[str, str]:
    """Return what the template's mask catches; raises ``InvalidInput`` if none fits."""
    selector = Selector.parse(entry.masks, entry.exclude, entry.where, entry.namespace)
    facts = {"name": dataset.name, **dataset.metadata}
    decision = selector.decide(dataset.name, dataset.namespace, facts)
    if not decision.matched:
        raise InvalidInput(
            f"{entry.name} does not take {dataset.name}: {decision.reason}.",
            hint="Give a name that a mask fits, and metadata with --meta KEY=VALUE.",
            facts={"clause": decision.clause},
        )
    return decision.captures


def _entry(template: NewTemplate) -> CatalogueEntry:
    if not template.masks:
        raise InvalidInput("The template has no mask.", hint="Give one with --mask.")
    return CatalogueEntry(
        template_id=0,
        name=template.name,
        version=1,
        status=TemplateStatus.ACTUAL,
        masks=template.masks,
        exclude=template.exclude,
        where=template.where,
        namespace=template.namespace,
        effective_from=now(),
        recipe_digest="",
        values=template.values,
        value_ranges=template.value_ranges,
    )


def _stored_entry(template: Template) -> CatalogueEntry:
    values = template.model_dump(include=set(CatalogueEntry.model_fields) - {"effective_from"})
    return CatalogueEntry(**values, effective_from=template.effective_from or now())


def view(dataset: str, planned: Planned) -> Iterator[RenderableType]:
    """Return the chain as a table, its values, and a tree with the names of its datasets."""
    columns = ("step", "mode", "exec", "args", "#rank", "#retry", "device", "starts when")
    workflow = planned.workflow
    groups = {step.name: step.group for step in planned.recipe.steps}
    yield table(columns, (_row(task, groups[task.step]) for task in workflow.tasks))
    if workflow.values:
        yield facts((f"value of {name}", value) for name, value in workflow.values.items())
    yield _tree(dataset, workflow)


def _row(task: PlannedTask, group: Group | None) -> tuple[object, ...]:
    needs = [f"{need.step or 'its dataset'} is {_until(need.until)}" for need in task.needs]
    gates = [gate_text(gate).replace(" to be ", " is ") for gate in task.gates]
    mode = f"{task.mode}, {group_text(group)}" if group else task.mode
    head = (task.step, mode, task.exec, task.args)
    return (*head, task.rank, task.retry, task.device, ", ".join(needs + gates))


def _until(until: str) -> str:
    return "closed" if until == "closed" else "there"


def _tree(dataset: str, workflow: PlannedWorkflow) -> Tree:
    root = Tree(f"[bold]{escape(dataset)}[/]")
    branches: Mapping[str, Tree] = {"": root}
    for task in workflow.tasks:
        label = f"[cyan]{escape(task.step)}[/] → {escape(task.output_name)}"
        branch = branches[task.reads].add(label)
        branches = {**branches, task.step: branch}
    return root
