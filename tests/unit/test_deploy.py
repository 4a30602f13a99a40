"""What is deployed speaks of things that there are."""

from __future__ import annotations

import re
from pathlib import Path

import yaml

from limner_registry.control.condition import Condition
from limner_registry.control.metrics import Figures
from limner_registry.rollout.store import Store
from limner_server.metrics import Metrics

PROMETHEUS = Path(__file__).parents[2] / "deploy/prometheus"


def rules():
    document = yaml.safe_load((PROMETHEUS / "limner.rules.yml").read_text())
    return [rule for group in document["groups"] for rule in group["rules"]]


def test_alerts_ask_for_series_that_there_are(tmp_path):
    store = Store.open(tmp_path)
    figures = Figures(store, lambda *_: None, (Condition("decisions"),), {})
    families = [*Metrics().registry.collect(), *figures.collect()]
    store.close()
    known = {family.name + ("_total" if family.type == "counter" else "") for family in families}
    asked = {
        name
        for rule in rules()
        for name in re.findall(r"\b(?:limner|grpc_server)_[a-z0-9_]+", rule["expr"])
    }

    assert asked
    assert asked <= known


def test_every_alert_is_tried_and_says_what_to_do():
    tried = (PROMETHEUS / "limner.rules.test.yml").read_text()
    for rule in rules():
        assert f"alertname: {rule['alert']}\n" in tried, rule["alert"]
        assert rule["annotations"].keys() == {"summary", "action"}
        assert rule["labels"]["severity"] in {"info", "warning", "critical"}
