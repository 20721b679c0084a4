"""The runbook has a section for each alert, and for nothing else."""

import re

import yaml

from ops.environment import CHECKOUT
from tests.support.pages import anchors

RUNBOOK = CHECKOUT / "docs/operators/runbook.md"
RULES = CHECKOUT / "ops/observability/alerts.yml"


def test_each_alert_has_its_section_and_names_it() -> None:
    """Whoever is woken finds what it means and what to do by the alert's own link."""
    groups = yaml.safe_load(RULES.read_text("utf-8"))["groups"]
    alerts = {rule["alert"]: rule for group in groups for rule in group["rules"]}
    sections = re.findall(r"^## (\w+)$", RUNBOOK.read_text("utf-8"), re.MULTILINE)
    assert sections == list(alerts)
    for name, rule in alerts.items():
        page, _, anchor = rule["annotations"]["runbook"].partition("#")
        assert CHECKOUT / page == RUNBOOK
        assert anchor == name.lower() and anchor in anchors(RUNBOOK)
        assert rule["annotations"]["summary"].endswith(".")
        assert rule["labels"]["severity"] in ("critical", "warning")
