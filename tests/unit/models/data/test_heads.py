"""Composed heads: what a batch holds, and that chance is the generator's alone."""

from __future__ import annotations

import copy
from dataclasses import replace

import numpy as np
import pytest

from limner_models.data import portraits
from limner_models.data.backgrounds import Backgrounds
from limner_models.data.heads import Heads, Mix

NOTHING = Mix(nobody=0, neighbors=0, bleached=0, relit=0, covered=0, reflected=0, hats=0)


@pytest.fixture
def heads(portraits_folder):
    return Heads(portraits.files(portraits_folder, range(12)), Backgrounds(None), 3, (64,))


def test_a_batch_holds_photos_and_shares_that_sum_to_one(heads):
    for seed in range(10):
        batch = heads(np.random.default_rng(seed))

        assert batch["image"].shape == (3, 64, 64, 3)
        assert batch["classes"].shape == (3, 4, 64, 64)
        assert {array.dtype for array in batch.values()} == {np.dtype(np.uint8)}
        assert np.abs(batch["classes"].sum(1, dtype=int) - 255).max() <= 2


def test_the_same_chance_gives_the_same_batch_even_in_another_process(heads):
    travelled = copy.deepcopy(heads)

    one, same = heads(np.random.default_rng(4)), travelled(np.random.default_rng(4))

    for name, array in one.items():
        np.testing.assert_array_equal(array, same[name])


def test_a_face_lies_near_where_the_server_would_have_it(heads):
    image, classes = replace(heads, mix=NOTHING).sample(np.random.default_rng(0), 64)

    assert image.shape == (64, 64, 3)
    rows, columns = np.nonzero(classes[2] > 128)
    assert abs(columns.mean() - 31.5) < 12
    assert abs(rows.mean() - 28) < 12


def test_nobody_is_all_background(heads):
    _, classes = replace(heads, mix=replace(NOTHING, nobody=1)).sample(np.random.default_rng(0), 64)

    assert classes[0].min() == 255


def test_a_batch_has_one_of_the_sizes_asked_for(heads):
    both = replace(heads, sizes=(32, 64))

    seen = {both(np.random.default_rng(seed))["image"].shape[1] for seed in range(12)}

    assert seen == {32, 64}


def test_what_is_held_before_a_person_is_no_hair(heads):
    plain = replace(heads, mix=NOTHING)
    covered = replace(heads, mix=replace(NOTHING, covered=1))

    less = [
        int(plain.sample(np.random.default_rng(seed), 64)[1][1].sum(dtype=int))
        - int(covered.sample(np.random.default_rng(seed), 64)[1][1].sum(dtype=int))
        for seed in range(8)
    ]

    assert min(less) >= -300  # rounding
    assert max(less) > 1000
