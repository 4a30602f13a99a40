"""Starting and stopping the stack: models placed, then the server, then word that it serves."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc

from limner_registry.contracts import (
    CONTRACTS,
    FACE_DETECTOR,
    FACE_MESH,
    FACE_MESH_ATTENTION,
    PERSON_SEGMENTER,
)
from limner_registry.routes import read_routes
from limner_server.health import HERE
from limner_server.stack.record import Record, read_record, wait_gone

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

START_SECONDS = 120.0
STOP_SECONDS = 60.0
REST_SECONDS = 20.0
"""How long what could come up still is waited for."""
MEDIAPIPE = {FACE_DETECTOR, FACE_MESH, FACE_MESH_ATTENTION, PERSON_SEGMENTER}
"""The models whose first versions are MediaPipe's; all others' are our own starters."""


class NotUp(Exception):
    """The stack did not come up; the message says why and what to do."""


@dataclass(frozen=True)
class Plan:
    """What `limner up` was asked for."""

    state: Path
    port: int
    reflection: bool

    def environment(self) -> dict[str, str]:
        """Return the server's environment: ours, with what was asked for laid over it.

        Metrics and controller are beside the port, unless ours says where.
        """
        beside = {
            "LIMNER_METRICS_PORT": str(self.port + 1 if self.port else 0),
            "LIMNER_CONTROLLER": f":{self.port + 2 if self.port else 0}",
        }
        asked = {"LIMNER_STATE": str(self.state), "LIMNER_PORT": str(self.port)}
        if self.reflection:
            asked["LIMNER_REFLECTION"] = "1"
        return beside | os.environ | asked

    @property
    def log(self) -> Path:
        """Where a detached server writes what it has to say."""
        return self.state / "server.log"


def sources_missing(state: Path) -> list[str]:
    """Return where the models come from that the server needs and that have no version placed."""
    stable = read_routes(state / "models").stable
    return sources_of(contract.model for contract in CONTRACTS if contract.model not in stable)


def sources_of(models: Iterable[str]) -> list[str]:
    """Return where the first versions of models come from."""
    theirs = {contract.model for contract in MEDIAPIPE}
    wanted = set(models)
    sources = ["mediapipe"] if wanted & theirs else []
    return sources + (["starter"] if wanted - theirs else [])


def import_models(source: str, state: Path) -> None:
    """Import the first networks of one source; progress goes to standard error.

    Raises:
        NotUp: That failed.
    """
    _registry(["import", source], state)


@dataclass(frozen=True)
class Outdated:
    """A stable version of an earlier Limner, whose contract this one does not speak."""

    model: str
    version: int
    instead: int | None
    """The version that takes its place; None where there is none."""
    said: str
    """All of this as a sentence."""


def place_models(state: Path) -> list[Outdated]:
    """Place what the registry calls stable now; only while no Triton serves from there.

    Returns:
        Those that cannot serve.

    Raises:
        NotUp: That failed; what was placed before is still there.
    """
    answer = json.loads(_registry(["place", "--repair", "--json"], state))
    return [
        Outdated(one["model"], one["version"], one["instead"], one["said"])
        for one in answer["outdated"]
    ]


def start(plan: Plan, *, detached: bool) -> subprocess.Popen[bytes]:
    """Start the server process, in the background of this terminal or away from it."""
    command = [sys.executable, "-m", "limner_server"]
    if not detached:
        return subprocess.Popen(command, env=plan.environment())
    with plan.log.open("wb") as log:
        return subprocess.Popen(
            command,
            env=plan.environment(),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )


def wait_serving(process: subprocess.Popen[bytes], plan: Plan) -> Record:
    """Return the server's record once every service serves, or all that can.

    It is ended where it does not come up, or nobody waits for it any more.

    Raises:
        NotUp: It ended, or was too slow; the message ends with its last words.
    """
    try:
        return _serving(process, plan)
    except BaseException:
        _end(process)
        raise


def _serving(process: subprocess.Popen[bytes], plan: Plan) -> Record:
    deadline = time.monotonic() + START_SECONDS
    patient_until = deadline
    while time.monotonic() < deadline and process.poll() is None:
        record = read_record(plan.state)
        if record and record.pid == process.pid:
            if serves(record.address):
                _wait_rest(record)
                return record
            if serves(record.address, HERE):  # every version was tried, some are tried again
                patient_until = min(patient_until, time.monotonic() + REST_SECONDS)
                if time.monotonic() >= patient_until:
                    return record
        time.sleep(0.1)
    words = plan.log.read_text(errors="replace").strip()[-1500:] if plan.log.exists() else ""
    raise NotUp(
        f"the server did not come up; `limner doctor` may know why. Its last words:\n{words}"
    )


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()


def _wait_rest(record: Record) -> None:
    """Wait a while for the controller, and for versions that some calls alone have use for.

    Without the one nothing is rolled out; without the others those calls are told so.
    """
    deadline = time.monotonic() + REST_SECONDS
    while time.monotonic() < deadline:
        if serves(record.controller) and serves(record.address, HERE):
            return
        time.sleep(0.1)


def stop(record: Record, said: Callable[[str], None]) -> None:
    """End the server of `record`: asked to finish its calls first, killed if it will not."""
    process = record.process()
    if process is None:
        return
    process.send_signal(signal.SIGTERM)
    if not wait_gone(process, STOP_SECONDS):
        said(f"it did not end within {STOP_SECONDS:.0f} s; killing it")
        process.kill()
        wait_gone(process, 10)


def serves(address: str, service: str = "") -> bool:
    """Return whether the server at `address` says that `service`, or all of it, is SERVING."""
    with grpc.insecure_channel(address) as channel:
        check: Any = health_pb2_grpc.HealthStub(channel).Check  # type: ignore[attr-defined]
        try:
            answer = check(health_pb2.HealthCheckRequest(service=service), timeout=2)
        except grpc.RpcError:
            return False
    return bool(answer.status == health_pb2.HealthCheckResponse.SERVING)


def _registry(step: list[str], state: Path) -> bytes:
    """Return what a step says for programs."""
    command = [sys.executable, "-m", "limner_registry", *step, "--state", str(state)]
    done = subprocess.run(command, stdout=subprocess.PIPE, check=False)
    if done.returncode:
        raise NotUp(f"`limner models {' '.join(step)}` failed (exit code {done.returncode})")
    return done.stdout
