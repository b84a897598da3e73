"""Tables at terminals of any width: nothing that counts is cut, and no line is too long."""

import io
from datetime import UTC, datetime

import pytest
from rich.console import Console

from penstock.demo.result import DatasetLine, DemoResult, DemoTask
from penstock.demo.show import show
from penstock.tables import Column, Fitting

STEPS = ("decode", "reconstruct", "merge", "plot")
NAMES = ["swf.101983.run"] + [
    f"swf.101983.run.dimuon.{step}.v1{log}" for step in STEPS for log in ("", ".log")
]


def printed(width: int, *parts: object) -> list[str]:
    console = Console(file=io.StringIO(), width=width)
    console.print(*parts)
    return console.file.getvalue().splitlines()


def demo_result() -> DemoResult:
    dataset = {"state": "CLOSED", "files": 8, "bytes": 236604}
    why = "all 8 files that daq-simulator announced are registered"
    task = {"wflow_id": 1, "exec": "Draw the dimuon mass", "args": "", "rank": 10, "retry": 3}
    ids = {"datas_in_id": 1, "datas_out_id": 2, "datas_log_id": 3}
    return DemoResult(
        run=101983,
        ok=True,
        problems=(),
        events_in=1,
        events_decoded=1,
        candidates=1,
        z_peak_gev=90.0,
        wall_s=1,
        latency_s=1,
        plot="plot.png",
        url="http://127.0.0.1:8642",
        datasets=tuple(DatasetLine(name=n, closed_because=why, **dataset) for n in NAMES),
        tasks=tuple(
            DemoTask(
                task_id=n, device="CPU", mode="map", status="FINISHED", step=step, **task, **ids
            )
            for n, step in enumerate(STEPS)
        ),
    )


@pytest.mark.parametrize("width", [60, 80, 110, 132])
def test_the_demos_tables_fit_and_keep_names_reasons_and_states(width: int):
    console = Console(file=io.StringIO(), width=width)
    show(console, demo_result())
    lines = console.file.getvalue().splitlines()
    assert max(len(line) for line in lines) <= width
    words = {word for line in lines for word in line.split()}
    assert {*NAMES, "announced", "CLOSED", "FINISHED"} <= words
    assert width < 100 or words >= set(STEPS)


def test_eighty_columns_hold_sizes_and_the_whole_of_spds_table():
    console = Console(file=io.StringIO(), width=80)
    show(console, demo_result())
    lines = console.file.getvalue().splitlines()
    heads = [
        "task",
        "wflow",
        "exec",
        "args",
        "rank",
        "device",
        "mode",
        "retry",
        "in",
        "out",
        "log",
        "status",
    ]
    assert heads in [line.split() for line in lines]
    assert ["name", "state", "files", "bytes"] in [line.split() for line in lines]


def test_a_wide_page_has_every_column():
    console = Console(file=io.StringIO(), width=132)
    show(console, demo_result())
    text = console.file.getvalue()
    for head in ("files", "bytes", "closed because", "wflow", "retry", "in", "out", "log"):
        assert f" {head} " in text
    assert "that daq-simulator announced are registered" in text


COLUMNS = (Column("name"), Column("#size", drop=2), Column("why", drop=1, least=10))


def test_the_least_important_column_goes_first():
    row = ("a-name-of-twenty-char", "12.3 MB", "one two three four five six")
    assert "12.3 MB" in "".join(printed(60, Fitting(COLUMNS, [row])))
    narrow = "".join(printed(40, Fitting(COLUMNS, [row])))
    assert ("12.3 MB" in narrow, "three" in narrow) == (False, True)
    narrowest = "".join(printed(26, Fitting(COLUMNS, [row])))
    assert ("three" in narrowest, "a-name-of-twenty-char" in narrowest) == (False, True)


def test_a_name_wider_than_the_terminal_is_folded_and_not_cut():
    lines = printed(20, Fitting(COLUMNS, [("x" * 50, "1 B", "-")]))
    assert "".join(lines).count("x") == 50
    assert max(map(len, lines)) <= 20


def test_no_row_is_a_table_all_the_same():
    assert any("name" in line for line in printed(40, Fitting(COLUMNS, [])))


def test_markup_in_a_value_is_text_and_times_are_told_with_their_age():
    rows = [("[red]x[/]", "1", datetime(2020, 1, 2, tzinfo=UTC))]
    text = "".join(printed(100, Fitting(COLUMNS, rows)))
    assert "[red]x[/]" in text
    assert "2020-01-02 00:00:00" in text
