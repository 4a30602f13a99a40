"""Faces registered for the generator: a file's pictures never change."""

from __future__ import annotations

import numpy as np
import pytest

from limner_models.data.registered import Registered
from limner_models.studio.counterparts import kinds_of
from limner_registry.animals import ANIMALS, TOLD

SIDE = 16


@pytest.fixture(scope="module")
def faces(counterparts_folder):
    return Registered(tuple(sorted(counterparts_folder.glob("*.npz"))), 6, SIDE)


def test_a_batch_holds_people_and_animals_of_one_size(faces):
    batch = faces(np.random.default_rng(0))

    for name in ("human", "beast"):
        assert batch[name].shape == (6, SIDE, SIDE, 3)
        assert batch[name].dtype == np.uint8
    assert batch["points"].shape == (6, len(TOLD), 2)
    assert batch["points"].dtype == np.float32
    assert batch["person"].dtype == np.int64
    assert batch["person"].max() < len(faces.files)


def test_a_file_s_pictures_are_always_the_same(faces):
    one, other = faces.sample(3, 1), faces.sample(3, 1)
    for name, array in one.items():
        np.testing.assert_array_equal(array, other[name])


def test_a_person_and_its_animal_stand_before_different_things(faces):
    sample = faces.sample(2, 0)
    corners = [sample[name][0, 0].astype(int) for name in ("human", "beast")]
    assert np.abs(corners[0] - corners[1]).max() > 5
    animal, coat = kinds_of(2)[0]
    assert [*ANIMALS][int(sample["animal"][0])] == animal
    assert ANIMALS[animal].coats[int(sample["coat"][0])] == coat
