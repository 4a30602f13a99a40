from __future__ import annotations

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from limner_server.imaging.conversion import MARGIN, MAX_ASKED, Conversion, look_at

BROWN, BLUE = (38.0, 9.0, 18.0), (38.0, 6.0, -40.0)
places = st.integers(0, 150)
lengths = st.integers(1, 120)


@example(33, 0, 4, 100, 40)
@example(0, 51, 111, 5, 255)
@given(places, places, lengths, lengths, st.sampled_from([40, 255]))
def test_a_look_is_as_square_as_the_photo_allows_and_holds_all_hair(top, left, high, wide, share):
    alpha = np.zeros((180, 220), np.uint8)
    alpha[top : top + high, left : left + wide] = share
    rows, columns = (np.flatnonzero(alpha.any(axis)) for axis in (1, 0))
    photo = np.random.default_rng(0).integers(0, 256, (180, 220, 3), np.uint8)

    look = look_at(photo, alpha, 64)

    spans = look.square
    edge = round(max(np.ptp(rows) + 1, np.ptp(columns) + 1) * (1 + 2 * MARGIN))
    assert [span.stop - span.start for span in spans] == [min(edge, 180), min(edge, 220)]
    assert 0 <= spans[0].start <= rows[0] <= rows[-1] < spans[0].stop <= 180
    assert 0 <= spans[1].start <= columns[0] <= columns[-1] < spans[1].stop <= 220
    assert look.picture.shape == (64, 64, 3)
    # of what is thinner than three pixels of the look, halved, none may be full
    if min(np.ptp(rows), np.ptp(columns)) + 1 >= 3 * max(1, edge / 64):
        assert look.weight.max() == pytest.approx(share / 255, abs=0.02)


def test_much_hair_is_asked_by_evenly_spread_pixels():
    alpha = np.full((300, 300), 255, np.uint8)

    look = look_at(np.zeros((300, 300, 3), np.uint8), alpha, 256)

    asked = look.weight > 0
    assert MAX_ASKED / 2 < asked.sum() <= MAX_ASKED * 1.02
    quarters = [asked[y : y + 64, x : x + 64].sum() for y in (0, 192) for x in (0, 192)]
    assert max(quarters) - min(quarters) < 0.02 * asked.sum()


def test_only_hair_is_converted_and_into_colors_that_there_are():
    photo = np.random.default_rng(0).integers(0, 256, (80, 80, 3), np.uint8)
    alpha = np.zeros((80, 80), np.uint8)
    alpha[20:60, 20:60] = 255
    look = look_at(photo, alpha, 64)
    conversion = Conversion(look, BROWN, BLUE)
    answer = look.picture.astype(np.float32) / 255 + np.float32((-0.1, 0, 0.3))

    for made in (
        conversion.helped(np.clip(answer, 0, 1), keep_highlights=True),
        conversion.unhelped(keep_highlights=True),
    ):
        assert made.shape == (np.count_nonzero(look.weight), 3)
        assert 0 <= made.min() <= made.max() <= 1


def test_an_answer_helps_only_towards_the_wanted_color():
    photo = np.full((40, 40, 3), (105, 85, 60), np.uint8)
    look = look_at(photo, np.full((40, 40), 255, np.uint8), 32)
    picture = look.picture.astype(np.float32) / 255
    bluer = np.clip(picture + np.array([-0.1, 0, 0.3], np.float32), 0, 1)
    yellower = np.clip(picture + np.array([0.1, 0.1, -0.2], np.float32), 0, 1)
    conversion = Conversion(look, BROWN, BLUE)

    assert conversion.helped(bluer, keep_highlights=True) is not None
    for answer in (yellower, picture, None):
        assert conversion.helped(answer, keep_highlights=True) is None
