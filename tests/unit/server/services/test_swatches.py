from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from limner.v1 import dye_pb2, image_pb2
from limner_registry.color import ciede2000, srgb_to_lab
from limner_server.imaging.shades import SHADES
from limner_server.services import swatches
from limner_server.services.swatches import EDGE, shades, strand

PNG = image_pb2.OutputSpec(format=image_pb2.IMAGE_FORMAT_PNG, longest_edge_px=32)


@pytest.mark.parametrize("shade", SHADES, ids=lambda shade: shade.name)
def test_a_strand_has_its_shade_on_the_whole_and_is_no_flat_patch(shade):
    pixels = strand(shade.lab)
    assert pixels.shape == (EDGE, EDGE, 3)
    lab = srgb_to_lab(pixels)
    mean = lab.mean((0, 1), dtype=np.float64)
    assert float(ciede2000(mean, np.array(shade.lab))) < 6
    assert lab[..., 0].std() > 2


def test_every_shade_is_listed_with_its_picture_as_it_is_wanted():
    listed = shades(PNG, pictured=True)
    assert [shade.name for shade in listed] == [shade.name for shade in SHADES]
    for shade in listed:
        with Image.open(io.BytesIO(shade.preview.data)) as picture:
            assert (picture.format, picture.size) == ("PNG", (32, 32))


def test_a_shade_that_no_class_is_near_has_none():
    families = {shade.name: shade.color for shade in shades(PNG, pictured=False)}
    assert families["auburn"] == dye_pb2.HAIR_COLOR_RED
    assert families["green"] == dye_pb2.HAIR_COLOR_UNSPECIFIED


def test_pictures_that_are_not_wanted_are_not_drawn():
    assert not any(shade.HasField("preview") for shade in shades(PNG, pictured=False))


def test_the_pictures_are_drawn_once():
    shades(PNG, pictured=True)
    before = swatches._previews.cache_info()
    shades(PNG, pictured=True)
    after = swatches._previews.cache_info()
    assert (after.hits, after.misses) == (before.hits + 1, before.misses)
