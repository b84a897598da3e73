"""How a chain is laid out."""

from template_manager.chart import lay_out


def _step(name, *reads):
    return {
        "name": name,
        "mode": "map",
        "trigger": "open",
        "links": [{"step": source} for source in reads],
    }


def test_a_step_stands_after_all_that_it_reads():
    chart = lay_out([_step("a", ""), _step("b", "a"), _step("c", "", "b")], "in")
    x = {node.name: node.x for node in chart.nodes}
    assert x["in"] < x["a"] < x["b"] < x["c"]
    assert len(chart.lines) == 4


def test_steps_side_by_side_do_not_overlap():
    chart = lay_out([_step("a", ""), _step("b", ""), _step("c", "")], "in")
    places = {(node.x, node.y) for node in chart.nodes}
    assert len(places) == 4
    assert chart.height > max(node.y for node in chart.nodes)


def test_a_step_that_reads_no_dataset_stands_first():
    chart = lay_out([_step("a")], "in")
    assert chart.lines == ()
