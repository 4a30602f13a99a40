from __future__ import annotations

import numpy as np
import pytest

from limner.v1 import dye_pb2, image_pb2
from limner.v1.reasons import MaskSizeMismatch, ParameterOutOfRange, ShadeUnknown
from limner_registry.hair_colors import DYE_PAIRS
from limner_server.imaging import codec
from limner_server.imaging.hair_color import HairColor
from limner_server.pipelines.dye import Dyed, Generator
from limner_server.services import dye
from tests.unit.server.pipelines.conftest import Networks, call_with

IMAGE = {"data": b"x"}


def refused(check, request) -> list[str]:
    with pytest.raises(ParameterOutOfRange) as caught:
        check(request)
    return [violation.field for violation in caught.value.violations]


def test_every_generator_has_its_name_on_the_wire():
    assert set(dye.GENERATORS) == set(Generator)
    numbers = [value.number for value in dye_pb2.DyeGenerator.DESCRIPTOR.values]
    assert sorted(dye.GENERATORS.values()) == numbers[1:]


def test_all_that_is_wrong_with_a_dye_is_told_at_once():
    request = dye_pb2.DyeRequest(
        color={"srgb": {"green": 256}}, strength=1.5, alpha={"format": 2}, selector={"index": 64}
    )
    assert refused(dye._check, request) == [
        *("image.data", "alpha.data", "alpha.width_px", "alpha.height_px"),
        *("selector.index", "strength", "color.srgb.green"),
    ]


def test_a_dye_without_a_color_is_refused():
    assert refused(dye._check, dye_pb2.DyeRequest(image=IMAGE)) == ["color"]


def test_the_name_of_a_shade_is_looked_at_when_all_else_is_well():
    request = dye_pb2.DyeRequest(image=IMAGE, color={"shade": "plum"}, strength=2)
    assert refused(dye._check, request) == ["strength"]
    request.strength = 1
    with pytest.raises(ShadeUnknown):
        dye._check(request)


def test_a_streams_settings_hold_neither_image_nor_alpha():
    color = {"shade": "auburn"}
    dye._check_settings(dye_pb2.DyeRequest(color=color))
    settings = dye_pb2.DyeRequest(color=color, image=IMAGE, alpha={"data": b"x"})
    assert refused(dye._check_settings, settings) == ["settings.image", "settings.alpha"]


@pytest.mark.parametrize("pair", [None, *DYE_PAIRS])
def test_a_reply_names_the_pair_whose_generator_answered(pair):
    generator = Generator.CLOSED_FORM if pair is None else Generator.BANK
    alpha = np.array([[0, 255], [0, 51]], np.uint8)
    found = HairColor((38.0, 9.0, 18.0), "brown", 1.0, 6.5)
    dyed = Dyed(np.zeros((2, 2, 3), np.uint8), alpha, found, generator, pair, 20.0, 4.0)

    reply = dye._written(dyed, (32.0, 22.0, 20.0), dye_pb2.DyeRequest(want_alpha=pair is None))

    names = (
        dye_pb2.HairColor.Name(reply.dyed_by.found),
        dye_pb2.HairColor.Name(reply.dyed_by.wanted),
    )
    expected = pair or ("unspecified", "unspecified")
    assert names == tuple(f"HAIR_COLOR_{name.upper()}" for name in expected)
    assert reply.found.share == pytest.approx(0.3)
    assert reply.HasField("alpha") == (pair is None)
    assert (reply.width_px, reply.height_px) == (2, 2)
    assert reply.image.format == image_pb2.IMAGE_FORMAT_JPEG


async def test_validating_looks_at_the_head_of_the_alpha_too():
    networks = Networks()
    photo = np.zeros((30, 40, 3), np.uint8)

    async def validated(alpha):
        call_with().enter()
        request = dye_pb2.DyeRequest(
            image={"data": codec.encode(photo, "png")},
            color={"shade": "auburn"},
            alpha={"data": codec.encode_plane(alpha)},
            options={"validate_only": True},
        )
        return await dye.DyeService(networks).Dye(request, None)

    assert not (await validated(photo[..., 0])).HasField("image")
    with pytest.raises(MaskSizeMismatch, match="alpha is 40 x 29 pixels"):
        await validated(photo[1:, :, 0])
    assert not networks.asked
