"""``penstock rule``: when datasets close, into which parts they go, how long they are kept."""

from collections.abc import Iterator, Sequence
from typing import Annotated, Any, Literal

import typer
from rich.console import RenderableType
from rich.markup import escape

from penstock.cli.connection import DataDir, Url, connect
from penstock.cli.output import AsJson, facts, show, table
from penstock.tables import Column
from penstock_core.contracts.closing import AppliedRule, NewRule, Policy, Rule
from penstock_core.states import DatasetKind

Name = Annotated[str, typer.Argument(metavar="RULE", help="Name of the rule.")]
Seconds = float | None
COLUMNS = (
    Column("rule"),
    Column("#priority", drop=3),
    Column("takes", least=12),
    Column("kind", drop=2),
    Column("namespace", drop=4),
    Column("policy", least=20),
    Column("changed by", drop=5, least=12),
)


def list_all(url: Url = "", data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """List the rules in the order in which they are asked; the first that fits applies."""
    with connect(url, data_dir) as penstock:
        rules = penstock.rules()
    show(rules, as_json, lambda: _list_view(rules))


def show_one(rule: Name, url: Url = "", data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """Show one rule."""
    with connect(url, data_dir) as penstock:
        found = penstock.rule(rule)
    show(found, as_json, lambda: _view(found))


def set_one(
    rule: Name,
    mask: Annotated[list[str], typer.Option(help="Mask over logical names; may be repeated.")],
    exclude: Annotated[list[str], typer.Option(help="Takes none that fit this mask.")] = [],  # noqa: B006 - typer's way
    namespace: Annotated[str, typer.Option(help="Only of this namespace; * for all.")] = "*",
    kind: Annotated[
        DatasetKind, typer.Option(case_sensitive=False, help="Datasets of this kind.")
    ] = DatasetKind.INPUT,
    priority: Annotated[int, typer.Option(help="A higher one is asked before.")] = 0,
    max_latency_s: Annotated[
        Seconds, typer.Option(help="How long what was announced is waited for.")
    ] = None,
    idle_timeout_s: Annotated[
        Seconds, typer.Option(help="How long it may be without a new file.")
    ] = None,
    max_files: Annotated[int | None, typer.Option(help="Files of a stream without end.")] = None,
    max_bytes: Annotated[int | None, typer.Option(help="Size of a stream without end.")] = None,
    max_age_s: Annotated[Seconds, typer.Option(help="Age of a stream without end.")] = None,
    files_per_part: Annotated[int | None, typer.Option(help="Files in one part.")] = None,
    late: Annotated[
        Literal["archive", "chain"] | None,
        typer.Option(help="Archive late files only, or run a chain on them too."),
    ] = None,
    incomplete: Annotated[
        Literal["close", "wait"] | None,
        typer.Option(help="Close without what is missing, or wait for an operator."),
    ] = None,
    lifetime_s: Annotated[Seconds, typer.Option(help="How long it is kept once closed.")] = None,
    url: Url = "",
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Set a rule in place of the one of its name; it applies to open datasets at once."""
    given = {
        "max_latency_s": max_latency_s,
        "idle_timeout_s": idle_timeout_s,
        "max_files": max_files,
        "max_bytes": max_bytes,
        "max_age_s": max_age_s,
        "files_per_part": files_per_part,
        "late": late,
        "incomplete": incomplete,
        "lifetime_s": lifetime_s,
    }
    new = NewRule(
        masks=tuple(mask),
        exclude=tuple(exclude),
        namespace=namespace,
        kind=kind,
        priority=priority,
        policy=Policy.model_validate({k: v for k, v in given.items() if v is not None}),
    )
    with connect(url, data_dir) as penstock:
        made = penstock.set_rule(rule, new)
    show(made, as_json, lambda: _view(made))


def remove(rule: Name, url: Url = "", data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """Remove a rule; its datasets fall to the next one that takes them."""
    with connect(url, data_dir) as penstock:
        penstock.remove_rule(rule)
    show({"rule": rule}, as_json, lambda: [f"The rule {escape(rule)} is removed."])


def ask(
    name: Annotated[str, typer.Argument(help="Name of a dataset, there or not.")],
    namespace: Annotated[str, typer.Option(help="Its namespace.")] = "default",
    kind: Annotated[
        DatasetKind, typer.Option(case_sensitive=False, help="Its kind.")
    ] = DatasetKind.INPUT,
    of_run: Annotated[bool, typer.Option("--run", help="Runs of the DAQ fill it.")] = False,
    url: Url = "",
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Tell which rule applies to a dataset of this name, and why the others do not."""
    with connect(url, data_dir) as penstock:
        found = penstock.test_rules(name, namespace=namespace, kind=kind, of_run=of_run)
    show(found, as_json, lambda: _test_view(name, found))


def _list_view(rules: Sequence[Rule]) -> Iterator[RenderableType]:
    yield table(COLUMNS, (_row(rule) for rule in rules))


def _row(rule: Rule) -> tuple[Any, ...]:
    policy = ", ".join(f"{name} {value}" for name, value in _given(rule.policy))
    takes = _takes(rule)
    return (rule.name, rule.priority, takes, rule.kind, rule.namespace, policy, rule.changed_by)


def _takes(rule: Rule) -> str:
    not_these = f" but not {', '.join(rule.exclude)}" if rule.exclude else ""
    return ", ".join(rule.masks) + not_these


def _given(policy: Policy) -> list[tuple[str, Any]]:
    return list(policy.model_dump(exclude_unset=True).items())


def _view(rule: Rule) -> Iterator[RenderableType]:
    yield f"[bold]{escape(rule.name)}[/]"
    yield facts(
        [
            ("takes", _takes(rule)),
            ("kind", rule.kind),
            ("namespace", rule.namespace),
            ("priority", rule.priority),
            *_given(rule.policy),
            ("changed", rule.changed_at),
            ("changed by", rule.changed_by or "built in"),
        ]
    )


def _test_view(name: str, found: AppliedRule) -> Iterator[RenderableType]:
    yield f"Rule [bold]{escape(found.rule)}[/] applies to {escape(name)}"
    yield facts(found.policy.model_dump().items())
    rows = ((one.rule, "yes" if one.takes else "no", one.reason) for one in found.considered)
    yield table(("asked", "takes it", "because"), rows)
