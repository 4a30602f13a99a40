"""Aligned heads: always the same by one seed, drawn out where their drawing ends."""

from __future__ import annotations

import cv2
import numpy as np

from limner_models.data import faces
from limner_models.data.aligned import Aligned
from limner_models.data.backgrounds import Backgrounds
from limner_models.data.faces import read_face

SIZE = 64


def composed(folder, seed=0, batch=3):
    files = tuple(sorted(folder.glob("*.npz")))
    return Aligned(files, Backgrounds(None), batch, SIZE)(np.random.default_rng(seed))["image"]


def test_a_batch_is_decided_by_its_seed(faces_folder):
    one, again, other = (composed(faces_folder, seed) for seed in (0, 0, 1))

    assert one.shape == (3, SIZE, SIZE, 3)
    assert one.dtype == np.uint8
    np.testing.assert_array_equal(one, again)
    assert not np.array_equal(one, other)


def test_what_is_behind_is_out_of_focus_and_the_head_is_not(faces_folder):
    for photo in composed(faces_folder, batch=6):
        gray = photo.mean(2)
        steps = np.abs(np.diff(gray, axis=1))
        assert np.median(steps[:8, :8]) < 4  # no head reaches the corner
        assert np.median(steps[24:40, 24:40]) > np.median(steps[:8, :8])


def test_clothes_go_on_where_their_drawing_ends(faces_folder):
    file = faces_folder / "000000.npz"
    ended, drawn_out = (
        faces.seen(read_face(file, border), SIZE).coverage
        for border in (cv2.BORDER_CONSTANT, cv2.BORDER_REPLICATE)
    )

    inside = ended > 0.9
    assert inside.any()
    np.testing.assert_allclose(drawn_out[inside], ended[inside], atol=0.02)
    assert (drawn_out >= ended - 0.02).all()
