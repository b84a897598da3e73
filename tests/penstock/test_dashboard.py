"""The dashboard and what feeds it: they ask for what is there."""

import json
import re

import yaml
from prometheus_client import REGISTRY
from tests.penstock.conftest import ROOT

from penstock.one_service import NAMES
from penstock_core import metrics

DEPLOY = ROOT / "deploy"
DASHBOARD = json.loads((DEPLOY / "grafana" / "dashboards" / "penstock.json").read_text())
METRIC = re.compile(r"\b(?:penstock|process)_[a-z_]+\b")
ENDS = {"histogram": ("_bucket", "_count", "_sum"), "counter": ("_total",), "gauge": ("",)}


def known() -> set[str]:
    """Return the name of each series that a process tells, with samples or without."""
    return {family.name + end for family in REGISTRY.collect() for end in ENDS.get(family.type, ())}


def test_the_dashboard_asks_for_metrics_that_are_there():
    asked = [target["expr"] for panel in DASHBOARD["panels"] for target in panel["targets"]]
    for expression in asked:
        found = METRIC.findall(expression)
        assert found, expression
        assert set(found) <= known(), expression


def test_the_handbook_names_each_of_our_metrics():
    said = (ROOT / "docs" / "operations.md").read_text()
    names = {
        name.removesuffix("_bucket") if name.endswith("_bucket") else name
        for name in known()
        if name.startswith("penstock_") and not name.endswith(("_count", "_sum"))
    }
    assert metrics.BEHIND
    assert {name for name in names if f"`{name}`" not in said} == set()


def test_prometheus_scrapes_each_process_that_there_is():
    said = yaml.safe_load((DEPLOY / "prometheus" / "prometheus.yml").read_text())
    [job] = said["scrape_configs"]
    targets = [target for config in job["static_configs"] for target in config["targets"]]
    assert sorted(target.partition(":")[0] for target in targets) == sorted(NAMES)
