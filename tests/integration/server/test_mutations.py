"""Whatever a caller sends, it is never our defect: mutated requests see no INTERNAL, no UNKNOWN."""

from __future__ import annotations

import grpc
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from limner.v1 import (
    animalize_pb2,
    composite_pb2,
    dye_pb2,
    image_pb2,
    matte_pb2,
    model_pb2,
    segment_pb2,
    stylize_pb2,
    transfer_hair_pb2,
)
from tests.integration.conftest import saved

SEGMENT = "/limner.v1.SegmentService/Segment"
MATTE = "/limner.v1.MatteService/Matte"
DYE = "/limner.v1.DyeService/Dye"
LIST_SHADES = "/limner.v1.DyeService/ListShades"
STREAM = "/limner.v1.DyeService/DyeStream"
STYLIZE = "/limner.v1.StylizeService/Stylize"
COMPOSITE = "/limner.v1.CompositeService/Composite"
ANIMALIZE = "/limner.v1.AnimalizeService/Animalize"
LIST_ANIMALS = "/limner.v1.AnimalizeService/ListAnimals"
TRANSFER = "/limner.v1.TransferHairService/TransferHair"
LIST_REFERENCES = "/limner.v1.TransferHairService/ListReferences"
RECOMMEND = "/limner.v1.TransferHairService/RecommendReferences"
EXPORT = "/limner.v1.ModelService/ExportModel"
LIST_STYLES = "/limner.v1.StylizeService/ListStyles"
REQUESTS = {
    SEGMENT: segment_pb2.SegmentRequest,
    MATTE: matte_pb2.MatteRequest,
    DYE: dye_pb2.DyeRequest,
    LIST_SHADES: dye_pb2.ListShadesRequest,
    STREAM: dye_pb2.DyeStreamRequest,
    STYLIZE: stylize_pb2.StylizeRequest,
    LIST_STYLES: stylize_pb2.ListStylesRequest,
    COMPOSITE: composite_pb2.CompositeRequest,
    ANIMALIZE: animalize_pb2.AnimalizeRequest,
    LIST_ANIMALS: animalize_pb2.ListAnimalsRequest,
    TRANSFER: transfer_hair_pb2.TransferHairRequest,
    LIST_REFERENCES: transfer_hair_pb2.ListReferencesRequest,
    RECOMMEND: transfer_hair_pb2.RecommendReferencesRequest,
    EXPORT: model_pb2.ExportModelRequest,
}
SETTINGS = dye_pb2.DyeStreamRequest(settings={"color": {"shade": "red"}}).SerializeToString()
DEFECTS = {grpc.StatusCode.INTERNAL, grpc.StatusCode.UNKNOWN}
EXTREMES = st.sampled_from([-(2**31), -1, 0, 1, 2, 15, 16, 100, 101, 255, 256, 65535, 2**31 - 1])
SMALL = np.random.default_rng(7).integers(0, 255, (24, 32, 3), np.uint8)


def valid_requests() -> list[tuple[str, bytes]]:
    """Return calls that the server answers, between them using every field."""
    picture = Image.fromarray(SMALL)
    mask = {"data": saved(Image.new("L", (32, 24), 255), "PNG")}
    half = np.zeros((24, 32), np.uint8)
    half[:, 10:20], half[:, 20:] = 128, 255
    trimap = {
        "data": half.tobytes(),
        "format": image_pb2.PLANE_FORMAT_RAW_U8,
        "width_px": 32,
        "height_px": 24,
    }
    raw = {
        "data": SMALL.tobytes(),
        "format": image_pb2.IMAGE_FORMAT_RAW_RGB8,
        "width_px": 32,
        "height_px": 24,
    }
    output = {"format": image_pb2.IMAGE_FORMAT_PNG, "quality": 80, "longest_edge_px": 16}
    options = {"request_id": "mutant"}
    files = [{"data": saved(picture, kind)} for kind in ("PNG", "JPEG", "WEBP")]
    calls = [
        (SEGMENT, segment_pb2.SegmentRequest(image=image, without_faces=True, output=output))
        for image in (*files, raw)
    ]
    calls += [
        (SEGMENT, segment_pb2.SegmentRequest(image=raw, selector={"index": 0}, classes=[1, 2])),
        (SEGMENT, segment_pb2.SegmentRequest(image=raw, selector={"point": {"x_px": 5}})),
        (MATTE, matte_pb2.MatteRequest(image=raw, trimap=trimap, want_foreground=True)),
        (MATTE, matte_pb2.MatteRequest(image=files[0], map=mask, band_px=3, output=output)),
        (MATTE, matte_pb2.MatteRequest(image=files[1], subject=1, engine=1, options=options)),
    ]
    alpha = {**raw, "data": SMALL[..., 0].tobytes(), "format": image_pb2.PLANE_FORMAT_RAW_U8}
    colors = [
        {"shade": "auburn"},
        {"srgb": {"red": 122, "green": 31, "blue": 61}},
        {"lab": {"l": 50, "a": 20, "b": 10}},
    ]
    calls += [
        (DYE, dye_pb2.DyeRequest(image=raw, alpha=alpha, color=color, strength=0.5, output=output))
        for color in colors
    ]
    calls += [
        (DYE, dye_pb2.DyeRequest(image=raw, color={"reference": files[0]}, blend=2)),
        (LIST_SHADES, dye_pb2.ListShadesRequest(output=output, without_previews=True)),
        (STREAM, dye_pb2.DyeStreamRequest(settings={"color": colors[1], "strength": 0.5})),
        (STREAM, dye_pb2.DyeStreamRequest(frame={"number": 3, "image": raw})),
    ]
    drawn = {"style": "print", "colors": 9, "strength": 0.5, "line_width": 2, "tile_px": 256}
    calls += [
        (STYLIZE, stylize_pb2.StylizeRequest(image=raw, seed=7, tiling=1, output=output, **drawn)),
        (STYLIZE, stylize_pb2.StylizeRequest(image=files[1], style="illustration", tiling=2)),
        (LIST_STYLES, stylize_pb2.ListStylesRequest(output=output, options=options)),
    ]
    pair = {"original": raw, "converted": files[2], "want_mask": True, "output": output}
    selectors = {"original_selector": {"index": 0}, "converted_selector": {"point": {"x_px": 5}}}
    calls += [
        (COMPOSITE, composite_pb2.CompositeRequest(**pair, engine=1)),
        (COMPOSITE, composite_pb2.CompositeRequest(**pair, **selectors, options=options)),
    ]
    sent = {"data": saved(Image.new("RGBA", (8, 6), (200, 10, 10, 90)), "PNG")}
    worn = [{"name": "hat", "anchor": 4, "scale": 2, "right": 1, "down": -1}, {"image": sent}]
    animal = {"image": raw, "animal": "fox", "coat": "red", "stickers": worn}
    calls += [
        (ANIMALIZE, animalize_pb2.AnimalizeRequest(**animal, want_mask=True, output=output)),
        (ANIMALIZE, animalize_pb2.AnimalizeRequest(**animal, selector={"all": True})),
        (LIST_ANIMALS, animalize_pb2.ListAnimalsRequest(without_previews=True, options=options)),
        (EXPORT, model_pb2.ExportModelRequest(model="face_mesh", version=1, options=options)),
    ]
    hair = {"shape": {"image": files[2], "selector": {"index": 0}}, "look": {"name": "bob-black"}}
    wanted = {"want_preview": True, "want_alpha": True, "want_mask": True, "keep_face": False}
    calls += [
        (TRANSFER, transfer_hair_pb2.TransferHairRequest(person=raw, **hair, **wanted)),
        (TRANSFER, transfer_hair_pb2.TransferHairRequest(person=raw, mode=1, iterations=9, **hair)),
        (LIST_REFERENCES, transfer_hair_pb2.ListReferencesRequest(tags=["bob"], page_size=2)),
        (RECOMMEND, transfer_hair_pb2.RecommendReferencesRequest(image=raw, count=2, tags=["a"])),
    ]
    return [(method, request.SerializeToString()) for method, request in calls]


CALLS = valid_requests()


@st.composite
def mutants(draw) -> tuple[str, bytes]:
    """Return a valid call with a few bytes of its message changed, added, cut or swapped."""
    method, message = draw(st.sampled_from(CALLS))
    data = bytearray(message)
    for _ in range(draw(st.integers(1, 4))):
        place = draw(st.integers(0, max(0, len(data) - 1)))
        match draw(st.sampled_from(["flip", "set", "insert", "cut", "drop", "repeat"])):
            case "flip" if data:
                data[place] ^= 1 << draw(st.integers(0, 7))
            case "set" if data:
                data[place] = draw(st.sampled_from([0, 1, 127, 128, 255]))
            case "insert":
                data[place:place] = draw(st.binary(min_size=1, max_size=8))
            case "cut":
                del data[place:]
            case "drop":
                del data[place : place + draw(st.integers(1, 16))]
            case _:
                data[place:place] = data[: draw(st.integers(0, 64))]
    return method, bytes(data)


@st.composite
def extremes(draw) -> tuple[str, bytes]:
    """Return a valid call with some of its numbers at their extremes."""
    method, message = draw(st.sampled_from(CALLS))
    request = REQUESTS[method].FromString(message)
    below = [value for _, value in request.ListFields() if hasattr(value, "DESCRIPTOR")]
    for part in (request, *below):
        for field in part.DESCRIPTOR.fields:
            whole = field.cpp_type in {field.CPPTYPE_INT32, field.CPPTYPE_ENUM}
            if whole and not field.is_repeated and draw(st.booleans()):
                setattr(part, field.name, draw(EXTREMES))
    return method, request.SerializeToString()


@pytest.fixture(scope="module")
def channel(stack):
    with grpc.insecure_channel(stack.address) as channel:
        yield channel


def status_of(channel, method, message) -> grpc.StatusCode:
    try:
        if method == STREAM:
            list(channel.stream_stream(method)(iter([SETTINGS, message]), timeout=30))
        elif method in {STYLIZE, TRANSFER, EXPORT}:
            list(channel.unary_stream(method)(message, timeout=30))
        else:
            channel.unary_unary(method)(message, timeout=30)
    except grpc.RpcError as error:
        return error.code()
    return grpc.StatusCode.OK


def test_the_calls_are_good_before_they_are_mutated(channel):
    codes = [status_of(channel, *call) for call in CALLS]
    answered = {grpc.StatusCode.OK, grpc.StatusCode.FAILED_PRECONDITION}  # noise shows nobody
    assert set(codes) <= answered
    assert codes.count(grpc.StatusCode.OK) >= 14


@settings(
    max_examples=2000,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(mutants())
def test_a_mutated_message_is_never_our_defect(channel, call):
    assert status_of(channel, *call) not in DEFECTS


@settings(max_examples=500, deadline=None)
@given(extremes())
def test_a_number_at_its_extreme_is_never_our_defect(channel, call):
    assert status_of(channel, *call) not in DEFECTS
