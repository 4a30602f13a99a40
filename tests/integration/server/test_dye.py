from __future__ import annotations

import io
import threading

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFilter

from limner.v1 import dye_pb2, image_pb2, reasons
from tests.integration.conftest import failure, plane, saved

PNG = {"format": image_pb2.IMAGE_FORMAT_PNG}
NONE = dye_pb2.DYE_GENERATOR_NONE
SHADES = ("jet-black", "auburn", "copper", "blond", "burgundy", "blue")
HAIR = [(155, 100), (160, 60), (190, 30), (230, 15), (270, 25), (298, 60), (300, 95), (292, 120)]
HAIR += [(272, 135), (265, 105), (262, 90), (240, 80), (205, 85), (188, 78), (180, 100), (178, 118)]
"""Corners around the astronaut's hair, by eye."""


def asked(data: bytes, **fields) -> dye_pb2.DyeRequest:
    told = {"color": {"shade": "auburn"}, "output": PNG} | fields
    return dye_pb2.DyeRequest(image={"data": data}, **told)


def pixels(image: image_pb2.Image) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(image.data)).convert("RGB"))


@pytest.fixture(scope="module")
def by_hand() -> dict:
    """An alpha drawn by hand, as a message."""
    drawn = Image.new("L", (512, 512))
    ImageDraw.Draw(drawn).polygon(HAIR, fill=255)
    return {"data": saved(drawn.filter(ImageFilter.GaussianBlur(2)), "PNG")}


@pytest.fixture(scope="module")
def auburn(stubs, astronaut) -> dye_pb2.DyeResponse:
    """The astronaut with auburn hair, found by the networks."""
    return stubs.dye.Dye(asked(astronaut, want_alpha=True))


def test_the_hair_is_found_and_nothing_else_changes(auburn, portrait):
    alpha, dyed, before = plane(auburn.alpha.data), pixels(auburn.image), np.asarray(portrait)
    outline = Image.new("1", (512, 512))
    ImageDraw.Draw(outline).polygon(HAIR, fill=1)
    inside = np.asarray(outline)
    found = alpha > 127
    assert (inside & found).sum() / (inside | found).sum() > 0.6
    np.testing.assert_array_equal(dyed[alpha == 0], before[alpha == 0])
    assert np.abs(dyed[alpha == 255].astype(int) - before[alpha == 255]).mean() > 10


def test_the_reply_says_what_was_found_and_what_made_the_color(auburn):
    assert auburn.found.color == dye_pb2.HAIR_COLOR_BROWN
    assert 0.02 < auburn.found.share < 0.2
    assert auburn.found.margin > 3
    assert auburn.wanted.l == pytest.approx(32, abs=1)
    assert auburn.difference_after < auburn.difference_before / 1.5
    models = {use.model for use in auburn.served_by.models}
    assert {"face_detector", "face_mesh", "face_mesh_attention"} < models
    assert "hair_segmenter" in models
    assert "hair_matter" in models
    stages = {stage.name for stage in auburn.timings.stages}
    assert {"decode", "find_color", "lay_on", "encode"} < stages


def test_a_pair_of_classes_has_a_generator_of_its_own(stubs, astronaut, by_hand):
    reply = stubs.dye.Dye(asked(astronaut, alpha=by_hand, color={"shade": "red"}))
    assert reply.dyed_by.generator == dye_pb2.DYE_GENERATOR_PAIR
    assert reply.dyed_by.found == dye_pb2.HAIR_COLOR_BROWN
    assert reply.dyed_by.wanted == dye_pb2.HAIR_COLOR_RED
    assert "dye_bank" in {use.model for use in reply.served_by.models}


def test_a_color_of_no_class_is_the_conditional_generators(stubs, astronaut, by_hand):
    reply = stubs.dye.Dye(asked(astronaut, alpha=by_hand, color={"shade": "green"}))
    assert reply.dyed_by.generator == dye_pb2.DYE_GENERATOR_CONDITIONAL
    assert reply.dyed_by.found == dye_pb2.HAIR_COLOR_UNSPECIFIED
    assert "dye_generator" in {use.model for use in reply.served_by.models}


@pytest.mark.parametrize("shade", SHADES)
def test_every_shade_brings_the_hair_nearer_to_it(stubs, astronaut, by_hand, shade):
    reply = stubs.dye.Dye(asked(astronaut, color={"shade": shade}, alpha=by_hand))
    assert reply.difference_after < 0.6 * reply.difference_before


def test_the_hair_comes_nearer_the_stronger_it_is_dyed(stubs, astronaut, by_hand):
    left = [
        stubs.dye.Dye(asked(astronaut, alpha=by_hand, strength=strength)).difference_after
        for strength in (0.0, 0.25, 0.5, 0.75, 1.0)
    ]
    assert left == sorted(left, reverse=True)
    assert left[-1] < left[0] - 5


def test_strength_nought_returns_every_bit_of_the_photo(stubs, astronaut, portrait, by_hand):
    reply = stubs.dye.Dye(asked(astronaut, alpha=by_hand, strength=0))
    np.testing.assert_array_equal(pixels(reply.image), np.asarray(portrait))
    assert reply.dyed_by.generator == NONE


def test_the_color_it_has_already_changes_nothing(stubs, astronaut, portrait, by_hand):
    found = stubs.dye.Dye(asked(astronaut, alpha=by_hand)).found.lab
    reply = stubs.dye.Dye(asked(astronaut, alpha=by_hand, color={"lab": found}))
    change = np.abs(pixels(reply.image).astype(int) - np.asarray(portrait))
    assert change.max() <= 1


def test_an_alpha_of_ones_own_needs_no_network_to_find_hair(stubs, astronaut, portrait, by_hand):
    reply = stubs.dye.Dye(asked(astronaut, alpha=by_hand, want_alpha=True))
    assert not {use.model for use in reply.served_by.models} & {"hair_segmenter", "face_detector"}
    np.testing.assert_array_equal(plane(reply.alpha.data), plane(by_hand["data"]))
    untouched = plane(by_hand["data"]) == 0
    np.testing.assert_array_equal(pixels(reply.image)[untouched], np.asarray(portrait)[untouched])


def test_the_color_of_a_reference_is_measured_and_wanted(stubs, astronaut, auburn):
    like = {"reference": {"data": auburn.image.data}}
    reply = stubs.dye.Dye(asked(astronaut, color=like))
    assert reply.wanted.a > auburn.found.lab.a + 5
    assert reply.difference_after < reply.difference_before


def test_a_reference_without_hair_is_named_as_the_one_that_fails(stubs, astronaut):
    white = saved(Image.new("RGB", (320, 240), "white"), "PNG")
    error = failure(stubs.dye.Dye, asked(astronaut, color={"reference": {"data": white}}))
    assert isinstance(error, reasons.NoHair)
    assert "the reference" in str(error)


def test_the_patents_blend_differs_only_where_alpha_is_soft(stubs, astronaut, by_hand):
    delta, patent = (
        pixels(stubs.dye.Dye(asked(astronaut, alpha=by_hand, blend=blend)).image).astype(int)
        for blend in (dye_pb2.DYE_BLEND_DELTA, dye_pb2.DYE_BLEND_PATENT)
    )
    alpha = plane(by_hand["data"])
    difference = np.abs(delta - patent).max(-1)
    assert difference[alpha == 0].max() == 0
    assert difference[alpha == 255].max() <= 1
    assert difference[(alpha > 64) & (alpha < 192)].mean() > 1


def test_highlights_keep_their_color_unless_told(stubs, astronaut, by_hand):
    kept, dyed = (
        pixels(
            stubs.dye.Dye(
                asked(astronaut, alpha=by_hand, color={"shade": "blue"}, keep_highlights=keep)
            ).image
        ).astype(int)
        for keep in (True, False)
    )
    assert (kept != dyed).any()


def test_of_two_heads_the_selector_decides(stubs, portrait):
    pair = Image.new("RGB", (1024, 512))
    pair.paste(portrait, (0, 0))
    pair.paste(portrait, (512, 0))
    photo = saved(pair, "PNG")
    halves = (slice(0, 512), slice(512, 1024))
    for index, own in enumerate(halves):
        dyed = pixels(stubs.dye.Dye(asked(photo, selector={"index": index})).image).astype(int)
        change = np.abs(dyed - np.asarray(pair)).max(-1)
        assert (change[:, own] > 10).sum() > 3000
        assert change[:, halves[1 - index]].max() == 0


@pytest.mark.parametrize("cover", ["rgb(170, 30, 40)", "rgb(196, 188, 186)"], ids=["hat", "wall"])
def test_a_head_whose_hair_is_covered_has_none(stubs, portrait, cover):
    mask = Image.new("L", portrait.size)
    ImageDraw.Draw(mask).polygon(HAIR, fill=255)
    mask = mask.filter(ImageFilter.MaxFilter(21)).filter(ImageFilter.GaussianBlur(2))
    photo = Image.composite(Image.new("RGB", portrait.size, cover), portrait, mask)
    error = failure(stubs.dye.Dye, asked(saved(photo, "PNG")))
    assert isinstance(error, reasons.NoHair)
    assert "%" in str(error)


def test_an_alpha_that_is_empty_is_no_hair(stubs, astronaut):
    empty = {"data": saved(Image.new("L", (512, 512)), "PNG")}
    assert isinstance(failure(stubs.dye.Dye, asked(astronaut, alpha=empty)), reasons.NoHair)


def test_an_alpha_of_another_size(stubs, astronaut):
    small = {"data": saved(Image.new("L", (256, 512), 255), "PNG")}
    error = failure(stubs.dye.Dye, asked(astronaut, alpha=small))
    assert isinstance(error, reasons.MaskSizeMismatch)
    assert error.violations[0].field == "alpha"
    assert "512 x 512" in str(error)


def test_a_shade_that_is_none_is_told_the_nearest_three(stubs, astronaut):
    error = failure(stubs.dye.Dye, asked(astronaut, color={"shade": "plum"}))
    assert isinstance(error, reasons.ShadeUnknown)
    assert len(str(error).split("nearest are ")[1].split(", ")) == 3


def test_a_base_too_dark_for_the_shade_is_dyed_and_told_the_distance(stubs, astronaut, by_hand):
    black = stubs.dye.Dye(asked(astronaut, alpha=by_hand, color={"shade": "jet-black"})).image
    reply = stubs.dye.Dye(asked(black.data, alpha=by_hand, color={"shade": "platinum"}))
    (warning,) = [one for one in reply.warnings if one.code == "SHADE_OUT_OF_REACH"]
    assert any(part.isdigit() for part in warning.message.split())
    assert warning.field == "color"
    assert reply.difference_after < reply.difference_before


def test_everything_wrong_with_a_dye_is_told_at_once(stubs, astronaut):
    request = asked(
        astronaut,
        color={"srgb": {"red": 300}},
        strength=float("nan"),
        blend=9,
        selector={"index": -1},
        output={"quality": 101},
        options={"request_id": "no spaces"},
    )
    error = failure(stubs.dye.Dye, request)
    assert {violation.field for violation in error.violations} == {
        *("color.srgb.red", "strength", "blend", "selector.index", "output.quality"),
        "options.request_id",
    }


def test_validating_a_dye_runs_no_model(stubs, astronaut):
    valid = {"options": {"validate_only": True}}
    reply = stubs.dye.Dye(asked(astronaut, **valid))
    assert not reply.image.data
    assert not reply.served_by.models
    bad = {"reference": {"data": b"no picture"}}
    error = failure(stubs.dye.Dye, asked(astronaut, color=bad, **valid))
    assert isinstance(error, reasons.ImageUnreadable)
    assert "the reference" in str(error)


def test_the_picture_comes_as_it_is_wanted(stubs, astronaut, by_hand):
    plain = stubs.dye.Dye(asked(astronaut, alpha=by_hand, output={})).image
    assert plain.data[:2] == b"\xff\xd8"
    small = {"format": image_pb2.IMAGE_FORMAT_RAW_RGB8, "longest_edge_px": 64}
    raw = stubs.dye.Dye(asked(astronaut, alpha=by_hand, output=small)).image
    assert (raw.width_px, raw.height_px, len(raw.data)) == (64, 64, 64 * 64 * 3)


def test_a_photo_turned_by_exif_is_dyed_upright(stubs, portrait):
    exif = Image.Exif()
    exif[0x0112] = 6
    turned = saved(portrait.transpose(Image.Transpose.ROTATE_90), "JPEG", exif=exif, quality=95)
    reply = stubs.dye.Dye(asked(turned, want_alpha=True))
    rows = np.flatnonzero((plane(reply.alpha.data) > 127).any(1))
    assert rows.max() < 256


def test_a_live_preview_changes_its_color_between_frames(stubs, astronaut):
    turn = threading.Semaphore(0)

    def requests():
        for number, shade in enumerate(("auburn", "blue")):
            settings = {"color": {"shade": shade}, "output": {"longest_edge_px": 256}}
            yield dye_pb2.DyeStreamRequest(settings=settings)
            yield dye_pb2.DyeStreamRequest(frame={"number": number, "image": {"data": astronaut}})
            turn.acquire()

    wanted = []
    for answer in stubs.dye.DyeStream(requests()):
        assert answer.response.image.width_px == 256
        wanted.append(answer.response.wanted.b)
        turn.release()
    assert wanted[0] > 0 > wanted[1]


def test_a_preview_measures_its_reference_once(stubs, astronaut, auburn):
    turn = threading.Semaphore(0)

    def requests():
        color = {"reference": {"data": auburn.image.data}}
        yield dye_pb2.DyeStreamRequest(settings={"color": color})
        for number in range(2):
            yield dye_pb2.DyeStreamRequest(frame={"number": number, "image": {"data": astronaut}})
            turn.acquire()

    looks = []
    for answer in stubs.dye.DyeStream(requests()):
        stages = [stage.name for stage in answer.response.timings.stages]
        looks.append(stages.count("find_color"))
        turn.release()
    assert looks == [1, 1]


def test_a_preview_in_a_shade_that_is_none_ends_at_once(stubs):
    settings = dye_pb2.DyeStreamRequest(settings={"color": {"shade": "plum"}})
    answers = stubs.dye.DyeStream(iter([settings]))
    error = failure(lambda _: next(answers), None)
    assert isinstance(error, reasons.ShadeUnknown)


def test_a_frame_without_hair_leaves_the_preview_going(stubs, astronaut):
    white = saved(Image.new("RGB", (320, 240), "white"), "PNG")
    turn = threading.Semaphore(0)

    def requests():
        yield dye_pb2.DyeStreamRequest(settings={"color": {"shade": "auburn"}})
        for number, data in enumerate((white, astronaut)):
            yield dye_pb2.DyeStreamRequest(frame={"number": number, "image": {"data": data}})
            turn.acquire()

    outcomes = []
    for answer in stubs.dye.DyeStream(requests()):
        outcomes.append(answer.WhichOneof("outcome"))
        turn.release()
    assert outcomes == ["failure", "response"]
