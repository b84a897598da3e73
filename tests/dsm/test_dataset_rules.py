"""Rules for datasets: data that operators set, asked in the order of their priority."""

import pytest
from tests.dsm.closing import send, set_rule

from dsm.manager.closing.rulebook import Candidate, Rulebook, built_in_rules
from penstock_core.contracts.closing import NewRule, Policy, Rule
from penstock_core.errors import Conflict, Forbidden, InvalidInput, NotFound
from penstock_core.rights import Role
from penstock_core.states import DatasetKind

COSMICS = NewRule(masks=("cosmics.*",), policy=Policy(max_files=100))


async def test_a_rule_is_kept_with_what_it_was_given_and_by_whom(world):
    olga = world.client(Role.OPERATOR, "olga@example.org")
    made = await olga.set_rule("cosmics", COSMICS)

    assert (made.name, made.changed_by) == ("cosmics", "olga@example.org")
    found = await world.dsm.rule("cosmics")
    assert found == made
    assert found.policy.model_dump(exclude_unset=True) == {"max_files": 100}
    listed = [rule.name for rule in await world.dsm.rules()]
    assert listed == ["cosmics", "default-run", "default-input", "default-output", "default-log"]
    events = (await world.dsm.events(0, topics=["rule.changed"])).events
    assert [event.key for event in events] == ["cosmics"]


async def test_setting_a_rule_again_replaces_it_and_removing_it_forgets_it(world):
    olga = world.client(Role.OPERATOR)
    await olga.set_rule("cosmics", COSMICS)
    await olga.set_rule("cosmics", NewRule(masks=("c.*",), priority=5))
    assert (await world.dsm.rule("cosmics")).policy == Policy()
    await olga.remove_rule("cosmics")
    with pytest.raises(NotFound, match="no rule 'cosmics'"):
        await world.dsm.rule("cosmics")
    with pytest.raises(NotFound):
        await olga.remove_rule("cosmics")


async def test_a_changed_rule_applies_to_open_datasets_at_once(world, storage):
    await send(world, storage, "cosmics.a", 1)
    (before,) = (await world.dsm.closing()).items
    await set_rule(world, "cosmics", "cosmics.*", max_files=1)
    (seen,) = (await world.dsm.closing()).items

    assert (before.rule, before.policy.incomplete) == ("default-input", "wait")
    assert (seen.rule, seen.policy.max_files, seen.policy.incomplete) == ("cosmics", 1, "wait")


async def test_what_no_rule_may_be_is_refused(sqlite_world):
    olga = sqlite_world.client(Role.OPERATOR)
    with pytest.raises(InvalidInput, match="column 1"):
        await olga.set_rule("bad", NewRule(masks=("/x",)))
    with pytest.raises(Conflict, match="built in"):
        await olga.set_rule("default-run", COSMICS)
    with pytest.raises(Conflict, match="built in"):
        await olga.remove_rule("default-run")
    with pytest.raises(InvalidInput, match="max_files"):
        await olga.call(
            "PUT", "/api/v1/rule/r", None, body={"masks": ["*"], "policy": {"max_files": 0}}
        )
    with pytest.raises(InvalidInput, match="max_latency"):
        await olga.call(
            "PUT", "/api/v1/rule/r", None, body={"masks": ["*"], "policy": {"max_latency": 1}}
        )
    for role in (Role.VIEWER, Role.EXPERT, Role.DAQ):
        with pytest.raises(Forbidden):
            await sqlite_world.client(role).set_rule("cosmics", COSMICS)


async def test_a_name_is_tried_and_each_rule_says_why(sqlite_world):
    olga = sqlite_world.client(Role.OPERATOR)
    await olga.set_rule("calib", NewRule(masks=("swf.*",), kind=DatasetKind.OUTPUT, priority=9))
    await olga.set_rule("high", NewRule(masks=("swf.9*",), priority=2))
    await olga.set_rule("swf", NewRule(masks=("swf.*",), policy=Policy(late="chain")))
    await olga.set_rule("z", NewRule(masks=("*",)))

    found = await sqlite_world.dsm.test_rules("swf.1.run", of_run=True)

    assert (found.rule, found.policy.late, found.policy.idle_timeout_s) == ("swf", "chain", 3600)
    assert [(c.rule, c.takes) for c in found.considered] == [
        ("calib", False),
        ("high", False),
        ("swf", True),
    ]
    assert found.considered[0].reason == "takes output datasets; this one is input"
    other = await sqlite_world.dsm.test_rules("other", kind="log")
    assert (other.rule, other.considered[-1].reason) == ("default-log", "no other rule takes it")


def test_the_highest_priority_applies_and_of_equals_the_first_by_name():
    rules = [
        Rule(name=name, masks=("a.*",), priority=priority)
        for name, priority in [("low", -1), ("b", 3), ("a", 3)]
    ]
    book = Rulebook(tuple(rules))
    assert book.applied(Candidate("a.x", "default", DatasetKind.INPUT)).rule == "a"


def test_rules_of_a_namespace_see_no_other():
    book = Rulebook((Rule(name="mine", masks=("*",), namespace="tester"),))
    applied = {n: book.applied(Candidate("x", n, DatasetKind.INPUT)).rule for n in ("tester", "b")}
    assert applied == {"tester": "mine", "b": "default-input"}


def test_a_rule_that_says_nothing_is_as_what_is_built_in():
    book = Rulebook((Rule(name="mine", masks=("*",), policy=Policy(idle_timeout_s=None)),))
    run = book.applied(Candidate("x", "default", DatasetKind.INPUT, of_run=True))
    output = book.applied(Candidate("x", "default", DatasetKind.OUTPUT))
    assert (run.policy.incomplete, run.policy.idle_timeout_s) == ("close", None)
    assert (output.rule, output.policy.incomplete) == ("default-output", "wait")
    assert len({rule.name for rule in built_in_rules()}) == 4
