from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from limner_server.imaging.fusing import fuse
from limner_server.imaging.stickers import BELOW, LONGEST, Sticker, kept, sticker_layer, wearer_of

LEVEL = {
    "eye_r": (40.0, 60.0),
    "eye_l": (80.0, 60.0),
    "mouth_r": (50.0, 60 + 40 / BELOW),
    "mouth_l": (70.0, 60 + 40 / BELOW),
    "forehead": (60.0, 40.0),
}


def wearer(turn=0.0, scale=1.0, shift=(0.0, 0.0), **moved):
    a, b = scale * np.cos(turn), scale * np.sin(turn)
    matrix = np.array([[a, -b], [b, a]])
    points = {**LEVEL, **moved}
    return wearer_of({name: matrix @ point + shift for name, point in points.items()})


def block(width=20, height=10):
    return kept(np.full((height, width, 4), (200, 30, 30, 255), np.uint8))


def center_of(mask):
    weight = mask / mask.sum()
    y, x = np.indices(mask.shape)
    return float((weight * x).sum()), float((weight * y).sum())


def worn(sticker, head, size=(150, 150)):
    photo = np.random.default_rng(0).integers(0, 256, (*size, 3), np.uint8)
    fused, mask = fuse(photo, [sticker_layer(sticker, head)])
    np.testing.assert_array_equal(fused[mask == 0], photo[mask == 0])
    return mask


def test_a_sticker_s_middle_lies_on_the_point_that_holds_it():
    mask = worn(Sticker(block(), "eyes", width=1.0), wearer())
    assert center_of(mask) == pytest.approx((60, 60), abs=0.3)
    assert (mask > 0).sum() == pytest.approx(40 * 20, rel=0.15)  # as wide as the eyes are apart


def test_a_hat_stands_on_the_forehead():
    mask = worn(Sticker(block(), "forehead", held=(0.5, 1.0), width=1.0), wearer())
    assert center_of(mask) == pytest.approx((60, 30), abs=0.3)


@given(st.floats(-3.1, 3.1), st.floats(0.5, 3), st.floats(-20, 20))
def test_a_sticker_goes_where_its_head_goes_and_turns_and_grows_with_it(turn, scale, x):
    """Its map after the head's is the map that it had before."""
    sticker = Sticker(block(), "mouth", held=(0.2, 0.7), width=1.3, shift=(0.4, -0.2))
    before = sticker_layer(sticker, wearer()).matrix
    moved = sticker_layer(sticker, wearer(turn, scale, (x, 2 * x))).matrix
    a, b = scale * np.cos(turn), scale * np.sin(turn)
    for point in ((10.0, 20.0), (77.0, 5.0)):
        there = np.array([[a, -b], [b, a]]) @ point + (x, 2 * x)
        seen = before[:, :2] @ point + before[:, 2]
        np.testing.assert_allclose(moved[:, :2] @ there + moved[:, 2], seen, atol=1e-6)


def test_a_shift_is_counted_in_distances_of_the_eyes_along_the_head():
    straight = worn(Sticker(block(), "eyes", width=0.5, shift=(0.5, 0.25)), wearer())
    assert center_of(straight) == pytest.approx((80, 70), abs=0.3)
    leaning = wearer(turn=np.pi / 2, shift=(130.0, 0.0))  # its eyes at (70, 60), its right down
    mask = worn(Sticker(block(), "eyes", width=0.5, shift=(0.5, 0)), leaning)
    assert center_of(mask) == pytest.approx((70, 80), abs=0.3)


def test_a_head_that_turns_keeps_its_size_and_so_does_one_that_nods():
    turned = wearer(eye_r=(50.0, 60.0), eye_l=(70.0, 60.0))
    nods = wearer(mouth_r=(50.0, 70.0), mouth_l=(70.0, 70.0))
    assert turned.unit == pytest.approx(wearer().unit)
    assert nods.unit == pytest.approx(wearer().unit)


def test_a_head_whose_points_are_one_has_a_size_all_the_same():
    one = wearer_of(dict.fromkeys(LEVEL, np.zeros(2)))
    assert worn(Sticker(block(), "eyes"), one).any()


def test_a_point_there_is_none_of_holds_nothing():
    with pytest.raises(KeyError, match="tail"):
        sticker_layer(Sticker(block(), "tail"), wearer())


def test_a_large_picture_is_kept_smaller_and_looks_the_same():
    large = np.zeros((2 * LONGEST, LONGEST, 4), np.uint8)
    large[: LONGEST // 2] = 0, 255, 0, 0  # what lies under a clear alpha stays unseen
    large[LONGEST // 2 :] = 200, 30, 30, 255
    small = kept(large)
    assert small.shape == (LONGEST, LONGEST // 2, 4)
    np.testing.assert_allclose(small[-3, 3], (200, 30, 30, 1), atol=1e-3)
    assert (small[..., 1] <= 30.001).all()
