from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from limner.v1 import image_pb2, matte_pb2, reasons
from tests.integration.conftest import failure, plane, saved

PERSON = matte_pb2.MATTE_SUBJECT_PERSON
RAW_RGBA8 = image_pb2.IMAGE_FORMAT_RAW_RGBA8


@pytest.fixture(scope="module")
def cut_out(stubs, astronaut):
    request = matte_pb2.MatteRequest(
        image={"data": astronaut},
        subject=PERSON,
        want_foreground=True,
        output={"format": RAW_RGBA8},
    )
    return stubs.matte.Matte(request)


def test_the_alpha_keeps_what_the_trimap_is_sure_of(cut_out):
    alpha, trimap = plane(cut_out.alpha.data), plane(cut_out.trimap.data)
    assert set(np.unique(trimap)) == {0, 128, 255}
    np.testing.assert_array_equal(alpha[trimap == 255], 255)
    np.testing.assert_array_equal(alpha[trimap == 0], 0)
    assert (trimap == 128).mean() == pytest.approx(cut_out.unknown)
    assert ((alpha > 10) & (alpha < 245)).any()


def test_the_cut_out_keeps_every_sure_pixel_of_the_photo(cut_out, portrait):
    pixels = np.frombuffer(cut_out.foreground.data, np.uint8).reshape(512, 512, 4)
    alpha = plane(cut_out.alpha.data)
    np.testing.assert_array_equal(pixels[..., 3], alpha)
    sure = alpha == 255
    np.testing.assert_array_equal(pixels[sure][:, :3], np.asarray(portrait)[sure])


@pytest.fixture(scope="module")
def hair(stubs, astronaut):
    """The astronaut's hair, by what is the default of everything."""
    return stubs.matte.Matte(matte_pb2.MatteRequest(image={"data": astronaut}))


def test_hair_is_cut_out_where_nothing_else_is_said(hair):
    alpha = plane(hair.alpha.data)
    assert alpha[35, 230] > 200
    assert alpha[125, 215] == 0
    assert alpha[350, 200] == 0
    models = {use.model for use in hair.served_by.models}
    assert "hair_segmenter" in models
    assert "hair_matter" in models


def test_both_engines_agree_where_the_trimap_is_sure(stubs, astronaut, hair):
    closed = matte_pb2.MATTE_ENGINE_CLOSED_FORM
    request = matte_pb2.MatteRequest(image={"data": astronaut}, engine=closed)
    solved = stubs.matte.Matte(request)
    assert "hair_matter" not in {use.model for use in solved.served_by.models}
    sure = plane(hair.trimap.data) != 128
    np.testing.assert_array_equal(plane(solved.trimap.data), plane(hair.trimap.data))
    np.testing.assert_array_equal(plane(solved.alpha.data)[sure], plane(hair.alpha.data)[sure])
    band = np.abs(plane(solved.alpha.data).astype(int) - plane(hair.alpha.data))[~sure]
    assert band.mean() < 90


def test_the_network_knows_no_person(stubs, astronaut):
    request = matte_pb2.MatteRequest(
        image={"data": astronaut}, subject=PERSON, engine=matte_pb2.MATTE_ENGINE_NETWORK
    )
    error = failure(stubs.matte.Matte, request)
    assert [violation.field for violation in error.violations] == ["engine"]


def test_the_network_solves_a_trimap_of_ones_own(stubs, astronaut, hair):
    sent = {"data": hair.trimap.data}
    request = matte_pb2.MatteRequest(
        image={"data": astronaut}, trimap=sent, engine=matte_pb2.MATTE_ENGINE_NETWORK
    )
    reply = stubs.matte.Matte(request)
    assert [use.model for use in reply.served_by.models] == ["hair_matter"]
    np.testing.assert_array_equal(plane(reply.alpha.data), plane(hair.alpha.data))


def test_a_photo_without_hair_is_told_so(stubs):
    white = saved(Image.new("RGB", (640, 480), "white"), "PNG")
    error = failure(stubs.matte.Matte, matte_pb2.MatteRequest(image={"data": white}))
    assert isinstance(error, reasons.NoHair)
    assert "%" in str(error)


def test_a_stream_cuts_out_frame_by_frame(stubs, astronaut, hair):
    settings = {"output": {"plane_format": image_pb2.PLANE_FORMAT_RAW_U8}}
    requests = [
        matte_pb2.MatteStreamRequest(settings=settings),
        matte_pb2.MatteStreamRequest(frame={"number": 5, "image": {"data": astronaut}}),
    ]
    (answer,) = stubs.matte.MatteStream(iter(requests))
    assert answer.number == 5
    assert answer.response.alpha.data == plane(hair.alpha.data).tobytes()


def test_a_stream_takes_no_trimap(stubs, astronaut):
    settings = matte_pb2.MatteStreamRequest(settings={"trimap": {"data": astronaut}})
    error = failure(lambda _: next(stubs.matte.MatteStream(iter([settings]))), None)
    assert [violation.field for violation in error.violations] == ["settings.trimap"]


def test_a_trimap_of_ones_own_is_solved_as_it_is(stubs, astronaut):
    trimap = np.zeros((512, 512), np.uint8)
    trimap[:, 120:] = 128
    trimap[:, 150:] = 255
    data = saved(Image.fromarray(trimap), "PNG")
    request = matte_pb2.MatteRequest(image={"data": astronaut}, trimap={"data": data})
    response = stubs.matte.Matte(request)
    np.testing.assert_array_equal(plane(response.trimap.data), trimap)
    assert not response.served_by.models


def test_a_map_of_ones_own_gets_a_band_around_its_edge(stubs, astronaut):
    mask = np.zeros((512, 512), np.uint8)
    mask[100:400, 100:400] = 255
    raw = {
        "data": mask.tobytes(),
        "format": image_pb2.PLANE_FORMAT_RAW_U8,
        "width_px": 512,
        "height_px": 512,
    }
    request = matte_pb2.MatteRequest(image={"data": astronaut}, map=raw, band_px=8)
    trimap = plane(stubs.matte.Matte(request).trimap.data)
    assert (trimap[200:300, 90:112] == 128).any()
    assert trimap[250, 250] == 255
    assert trimap[250, 50] == 0


def test_a_jpeg_foreground_has_colors_only(stubs, astronaut):
    request = matte_pb2.MatteRequest(
        image={"data": astronaut}, subject=PERSON, want_foreground=True
    )
    foreground = stubs.matte.Matte(request).foreground
    assert foreground.format == image_pb2.IMAGE_FORMAT_JPEG
    assert foreground.data[:2] == b"\xff\xd8"
