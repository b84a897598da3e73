"""The printed reference is the one that the commands give."""

from tests.penstock.conftest import ROOT

from penstock.cli.reference import reference


def test_the_reference_of_the_command_line_is_up_to_date():
    said = (ROOT / "docs" / "reference" / "cli.md").read_text()
    assert said == reference(), "run: python -m penstock.cli.reference > docs/reference/cli.md"


def test_every_command_says_what_it_does():
    for section in reference().split("\n## ")[1:]:
        assert section.splitlines()[4].endswith("."), section
