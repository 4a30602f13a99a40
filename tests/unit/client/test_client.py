from __future__ import annotations

import socket
import subprocess
import sys
import time
import uuid
from pathlib import Path

import pytest

from limner.v1.reasons import DeadlinePassed, ModelNotReady, NoFace, ParameterOutOfRange
from limner_client import (
    AsyncLimnerClient,
    DeadlineExceeded,
    LimnerClient,
    LimnerError,
    Output,
    Unavailable,
    Violation,
)
from tests.unit.client.conftest import serving
from tests.unit.client.double import Double

SCRIPT = Path(__file__).parents[3] / "clients/python/generate_sync.py"


async def test_segment_returns_masks_faces_and_what_the_reply_says_of_itself(limner, photo):
    result = await limner.segment(photo, request_id="call-1")

    assert (result.width, result.height) == (60, 80)
    assert result.areas == {"person": 0.25}
    assert result.masks["person"].data.startswith(b"\x89PNG")
    assert result.selected is result.faces[0]
    assert result.selected.box.left == 20
    assert result.selected.pose.yaw == 12.5
    assert result.selected.scheme == "mediapipe_478"
    assert len(result.selected.landmarks) == 478
    assert len(result.selected.oval) == 36
    assert result.hints[0].advice == "come_nearer"
    assert [(use.model, use.version, use.arm) for use in result.served_by] == [
        ("face_detector", 3, "stable"),
        ("person_mask", 1, "stable"),
    ]
    assert [stage.name for stage in result.timings.stages] == ["decode", "mesh", "mesh"]
    assert result.timings.total_seconds == 0.07
    assert result.warnings[0].code == "SMALL"
    assert result.request_id == "call-1"


async def test_segment_sends_what_it_was_told(limner, double, photo):
    output = Output(format="webp", quality=80, longest_edge=512, plane_format="raw_u8")
    await limner.segment(photo, face=(3.5, 4), classes=["person"], output=output)
    await limner.segment(photo, face=2)
    await limner.segment(photo, without_faces=True)

    first, second, third = double.requests
    assert first.image.data == photo.read_bytes()
    assert (first.selector.point.x_px, first.selector.point.y_px) == (3.5, 4)
    assert list(first.classes) == [2]
    assert first.output.quality == 80
    assert first.output.longest_edge_px == 512
    assert second.selector.index == 2
    assert third.without_faces
    assert not third.HasField("selector")


async def test_matte_returns_alpha_and_a_foreground_only_where_wanted(limner, double, photo):
    plain = await limner.matte(photo)
    cut = await limner.matte(photo, foreground=True, band_px=9, output=Output(format="png"))

    assert plain.foreground is None
    assert plain.alpha.width == 60
    assert plain.unknown == 0.125
    assert cut.foreground.format == "png"
    assert [request.band_px for request in double.requests] == [0, 9]
    assert double.requests[0].subject == 1


async def test_a_prior_takes_the_place_of_the_subject(limner, double, photo):
    await limner.matte(photo, map=photo)
    await limner.matte(photo, trimap=photo)

    assert [request.WhichOneof("prior") for request in double.requests] == ["map", "trimap"]
    assert [request.subject for request in double.requests] == [0, 0]
    with pytest.raises(ValueError, match="not from both"):
        await limner.matte(photo, map=photo, trimap=photo)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"classes": ["cat"]}, "'cat' is none of background, person"),
        ({"face": "smallest"}, "face is"),
        ({"output": Output(format="gif")}, "'gif' is none of jpeg"),
    ],
)
async def test_an_argument_that_is_none_of_the_choices_is_named(limner, photo, arguments, message):
    with pytest.raises(ValueError, match=message):
        await limner.segment(photo, **arguments)


async def test_every_call_is_named_and_carries_the_metadata(make_client, double, photo):
    async with make_client(double.address, metadata={"x-studio": "north"}) as limner:
        result = await limner.segment(photo)

    sent = double.requests[0].options.request_id
    assert str(uuid.UUID(sent)) == sent == result.request_id
    assert double.metadata[0]["x-studio"] == "north"


async def test_a_failed_call_raises_the_class_the_server_raised(limner, double, photo):
    wrong = [Violation("face.index", "is 7; the photo has 1 face"), Violation("x", "y")]
    double.failures += [
        ParameterOutOfRange("two fields", violations=wrong, request_id="abc"),
        NoFace("no face"),
    ]

    with pytest.raises(ParameterOutOfRange, match="two fields") as raised:
        await limner.segment(photo)
    assert raised.value.violations == tuple(wrong)
    assert raised.value.request_id == "abc"

    with pytest.raises(NoFace) as raised:
        await limner.segment(photo, request_id="mine")
    assert raised.value.request_id == "mine"


async def test_a_large_request_is_sent_three_times_when_the_server_is_away(limner, double):
    double.failures += [ModelNotReady("loading"), ModelNotReady("loading")]
    photo = bytes(4 * 1024 * 1024)

    result = await limner.segment(photo)

    assert len(double.requests) == 3
    assert len({request.options.request_id for request in double.requests}) == 1
    assert all(request.image.data == photo for request in double.requests)
    assert result.faces


async def test_a_third_failure_is_final_and_says_when_to_come_back(limner, double, photo):
    double.failures += [ModelNotReady("loading", retry_after=2.5) for _ in range(4)]

    with pytest.raises(ModelNotReady) as raised:
        await limner.segment(photo)

    assert len(double.requests) == 3
    assert raised.value.retry_after == 2.5


async def test_a_call_is_as_urgent_as_its_client(make_client, double, photo):
    for priority, value in (("interactive", 1), ("batch", 2)):
        async with make_client(double.address, priority=priority) as limner:
            await limner.segment(photo)
            await limner.stylize(photo, style="print")
        assert [request.options.priority for request in double.requests] == [value, value]
        double.requests.clear()


async def test_a_call_belongs_to_whom_their_client_names(make_client, double, photo):
    async with make_client(double.address, routing_key="somebody") as limner:
        await limner.segment(photo)
        await limner.stylize(photo, style="print")
    asked = [request.options for request in double.requests]
    assert [options.routing_key for options in asked] == ["somebody"] * 2
    assert all(options.request_id for options in asked)


def test_a_priority_that_is_none_is_said_at_once():
    with pytest.raises(ValueError, match="'urgent' is none of interactive, batch"):
        LimnerClient(priority="urgent")


async def test_other_failures_are_not_sent_again(limner, double, photo):
    double.failures += [DeadlinePassed("too late")]

    with pytest.raises(DeadlinePassed):
        await limner.segment(photo)

    assert len(double.requests) == 1


async def test_a_call_ends_with_its_budget(limner, double, photo):
    double.hangs = True

    with pytest.raises(DeadlineExceeded, match=r"no answer came within 0\.3 s") as raised:
        await limner.segment(photo, timeout=0.3, request_id="slow")

    assert raised.value.reason == "DEADLINE_EXCEEDED"
    assert raised.value.request_id == "slow"


async def test_a_server_that_is_not_there_is_said_at_once(make_client, closed_address, photo):
    began = time.perf_counter()
    async with make_client(closed_address, timeout=30) as limner:
        with pytest.raises(Unavailable, match=f"nothing answers at {closed_address}$"):
            await limner.segment(photo)
        assert not await limner.health()
    assert time.perf_counter() - began < 5


async def test_a_new_client_does_not_wait_for_what_another_found(make_client, closed_address):
    async with make_client(closed_address, timeout=5) as early:
        for _ in range(3):  # each waits longer before it looks again
            with pytest.raises(Unavailable):
                await early.list_styles()
        with serving(Double(), closed_address):
            async with make_client(closed_address, timeout=5) as late:
                assert await late.list_styles()


async def test_health_is_the_servers_answer(limner):
    assert await limner.health()
    assert not await limner.health("down")
    with pytest.raises(LimnerError) as raised:
        await limner.health("unheard-of")
    assert raised.value.code.name == "NOT_FOUND"


async def test_who_takes_a_connection_and_says_nothing_is_not_well(make_client):
    with socket.create_server(("127.0.0.1", 0)) as mute:
        async with make_client(f"127.0.0.1:{mute.getsockname()[1]}") as limner:
            assert not await limner.health(timeout=0.3)


async def test_a_call_may_take_for_ever(limner, photo):
    assert await limner.segment(photo, timeout=float("inf"))
    assert await limner.stylize(photo, style="print", timeout=1e12)


@pytest.mark.parametrize("timeout", [float("nan"), -1])
async def test_a_timeout_that_is_none_is_said_at_once(limner, double, photo, timeout):
    with pytest.raises(ValueError, match="timeout is a number of seconds"):
        await limner.segment(photo, timeout=timeout)
    assert not double.requests


async def test_a_missing_file_fails_before_any_call(limner, double, tmp_path):
    with pytest.raises(FileNotFoundError):
        await limner.segment(tmp_path / "gone.jpg")
    assert not double.requests


@pytest.mark.parametrize("kind", [LimnerClient, AsyncLimnerClient])
def test_the_address_is_the_argument_then_the_environment_then_here(kind, monkeypatch):
    monkeypatch.setenv("LIMNER_ADDRESS", "studio:1")
    assert kind("here:2").address == "here:2"
    assert kind().address == "studio:1"
    monkeypatch.delenv("LIMNER_ADDRESS")
    assert kind().address == "localhost:50051"


def test_the_synchronous_client_is_what_the_generator_makes():
    done = subprocess.run(
        [sys.executable, str(SCRIPT), "--check"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_both_clients_offer_the_same():
    def public(kind):
        return {name for name in vars(kind) if not name.startswith("_")}

    assert public(AsyncLimnerClient) == public(LimnerClient)
