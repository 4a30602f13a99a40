"""The server put together, with a Triton that is not there."""

from __future__ import annotations

import contextlib
import time

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc

from limner.errors import from_rpc_error
from limner.v1 import (
    animalize_pb2,
    animalize_pb2_grpc,
    dye_pb2,
    dye_pb2_grpc,
    matte_pb2,
    matte_pb2_grpc,
    model_pb2,
    model_pb2_grpc,
    segment_pb2,
    segment_pb2_grpc,
    stylize_pb2,
    stylize_pb2_grpc,
    transfer_hair_pb2,
    transfer_hair_pb2_grpc,
)
from limner.v1.reasons import (
    Draining,
    ModelNotReady,
    ParameterOutOfRange,
    ShadeUnknown,
    StyleUnknown,
)
from limner_server.app import running
from limner_server.listening import CannotListen
from limner_server.settings import Settings

NOBODY = "127.0.0.1:1"
GRAY = {"data": b"\x80" * 12, "format": 4, "width_px": 2, "height_px": 2}


@contextlib.asynccontextmanager
async def served(folder, **told):
    settings = Settings(folder, port=0, metrics_port=0, triton=NOBODY, **told)
    async with (
        running(settings) as app,
        grpc.aio.insecure_channel(f"127.0.0.1:{app.port}") as channel,
    ):
        yield app, channel


async def status_of(channel, service):
    request = health_pb2.HealthCheckRequest(service=service)
    answer = await health_pb2_grpc.HealthStub(channel).Check(request)
    return health_pb2.HealthCheckResponse.ServingStatus.Name(answer.status)


async def services_of(channel):
    stub = reflection_pb2_grpc.ServerReflectionStub(channel)
    ask = reflection_pb2.ServerReflectionRequest(list_services="")
    answers = [answer async for answer in stub.ServerReflectionInfo(iter([ask]))]
    return {service.name for service in answers[0].list_services_response.service}


@pytest.mark.parametrize(
    "service",
    [
        "",
        *(
            f"limner.v1.{name}Service"
            for name in (
                "Segment",
                "Matte",
                "Dye",
                "Stylize",
                "Composite",
                "Animalize",
                "TransferHair",
            )
        ),
    ],
)
async def test_nothing_serves_before_its_models_answer(tmp_path, service):
    async with served(tmp_path) as (_, channel):
        assert await status_of(channel, service) == "NOT_SERVING"


async def test_a_call_before_the_models_are_ready_is_told_when_to_come_again(tmp_path):
    async with served(tmp_path) as (_, channel):
        stub = segment_pb2_grpc.SegmentServiceStub(channel)
        with pytest.raises(grpc.RpcError) as caught:
            await stub.Segment(segment_pb2.SegmentRequest(image=GRAY))
    error = from_rpc_error(caught.value)
    assert isinstance(error, ModelNotReady)
    assert error.retry_after


async def test_what_is_wrong_with_a_request_is_told_without_any_model(tmp_path):
    async with served(tmp_path) as (_, channel):
        stub = matte_pb2_grpc.MatteServiceStub(channel)
        with pytest.raises(grpc.RpcError) as caught:
            await stub.Matte(matte_pb2.MatteRequest(image=GRAY, band_px=-1))
    assert isinstance(from_rpc_error(caught.value), ParameterOutOfRange)


async def test_a_shade_that_is_none_is_told_without_any_model(tmp_path):
    async with served(tmp_path) as (_, channel):
        stub = dye_pb2_grpc.DyeServiceStub(channel)
        with pytest.raises(grpc.RpcError) as caught:
            await stub.Dye(dye_pb2.DyeRequest(image=GRAY, color={"shade": "aubrun"}))
    error = from_rpc_error(caught.value)
    assert isinstance(error, ShadeUnknown)
    assert "auburn" in str(error)


async def test_the_shades_are_listed_without_any_model(tmp_path):
    async with served(tmp_path) as (_, channel):
        stub = dye_pb2_grpc.DyeServiceStub(channel)
        reply = await stub.ListShades(dye_pb2.ListShadesRequest(output={"longest_edge_px": 16}))
    assert len(reply.shades) > 10
    assert all(shade.preview.width_px == 16 for shade in reply.shades)
    assert not reply.served_by.models


async def test_a_style_that_is_none_is_told_without_any_model(tmp_path):
    async with served(tmp_path) as (_, channel):
        call = stylize_pb2_grpc.StylizeServiceStub(channel).Stylize(
            stylize_pb2.StylizeRequest(image=GRAY, style="manga")
        )
        with pytest.raises(grpc.RpcError) as caught:
            await call.read()
    error = from_rpc_error(caught.value)
    assert isinstance(error, StyleUnknown)
    assert "illustration, ink-and-wash, print" in str(error)


async def test_nothing_is_told_of_a_drawing_that_cannot_be_begun(tmp_path):
    async with served(tmp_path) as (_, channel):
        call = stylize_pb2_grpc.StylizeServiceStub(channel).Stylize(
            stylize_pb2.StylizeRequest(image=GRAY, style="print")
        )
        with pytest.raises(grpc.RpcError) as caught:
            await call.read()
    assert isinstance(from_rpc_error(caught.value), ModelNotReady)


async def test_the_styles_are_listed_without_pictures_before_the_model_answers(tmp_path):
    async with served(tmp_path) as (_, channel):
        stub = stylize_pb2_grpc.StylizeServiceStub(channel)
        reply = await stub.ListStyles(stylize_pb2.ListStylesRequest())
    assert len(reply.styles) >= 3
    assert not any(style.HasField("preview") for style in reply.styles)
    assert [warning.code for warning in reply.warnings] == ["PREVIEWS_NOT_READY"]


async def test_a_stream_before_the_models_are_ready_is_told_when_to_come_again(tmp_path):
    async with served(tmp_path) as (_, channel):
        stub = segment_pb2_grpc.SegmentServiceStub(channel)
        requests = [
            segment_pb2.SegmentStreamRequest(settings={}),
            segment_pb2.SegmentStreamRequest(frame={"number": 0, "image": GRAY}),
        ]
        stream = stub.SegmentStream(iter(requests))
        with pytest.raises(grpc.RpcError) as caught:
            await stream.read()
    assert isinstance(from_rpc_error(caught.value), ModelNotReady)


async def test_a_drain_does_not_wait_for_a_stream_that_is_idle(tmp_path):
    async with served(tmp_path) as (app, channel):
        stub = segment_pb2_grpc.SegmentServiceStub(channel)
        stream = stub.SegmentStream()
        await stream.write(segment_pb2.SegmentStreamRequest(settings={}))
        started = time.monotonic()
        await app.drain()
        with pytest.raises(grpc.RpcError) as caught:
            await stream.read()
    assert isinstance(from_rpc_error(caught.value), Draining)
    assert time.monotonic() - started < 5


async def test_the_services_describe_themselves_when_told_to(tmp_path):
    async with served(tmp_path, reflection=True) as (_, channel):
        services = await services_of(channel)
    assert {
        f"limner.v1.{name}Service" for name in ("Segment", "Matte", "Dye", "Stylize")
    } <= services


async def test_the_services_do_not_describe_themselves_unasked(tmp_path):
    async with served(tmp_path) as (_, channel):
        with pytest.raises(grpc.RpcError) as caught:
            await services_of(channel)
    assert caught.value.code() is grpc.StatusCode.UNIMPLEMENTED


async def test_a_taken_port_is_refused_by_name(tmp_path):
    async with served(tmp_path) as (app, _):
        settings = Settings(tmp_path, port=app.port, metrics_port=0, triton=NOBODY)
        with pytest.raises(CannotListen, match=str(app.port)):
            async with running(settings):
                pytest.fail("it listens on another's port")


async def test_a_drained_server_turns_health_first_and_then_calls_away(tmp_path):
    async with served(tmp_path) as (app, channel):
        await status_of(channel, "")  # connected
        await app.drain()
        with pytest.raises(grpc.RpcError) as caught:
            await status_of(channel, "")
    assert caught.value.code() is grpc.StatusCode.UNAVAILABLE


async def test_what_needs_no_network_is_answered_without_one(tmp_path):
    async with served(tmp_path) as (_, channel):
        assert await status_of(channel, "limner.v1.ModelService") == "SERVING"
        animals = animalize_pb2_grpc.AnimalizeServiceStub(channel)
        listed = await animals.ListAnimals(animalize_pb2.ListAnimalsRequest())
        assert {animal.name for animal in listed.animals} == {"cat", "dog", "fox", "bear"}
        references = transfer_hair_pb2_grpc.TransferHairServiceStub(channel)
        stored = await references.ListReferences(transfer_hair_pb2.ListReferencesRequest())
        assert {reference.source for reference in stored.references} == {1}
        models = model_pb2_grpc.ModelServiceStub(channel)
        with pytest.raises(grpc.RpcError) as caught:
            [_ async for _ in models.ExportModel(model_pb2.ExportModelRequest(model="face_mesh"))]
        assert isinstance(from_rpc_error(caught.value), ModelNotReady)
