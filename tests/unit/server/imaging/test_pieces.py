from __future__ import annotations

import cv2
import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from limner_server.imaging.pieces import without_holes, without_specks

seeds = st.integers(0, 2**32 - 1)


def rough(seed):
    return cv2.blur(np.random.default_rng(seed).random((40, 50), np.float32), (3, 3)) > 0.5


def squares():
    mask = np.zeros((40, 60), bool)
    mask[5:25, 5:25] = True
    mask[30:36, 30:36] = True
    mask[2, 50] = True
    return mask


def test_pieces_are_dropped_by_share_and_by_size():
    assert without_specks(squares(), 0.05).sum() == 400 + 36
    assert without_specks(squares(), 0.2).sum() == 400
    assert without_specks(squares(), 0.0, 37).sum() == 400
    assert without_specks(squares(), 0.0).sum() == squares().sum()


def test_a_hole_is_filled_up_to_a_size_and_never_at_the_border():
    mask = squares()
    mask[10:13, 10:13] = False
    mask[5:7, 20:22] = False

    assert without_holes(mask, 10)[10:13, 10:13].all()
    assert not without_holes(mask, 9)[10:13, 10:13].any()
    assert not without_holes(mask, 1000)[5:7, 20:22].any()


@given(seeds, st.floats(0, 1), st.integers(0, 200))
def test_pieces_are_only_taken_and_holes_only_filled_once_and_for_all(seed, share, most):
    mask = rough(seed)

    less, more = without_specks(mask, share), without_holes(mask, most)

    assert not (less & ~mask).any()
    assert not (mask & ~more).any()
    np.testing.assert_array_equal(without_specks(less, share), less)
    np.testing.assert_array_equal(without_holes(more, most), more)
