from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from limner_server.admission.pace import UNKNOWN, CallPace, Pace, size_class

METHOD = "/limner.v1.DyeService/Dye"
MEGAPIXEL = 1_000_000


def test_what_was_never_done_has_no_mean():
    assert Pace().of("dye") is None


@given(st.lists(st.floats(0.001, 100), min_size=1))
def test_a_mean_lies_among_what_it_is_of(times):
    pace = Pace()
    for seconds in times:
        pace.took("dye", seconds)
    assert min(times) * (1 - 1e-9) <= pace.of("dye") <= max(times) * (1 + 1e-9)


def test_a_mean_follows_what_has_changed():
    pace = Pace()
    for seconds in [0.1] * 50 + [0.4] * 20:
        pace.took("dye", seconds)
    assert pace.of("dye") == pytest.approx(0.4, rel=0.02)


@given(st.integers(0, 200 * MEGAPIXEL))
def test_a_photo_of_a_class_is_no_more_than_four_times_another(pixels):
    size = size_class(pixels)
    assert size_class(4 * pixels) <= size + 1
    assert size_class(pixels // 4) >= size - 1


def test_large_photos_say_nothing_of_how_long_small_ones_take():
    pace = CallPace()
    pace.took(METHOD, 24 * MEGAPIXEL, 2.0)
    pace.took(METHOD, MEGAPIXEL // 2, 0.2)
    assert pace.of(METHOD, MEGAPIXEL // 4) == 0.2
    assert pace.of(METHOD, 20 * MEGAPIXEL) == 2.0


def test_an_unseen_size_is_expected_from_the_next_one():
    pace = CallPace()
    assert pace.of(METHOD, MEGAPIXEL) == UNKNOWN
    pace.took(METHOD, MEGAPIXEL // 2, 0.2)
    assert pace.of(METHOD, 2 * MEGAPIXEL) == pytest.approx(0.8)
    assert pace.of(METHOD, 24 * MEGAPIXEL) == pytest.approx(0.2 * 64)
    assert pace.of("/limner.v1.MatteService/Matte", MEGAPIXEL) == UNKNOWN


def test_a_smaller_size_than_any_seen_is_expected_to_take_no_longer():
    pace = CallPace()
    pace.took(METHOD, 24 * MEGAPIXEL, 2.0)
    assert pace.of(METHOD, MEGAPIXEL // 2) == 2.0
