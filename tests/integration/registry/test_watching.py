"""`limner rollout watch` over real gRPC: what it prints, and how it ends."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor

import grpc
import pytest
from click.testing import CliRunner

from limner.v1 import rollouts_pb2, rollouts_pb2_grpc
from limner_registry.commands.rollout import rollout as command
from limner_registry.control.messages import rollout_message
from limner_registry.rollout.machine import apply
from limner_registry.rollout.record import new_rollout
from limner_registry.rollout.spec import Spec, Weight
from limner_registry.rollout.triggers import (
    Abort,
    AllAcked,
    Begin,
    Promote,
    Reason,
    Routed,
    Soaked,
    Verified,
)

START = (Begin(), Verified(), Routed(3))
GOOD_END = (Promote("sure"), Routed(4), AllAcked(), Soaked())
BAD_END = (Abort(Reason.EVIDENCE, "error: 9 were the canary's"), AllAcked())


class Told(rollouts_pb2_grpc.RolloutServiceServicer):
    """Tells one life of one rollout, every state twice, as a real one repeats itself."""

    def __init__(self, triggers, *, dies=False):
        spec = Spec((Weight(500), Weight(10_000)))
        found = new_rollout("mesh-2-x", "mesh", 1, 2, spec, salt="s", creator="ann", now=0.0)
        self.life, self.dies = [found], dies
        for number, trigger in enumerate(triggers):
            found = apply(found, trigger, float(number))
            self.life.append(found)

    def GetRollout(self, request, context):
        if request.rollout not in {"mesh", "mesh-2-x"}:
            context.abort(grpc.StatusCode.NOT_FOUND, f"there is no rollout {request.rollout}")
        return rollouts_pb2.GetRolloutResponse(rollout=rollout_message(self.life[0], 9.0))

    def WatchRollout(self, request, context):
        assert request.rollout == "mesh-2-x"
        for found in self.life:
            for now in (9.0, 9.5):
                answer = rollouts_pb2.ExplainRolloutResponse(rollout=rollout_message(found, now))
                yield rollouts_pb2.WatchRolloutResponse(explained=answer)
        if self.dies:
            context.abort(grpc.StatusCode.UNAVAILABLE, "gone")


def watch(service, *options, name="mesh"):
    server = grpc.server(ThreadPoolExecutor(2))
    rollouts_pb2_grpc.add_RolloutServiceServicer_to_server(service, server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        where = ["--controller", f"127.0.0.1:{port}"]
        return CliRunner().invoke(command, ["watch", name, *where, *options])
    finally:
        server.stop(None).wait()


def test_without_a_terminal_every_step_is_a_line():
    ended = watch(Told((*START, *GOOD_END)))

    lines = [line.split(maxsplit=1)[1] for line in ended.output.splitlines()]
    assert lines == [
        "pending",
        "verifying",
        "progressing, step 1 of 2, 5 %",
        "promoting, 100 %, sure",
        "succeeded, sure",
    ]
    assert ended.exit_code == 0


@pytest.mark.parametrize(
    ("triggers", "dies", "code"),
    [((*START, *GOOD_END), False, 0), ((*START, *BAD_END), False, 1), (START, True, 3)],
    ids=["succeeded", "aborted", "no controller any more"],
)
@pytest.mark.parametrize("options", [(), ("--json",)], ids=["people", "programs"])
def test_watching_ends_as_the_rollout_does(triggers, dies, code, options):
    assert watch(Told(triggers, dies=dies), *options).exit_code == code


def test_for_programs_every_change_is_a_line_of_json():
    told = Told((*START, *BAD_END))

    lines = [json.loads(line) for line in watch(told, "--json").output.splitlines()]

    assert len(lines) == 2 * len(told.life)
    assert lines[-1]["rollout"]["state"] == "ROLLOUT_STATE_ABORTED"


def test_watching_what_is_not_there_ends_with_two():
    ended = watch(Told(()), name="nose")

    assert ended.exit_code == 2
    assert "there is no rollout nose" in ended.output
