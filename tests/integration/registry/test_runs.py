"""Training runs in a real MLflow registry: begun, gone on with, closed."""

from __future__ import annotations

import pytest

from limner_registry.store import MlflowClient  # which it has hushed

FACTS = {"recipe": "0" * 64, "studio_seeds": "0-9"}


@pytest.fixture
def client(registry):
    return MlflowClient(tracking_uri=registry.uri)


def test_a_run_keeps_its_facts_and_every_point_of_its_curves(registry, client):
    run = registry.start_run("hair_segmenter", FACTS)
    registry.log(run, 20, {"loss": 0.5, "rate": 0.1})
    registry.log(run, 40, {"loss": 0.25})
    registry.end_run(run, done=True)

    kept = client.get_run(run)
    assert kept.data.params == FACTS
    assert kept.info.run_name == "hair_segmenter"
    assert kept.info.status == "FINISHED"
    points = client.get_metric_history(run, "loss")
    assert [(point.step, point.value) for point in points] == [(20, 0.5), (40, 0.25)]


def test_an_interrupted_run_goes_on_under_its_id(registry, client):
    run = registry.start_run("hair_segmenter", FACTS)
    registry.end_run(run, done=False)
    assert client.get_run(run).info.status == "KILLED"

    assert registry.start_run("hair_segmenter", FACTS, before=run) == run
    assert client.get_run(run).info.status == "RUNNING"
    registry.end_run(run, done=True)


@pytest.mark.parametrize("gone", ["0" * 32, "no run's id"])
def test_a_run_that_is_gone_begins_anew(registry, client, gone):
    run = registry.start_run("hair_segmenter", FACTS, before=gone)

    assert run != gone
    assert client.get_run(run).data.params == FACTS


def test_runs_of_trainings_are_no_versions(registry):
    registry.start_run("hair_segmenter", FACTS)

    assert registry.models() == {}
