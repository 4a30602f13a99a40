from __future__ import annotations

import json
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from unittest.mock import Mock

import grpc
import psutil
import pytest
from grpc_health.v1 import health, health_pb2, health_pb2_grpc

from limner_registry.contracts import CONTRACTS
from limner_registry.routes import Routes, write_routes
from limner_server.health import HERE
from limner_server.stack import launch
from limner_server.stack.launch import MEDIAPIPE, NotUp, Plan, sources_missing, wait_serving
from limner_server.stack.record import FILE, Record

OURS = [contract.model for contract in CONTRACTS if contract not in MEDIAPIPE]
THEIRS = [contract.model for contract in CONTRACTS if contract in MEDIAPIPE]


@pytest.mark.parametrize(
    ("placed", "missing"),
    [
        ([], ["mediapipe", *(["starter"] if OURS else [])]),
        (THEIRS, ["starter"] if OURS else []),
        (THEIRS[1:], ["mediapipe", *(["starter"] if OURS else [])]),
        ([*THEIRS, *OURS], []),
    ],
)
def test_only_the_sources_of_models_that_are_not_placed_are_missing(tmp_path, placed, missing):
    (tmp_path / "models").mkdir()
    write_routes(tmp_path / "models", Routes(1, dict.fromkeys(placed, 1)))
    assert sources_missing(tmp_path) == missing


def test_a_state_that_is_not_there_misses_all_sources(tmp_path):
    assert sources_missing(tmp_path / "none")[0] == "mediapipe"


@pytest.fixture
def process():
    with subprocess.Popen(["sleep", "60"]) as process:
        yield process
        process.kill()


@pytest.fixture
def answers(tmp_path, process):
    """The health of a server that is recorded as that process."""
    server = grpc.server(ThreadPoolExecutor(1))
    servicer = health.HealthServicer()
    health_pb2_grpc.add_HealthServicer_to_server(servicer, server)
    address = f"127.0.0.1:{server.add_insecure_port('127.0.0.1:0')}"
    server.start()
    created = psutil.Process(process.pid).create_time()
    (tmp_path / FILE).write_text(json.dumps(asdict(Record(process.pid, created, address, "", ""))))
    yield servicer
    server.stop(None).wait()


@pytest.fixture
def hasty(monkeypatch):
    monkeypatch.setattr(launch, "START_SECONDS", 1.5)
    monkeypatch.setattr(launch, "REST_SECONDS", 0.3)


@pytest.mark.usefixtures("hasty")
@pytest.mark.parametrize("serving", ["", HERE], ids=["all serves", "all was tried"])
def test_a_server_is_up_once_all_serves_or_nothing_more_is_to_come(
    tmp_path, process, answers, serving
):
    answers.set("", health_pb2.HealthCheckResponse.NOT_SERVING)
    answers.set(serving, health_pb2.HealthCheckResponse.SERVING)
    began = time.monotonic()
    record = wait_serving(process, Plan(tmp_path, 0, reflection=False))
    assert record.pid == process.pid
    assert time.monotonic() - began >= 0.3


@pytest.mark.usefixtures("hasty")
def test_a_server_that_has_not_tried_all_in_time_is_not_up(tmp_path, process, answers):
    answers.set("", health_pb2.HealthCheckResponse.NOT_SERVING)
    with pytest.raises(NotUp, match="limner doctor"):
        wait_serving(process, Plan(tmp_path, 0, reflection=False))
    assert process.poll() is not None


def test_a_server_that_nobody_waits_for_any_more_is_ended(tmp_path, process, monkeypatch):
    monkeypatch.setattr(launch, "read_record", Mock(side_effect=KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        wait_serving(process, Plan(tmp_path, 0, reflection=False))
    assert process.poll() is not None


def test_what_the_environment_says_stays_but_for_what_was_asked(tmp_path, monkeypatch):
    monkeypatch.setenv("LIMNER_METRICS_PORT", "9000")
    monkeypatch.setenv("LIMNER_REFLECTION", "1")
    monkeypatch.setenv("LIMNER_PORT", "1")
    told = Plan(tmp_path, 7000, reflection=False).environment()
    assert (told["LIMNER_PORT"], told["LIMNER_CONTROLLER"]) == ("7000", ":7002")
    assert (told["LIMNER_METRICS_PORT"], told["LIMNER_REFLECTION"]) == ("9000", "1")
    monkeypatch.delenv("LIMNER_METRICS_PORT")
    assert Plan(tmp_path, 0, reflection=True).environment()["LIMNER_METRICS_PORT"] == "0"
