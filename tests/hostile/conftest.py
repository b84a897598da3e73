"""The hostile suite's table, printed at the end; ``HOSTILE=all`` runs every job of it."""

import pytest
from tests.hostile.tally import Tally

_TALLY = Tally()


@pytest.fixture
def tally() -> Tally:
    return _TALLY


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if _TALLY:
        terminalreporter.section("hostile")
        for line in _TALLY.lines():
            terminalreporter.write_line(line)
