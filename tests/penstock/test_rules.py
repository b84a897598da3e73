"""``penstock rule``, and what ``dataset`` and ``explain`` tell of closing."""

import re
import shlex

import pytest
from tests.penstock.conftest import ROOT


@pytest.fixture
def cosmics(signed_in, system):
    """A rule for cosmics, removed again."""
    made = signed_in(
        "rule", "set", "cosmics", "--mask", "cosmics.*", "--max-files", "3", "--late", "chain"
    )
    assert made.code == 0
    yield
    signed_in("rule", "remove", "cosmics")


def test_a_rule_is_set_listed_shown_and_removed(signed_in, system):
    made = signed_in("rule", "set", "r", "--mask", "a.*", "--mask", "b.*", "--exclude", "a.b.*")
    assert made.code == 0
    listed = signed_in("rule", "list", "--json").json
    assert [rule["name"] for rule in listed][:2] == ["r", "default-run"]
    shown = signed_in("rule", "show", "r").out
    assert "a.*, b.* but not a.b.*" in shown
    assert "built in" in signed_in("rule", "show", "default-run").out
    assert signed_in("rule", "remove", "r").out == "The rule r is removed.\n"
    assert signed_in("rule", "show", "r").code == 1


def test_only_what_was_given_is_set(signed_in, cosmics):
    shown = signed_in("rule", "show", "cosmics", "--json").json
    assert shown["policy"] == {"max_files": 3, "late": "chain"}


def test_a_name_is_tried_against_the_rules(signed_in, cosmics):
    found = signed_in("rule", "test", "cosmics.2026", "--json").json
    assert (found["rule"], found["policy"]["max_files"]) == ("cosmics", 3)
    out = signed_in("rule", "test", "swf.1.run", "--run").out
    assert "Rule default-run applies to swf.1.run" in out
    assert "no mask fits" in out


def test_a_mask_that_can_never_match_is_refused(signed_in, system):
    ran = signed_in("rule", "set", "bad", "--mask", "a/b")
    assert ran.code == 1
    assert "column 2" in ran.err


def test_explain_without_a_template_tells_of_the_closing(signed_in, stocked):
    out = signed_in("explain", "run1.test.raw").out
    assert "OPEN: stays open until daq announces its end; 0 files so far" in out
    assert "default-input" in out
    listed = signed_in("dataset", "list", "--name", "run1.*").out
    assert "stays open until daq" in " ".join(listed.split())


def test_the_commands_of_the_reference_do_what_they_say(signed_in, system):
    page = (ROOT / "docs" / "reference" / "closing.md").read_text()
    commands = re.findall(r"^    penstock (rule .*)$", page, re.MULTILINE)
    assert len(commands) > 3
    for command in commands:
        ran = signed_in(*shlex.split(command))
        assert ran.code == 0, (command, ran.err)
    tested = next(command for command in commands if " test " in command)
    assert "Rule fast applies to swf.9001.run" in signed_in(*shlex.split(tested)).out
    for name in ("cosmics", "fast"):
        signed_in("rule", "remove", name)
