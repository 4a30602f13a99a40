"""What happens to one person's layers: hair turns white, caps are put on, truth goes along."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from limner_models.data import makeover, portraits, scene
from limner_models.data.head_crop import face_points

seeds = st.integers(0, 2**32 - 1)


@pytest.fixture(scope="session")
def person(portraits_folder):
    portrait = portraits.read(portraits_folder / "000000.npz")
    return scene.layers_of(portrait), face_points(portrait.points)


@given(seeds)
def test_bleaching_changes_hair_alone_and_only_its_light(person, seed):
    layers, _ = person
    changed = makeover.bleached(layers, np.random.default_rng(seed))

    bald = layers.hair == 0
    np.testing.assert_array_equal(changed.light[bald], layers.light[bald])
    np.testing.assert_array_equal(changed.hair, layers.hair)
    assert np.isfinite(changed.light).all()
    assert changed.light.min() >= 0


def test_half_of_all_bleached_hair_is_light(person):
    layers, _ = person
    hair = layers.hair > 0.9
    bleached = (makeover.bleached(layers, np.random.default_rng(seed)) for seed in range(100))
    lights = [float((changed.light @ makeover.LUMA)[hair].mean()) for changed in bleached]

    assert 0.35 < np.mean(np.array(lights) > 0.28) < 0.75
    assert min(lights) < 0.1


def test_who_has_no_hair_is_left_alone():
    nobody = scene.empty(64)

    assert makeover.bleached(nobody, np.random.default_rng(0)) is nobody


@given(seeds)
def test_a_cap_is_body_hides_the_hair_above_it_and_leaves_the_chin(person, seed):
    layers, points = person
    cloth = np.full((64, 64, 3), 0.4, np.float32)

    capped = makeover.hatted(layers, points, cloth, np.random.default_rng(seed))

    classes = capped.classes()
    np.testing.assert_allclose(classes.sum(0), 1, atol=1e-5)
    assert classes[1, :20].max() < 0.05  # nothing of the hair on top is left
    assert classes[3, 12:22, 32].max() > 0.9
    np.testing.assert_allclose(capped.face[44:48], layers.face[44:48], atol=1e-5)


@given(seeds)
def test_another_light_and_a_blur_keep_what_is_known_in_its_bounds(person, seed):
    rng = np.random.default_rng(seed)
    layers = makeover.unfocused(makeover.relit(person[0], rng), float(rng.uniform(0.4, 2)))

    np.testing.assert_allclose(layers.classes().sum(0), 1, atol=1e-5)
    assert layers.light.min() >= 0


@given(seeds)
def test_cloth_is_of_one_color_whatever_its_weave(seed):
    cloth = makeover.knitted(np.random.default_rng(seed), 32)

    assert cloth.shape == (32, 32, 3)
    assert cloth.min() >= 0
    bright = cloth / np.maximum(cloth.sum(2, keepdims=True), 1e-9)
    assert np.ptp(bright[cloth.sum(2) > 1e-4], axis=0).max() < 1e-3
