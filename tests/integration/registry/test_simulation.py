"""SimulateRollout over real gRPC: bounded, apart from everything else, and with typed errors."""

from __future__ import annotations

import asyncio

import grpc
import pytest
import pytest_asyncio
from google.protobuf.json_format import ParseDict

from limner.errors import from_rpc_error
from limner.v1 import rollouts_pb2, rollouts_pb2_grpc
from limner.v1.reasons import ParameterOutOfRange
from limner_registry.control import simulation
from limner_registry.control.rollouts import Rollouts
from limner_registry.control.serve import Translated

ASKED = {"rate": 50, "stable_bad": {"error": 0.005}, "canary_bad": {"error": 0.03}, "runs": 60}


@pytest_asyncio.fixture
async def stub():
    """A controller that has nothing but its simulator."""
    server = grpc.aio.server(interceptors=(Translated(),))
    service = Rollouts(None, None, None, None, lambda: None)
    rollouts_pb2_grpc.add_RolloutServiceServicer_to_server(service, server)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
        yield rollouts_pb2_grpc.RolloutServiceStub(channel)
    await server.stop(None)


def question(**changes):
    return ParseDict(ASKED | changes, rollouts_pb2.SimulateRolloutRequest())


async def test_a_worse_version_is_told_from_a_fine_one(stub):
    answer = await stub.SimulateRollout(question())

    assert (answer.asked.aborted.count, answer.asked.aborted.of) == (60, 60)
    assert answer.healthy.aborted.count == 0
    assert answer.healthy.aborted.high == pytest.approx(0.0596, abs=1e-4)
    assert answer.asked.abort_seconds.median < answer.asked.abort_seconds.most < 900
    assert not answer.healthy.abort_seconds.HasField("median")
    assert sum(answer.asked.aborted_in.values()) == 60


async def test_a_spec_over_the_wire_is_the_one_that_was_sent(stub):
    spec = {"steps": [{"weight": {"bps": 2500}}, {"weight": {"bps": 10_000}}]}

    answer = await stub.SimulateRollout(question(spec=spec, canary_bad={"error": 0.2}))

    assert answer.asked.aborted_in == {0: 60}
    assert answer.asked.abort_units.median > 100


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"rate": 0}, "rate"),
        ({"runs": 2001}, "2000"),
        ({"traffic": "none"}, "steady"),
        ({"spec": {"steps": [], "hurry": 1}}, "hurry"),
    ],
)
async def test_what_cannot_be_simulated_is_refused_with_a_reason(stub, changes, words):
    with pytest.raises(grpc.RpcError) as caught:
        await stub.SimulateRollout(question(**changes))

    refused = from_rpc_error(caught.value)
    assert isinstance(refused, ParameterOutOfRange)
    assert words in str(refused)


async def test_what_takes_too_long_is_given_up(stub, monkeypatch):
    monkeypatch.setattr(simulation, "MOST_SECONDS", 0.0)

    with pytest.raises(grpc.RpcError) as caught:
        await stub.SimulateRollout(question())

    assert "runs" in str(from_rpc_error(caught.value))


async def test_the_event_loop_goes_on_while_rollouts_are_played(stub):
    simulating = asyncio.ensure_future(stub.SimulateRollout(question(runs=400)))
    turns = 0
    while not simulating.done():
        await asyncio.sleep(0.005)
        turns += 1

    assert (await simulating).asked.aborted.of == 400
    assert turns > 20  # one or two if rollouts were played on the loop
