from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from limner.v1 import image_pb2, matte_pb2
from tests.integration.conftest import plane, saved

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
