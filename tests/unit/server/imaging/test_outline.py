from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from limner_server.imaging.outline import WORK_PX, outline, stretched

seeds = st.integers(0, 2**32 - 1)
sides = st.integers(1, 80)


def portrait(width, height):
    """Return a photo of an even person before an even wall, and the person's true mask."""
    mask = np.zeros((height, width), np.uint8)
    cv2.ellipse(mask, (width // 2, height), (width // 3, height * 3 // 4), 0, 0, 360, 1, -1)
    photo = np.where(mask[..., None] == 1, np.uint8((190, 120, 90)), np.uint8((60, 80, 70)))
    return photo, mask.astype(bool)


def seen(mask, blur=9):
    """Return a mask as the network sees it: small, soft, and a little off."""
    small = cv2.resize(mask.astype(np.float32), (256, 256), interpolation=cv2.INTER_AREA)
    return cv2.blur(small, (blur, blur))


@pytest.mark.parametrize(("width", "height"), [(300, 400), (1600, 1200), (900, 2400)])
def test_the_outline_is_the_photos_own_edge(width, height):
    photo, mask = portrait(width, height)
    found = stretched(outline(seen(mask), photo), width, height)
    assert (found != mask).mean() < 0.002


def test_the_photos_edge_is_closer_than_the_networks():
    photo, mask = portrait(1600, 1200)
    shifted = np.roll(seen(mask), 1, axis=1)
    network = cv2.resize(shifted, (1600, 1200)) >= 0.5
    found = stretched(outline(shifted, photo), 1600, 1200)
    assert (found != mask).mean() < (network != mask).mean() / 2


@given(seeds, sides, sides)
def test_an_outline_has_the_photos_shape_and_is_never_large(seed, width, height):
    generator = np.random.default_rng(seed)
    photo = generator.integers(0, 256, (height, width, 3), np.uint8)
    found = outline(generator.random((256, 256), np.float32), photo)
    assert found.dtype == np.bool_
    assert found.shape == (height, width)
    assert max(found.shape) <= WORK_PX


@pytest.mark.parametrize("everywhere", [0.0, 1.0])
def test_nobody_and_nothing_but_a_person_stay_so(everywhere):
    photo, _ = portrait(300, 200)
    found = outline(np.full((256, 256), everywhere, np.float32), photo)
    assert found.all() == bool(everywhere)
    assert found.any() == bool(everywhere)


@given(seeds, sides, sides)
def test_stretching_to_its_own_size_changes_nothing(seed, width, height):
    mask = np.random.default_rng(seed).random((height, width)) > 0.5
    np.testing.assert_array_equal(stretched(mask, width, height), mask)
