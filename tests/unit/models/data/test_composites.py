"""Pairs for compositing: what they promise about their pixels."""

from __future__ import annotations

import numpy as np
import pytest

from limner_models.data.backgrounds import Backgrounds
from limner_models.data.composites import KINDS, Composites, Mix, measured_pairs, toned

ALWAYS = (1.0, 0, 0, 0)


@pytest.fixture(scope="module")
def composites(faces_folder):
    files = tuple(sorted(faces_folder.glob("*.npz")))
    return Composites(files, Backgrounds(None), 4, (32, 64), (0.5, 0.5))


def test_a_batch_is_decided_by_its_generator_alone(composites):
    one, other = (composites(np.random.default_rng(5)) for _ in range(2))

    assert all(np.array_equal(one[name], other[name]) for name in one)


def test_batches_of_twice_the_side_are_half_as_large(composites):
    shapes = {composites(np.random.default_rng(k))["truth"].shape for k in range(12)}

    assert shapes == {(4, 32, 32, 3), (2, 64, 64, 3)}


@pytest.mark.parametrize("kind", KINDS)
def test_the_original_is_the_truth_but_for_its_face(composites, kind):
    pair = composites.pair(np.random.default_rng(1), 64, kind)

    changed = (pair["original"] != pair["truth"]).any(-1)
    assert not changed[pair["original_face"] == 0].any()
    assert changed.any() == (kind != "unchanged")


@pytest.mark.parametrize("kind", ["other", "blurred", "filled"])
def test_a_lost_face_keeps_the_mean_color_of_the_true_one(composites, kind):
    pair = composites.pair(np.random.default_rng(2), 64, kind)
    face = pair["original_face"] > 250

    means = [pair[name][face].mean(0) for name in ("original", "truth")]
    np.testing.assert_allclose(*means, atol=12)


def test_another_persons_face_leaves_the_original_whole(composites):
    pair = composites.pair(np.random.default_rng(3), 64, "unchanged", crossed=True)

    assert pair["crossed"] == 1
    np.testing.assert_array_equal(pair["original"], pair["truth"])
    assert not np.array_equal(pair["face"], pair["original_face"])


def test_no_face_is_claimed_where_a_photo_has_ended(composites):
    for seed in range(5):
        pair = composites.pair(np.random.default_rng(seed), 64, cut=True)

        beyond = pair["valid"] == 0
        assert beyond.any()
        assert pair["face"][beyond].max() == 0
        assert pair["skin"][beyond].max() == 0


def test_what_a_good_corrector_leaves_is_nearer_to_the_truth_than_what_came_in(composites):
    nearer = 0
    for seed in range(8):
        pair = composites.pair(np.random.default_rng(seed), 64)
        face = np.minimum(pair["face"], pair["original_face"]) > 250
        off = [
            np.abs(pair[name][face].mean(0) - pair["truth"][face].mean(0)).mean()
            for name in ("corrected", "converted")
        ]
        nearer += off[0] < off[1]

    assert nearer >= 7


def test_toning_a_photo_like_itself_changes_next_to_nothing(composites):
    pair = composites.pair(np.random.default_rng(4), 64)
    face = pair["original_face"] / np.float32(255)

    same = toned(pair["truth"], face, pair["truth"], face, 6.0)

    lit = pair["truth"].min(-1) > 8  # darkness has no light to be toned
    assert np.abs(same.astype(int) - pair["truth"])[(face > 0.99) & lit].max() <= 1


def test_measured_pairs_are_always_the_same(composites):
    one, other = (list(measured_pairs(composites, 3, 32, 7)) for _ in range(2))

    assert len(one) == 3
    for first, again in zip(one, other, strict=True):
        np.testing.assert_array_equal(first["converted"], again["converted"])
    assert not np.array_equal(one[0]["converted"], one[1]["converted"])


def test_shares_of_what_happens_are_whole():
    assert sum(Mix().lost) == pytest.approx(1)
    assert len(Mix().lost) == len(KINDS)
