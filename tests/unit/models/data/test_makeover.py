"""What happens to one person's layers: hair turns white, light changes, truth goes along."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from limner_models.data import makeover, portraits, scene

seeds = st.integers(0, 2**32 - 1)


@pytest.fixture(scope="session")
def person(portraits_folder):
    return scene.layers_of(portraits.read(portraits_folder / "000000.npz"))


@given(seeds)
def test_bleaching_changes_hair_alone_and_only_its_light(person, seed):
    changed = makeover.bleached(person, np.random.default_rng(seed))

    bald = person.hair == 0
    np.testing.assert_array_equal(changed.light[bald], person.light[bald])
    np.testing.assert_array_equal(changed.hair, person.hair)
    assert np.isfinite(changed.light).all()
    assert changed.light.min() >= 0


def test_half_of_all_bleached_hair_is_light(person):
    hair = person.hair > 0.9
    bleached = (makeover.bleached(person, np.random.default_rng(seed)) for seed in range(100))
    lights = [float((changed.light @ makeover.LUMA)[hair].mean()) for changed in bleached]

    assert 0.35 < np.mean(np.array(lights) > 0.28) < 0.75
    assert min(lights) < 0.1


def test_who_has_no_hair_is_left_alone():
    nobody = scene.empty(64)

    assert makeover.bleached(nobody, np.random.default_rng(0)) is nobody


@given(seeds)
def test_another_light_and_a_blur_keep_what_is_known_in_its_bounds(person, seed):
    rng = np.random.default_rng(seed)
    layers = makeover.unfocused(makeover.relit(person, rng), float(rng.uniform(0.4, 2)))

    np.testing.assert_allclose(layers.classes().sum(0), 1, atol=1e-5)
    assert layers.light.min() >= 0
