"""Hats are body, hide the hair above them, shade what is below, and each kind has a shape."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from limner_models.data import hats, portraits, scene
from limner_models.data.filters import blurred
from limner_models.data.head_crop import face_points

seeds = st.integers(0, 2**32 - 1)
CLOTH = np.full((64, 64, 3), 0.4, np.float32)


@pytest.fixture(scope="session")
def person(portraits_folder):
    portrait = portraits.read(portraits_folder / "000000.npz")
    return scene.layers_of(portrait), face_points(portrait.points)


@given(seeds)
def test_a_hat_is_body_hides_the_hair_above_it_and_leaves_the_mouth(person, seed):
    layers, points = person

    capped = hats.hatted(layers, points, CLOTH, np.random.default_rng(seed))

    classes = capped.classes()
    np.testing.assert_allclose(classes.sum(0), 1, atol=1e-5)
    seat = hats.seated(layers, points, np.random.default_rng(seed))
    assert classes[1][seat.up > 1].max() < 0.1  # no hair stands out over it
    assert classes[3][(np.abs(seat.across) < 0.3) & (seat.up > 0.3)].max() > 0.9
    np.testing.assert_allclose(capped.face[46:48], layers.face[46:48], atol=1e-5)
    assert capped.light.min() >= 0


@given(seeds)
def test_a_hat_shades_what_is_below_it_and_brightens_nothing(person, seed):
    layers, points = person

    capped = hats.hatted(layers, points, CLOTH, np.random.default_rng(seed))

    skin = (capped.face > 0.9999) & (layers.face > 0.9999)
    assert skin.any()
    assert (capped.light[skin] <= layers.light[skin] + 1e-5).all()


@given(seeds)
def test_a_hat_sits_above_the_brows_of_whoever_wears_it_and_covers_the_middle(person, seed):
    layers, points = person
    rng = np.random.default_rng(seed)

    seat = hats.seated(layers, points, rng)

    eyes, mouth = points[:2].mean(0), points[2:].mean(0)
    assert seat.up[tuple(np.round(mouth[::-1]).astype(int))] < 0
    assert seat.up[tuple(np.round(eyes[::-1]).astype(int))] < 0.05
    assert np.abs(seat.across[tuple(np.round(eyes[::-1]).astype(int))]) < 0.6
    for make in hats.KINDS:
        hat = make(seat, rng)
        opening = blurred(hat.opening.astype(np.float32), 1) > 0.01
        crown = (np.abs(seat.across) < 0.7) & (seat.up > 0.2) & (seat.up < 0.4) & ~opening
        assert hat.shape[crown].min() > 0.99
        assert (hat.light >= 0).all()
        assert hat.shade.min() >= 0
        assert hat.shade.max() <= 1


def test_hats_of_different_kinds_differ():
    layers = scene.empty(64)
    points = np.array([[24.0, 30], [40, 30], [26, 44], [38, 44]])
    seat = hats.seated(layers, points, np.random.default_rng(0))
    shapes = [make(seat, np.random.default_rng(1)).shape for make in hats.KINDS]

    for index, shape in enumerate(shapes):
        for other in shapes[index + 1 :]:
            assert np.abs(shape - other).sum() > 20


@given(seeds)
def test_cloth_is_of_one_color_whatever_its_weave(seed):
    cloth = hats.knitted(np.random.default_rng(seed), 32)

    assert cloth.shape == (32, 32, 3)
    assert cloth.min() >= 0
    bright = cloth / np.maximum(cloth.sum(2, keepdims=True), 1e-9)
    assert np.ptp(bright[cloth.sum(2) > 1e-4], axis=0).max() < 1e-3
