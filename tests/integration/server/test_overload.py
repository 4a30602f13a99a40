"""More calls than two cores can answer: who is refused is told at once, all others are answered."""

from __future__ import annotations

import re
import time
import urllib.request
from concurrent.futures import ThreadPoolExecutor

import grpc
import pytest

from limner.errors import from_rpc_error
from limner.v1 import image_pb2, segment_pb2
from limner.v1.reasons import OverloadedWork

EMPTY = (
    "limner_working_calls",
    "limner_waiting_calls",
    "limner_held_bytes",
    "limner_held_pixels",
    "limner_model_working",
    "limner_model_waiting",
)


def page(stack, pattern: str = r"(limner_\w+)(?:\{.*\})? (\S+)") -> dict[str, float]:
    """Return what the server's page shows, the series of one name added up."""
    text = urllib.request.urlopen(stack.metrics).read().decode()
    sums: dict[str, float] = {}
    for name, value in re.findall(f"^{pattern}$", text, re.MULTILINE):
        sums[name] = sums.get(name, 0.0) + float(value)
    return sums


def runs_of(stack, model: str) -> float:
    shown = page(stack, rf'(limner_model_calls_total)\{{model="{model}".*\}} (\S+)')
    return sum(shown.values())


@pytest.fixture
def at_rest(stack):
    """The stack, which must have let go of everything once the test is over."""
    yield stack
    deadline = time.monotonic() + 5
    left = dict.fromkeys(EMPTY, 1.0)
    while any(left.values()) and time.monotonic() < deadline:
        shown = page(stack)
        left = {name: shown[name] for name in EMPTY}
        time.sleep(0.05)
    assert left == dict.fromkeys(EMPTY, 0)


def ask_all(stubs, requests, **options):
    """Ask for everything at the same time; return how each call ended."""

    def ask(request):
        try:
            return stubs.segment.Segment(request, **options)
        except grpc.RpcError as error:
            return from_rpc_error(error)

    with ThreadPoolExecutor(len(requests)) as pool:
        return list(pool.map(ask, requests))


def request_of(photo, **options):
    return segment_pb2.SegmentRequest(image={"data": photo}, options=options)


def test_interactive_calls_are_answered_or_told_when_to_come_again(at_rest, stubs, astronaut):
    before = page(at_rest).get("limner_refused_calls_total", 0)
    stubs.segment.Segment(request_of(astronaut))
    ends = ask_all(stubs, [request_of(astronaut)] * 24, timeout=60)
    refused = [end for end in ends if not isinstance(end, segment_pb2.SegmentResponse)]
    assert 0 < len(refused) < 24
    assert all(isinstance(end, OverloadedWork) and end.retry_after > 0 for end in refused)
    assert page(at_rest)["limner_refused_calls_total"] == before + len(refused)


@pytest.mark.usefixtures("at_rest")
def test_batch_calls_wait_until_it_is_their_turn(stubs, astronaut):
    batch = request_of(astronaut, priority=image_pb2.PRIORITY_BATCH)
    ends = ask_all(stubs, [batch] * 12, timeout=100)
    assert all(isinstance(end, segment_pb2.SegmentResponse) for end in ends)
    assert max(end.timings.stages[0].seconds for end in ends) > 0
    assert {end.timings.stages[0].name for end in ends} == {"admission"}


def test_a_call_that_is_sent_again_while_it_runs_is_run_once(at_rest, stubs, astronaut):
    before = runs_of(at_rest, "person_segmenter")
    again = [request_of(astronaut, request_id="again", priority=image_pb2.PRIORITY_BATCH)] * 4
    first, *others = ask_all(stubs, again, timeout=60)
    assert all(other == first for other in others)
    assert runs_of(at_rest, "person_segmenter") == before + 1


def test_large_tensors_take_the_lanes(at_rest):
    assert page(at_rest)["limner_lanes_open"] == 1
