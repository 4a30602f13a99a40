"""Heads with and without hair: where they are the same, and where the hole is."""

from __future__ import annotations

import copy

import numpy as np
import pytest

from limner_models.data import portraits, scene
from limner_models.data.backgrounds import Backgrounds
from limner_models.data.beneath import AWAY, OFF, Beneath, Mix, hole_of, shaded_alike, thought_of
from limner_models.errors import MaterialDamaged
from tests.unit.models.conftest import disk

PLAIN = Mix(bleached=0, relit=0, torn=0, rough=0)


@pytest.fixture
def beneath(bald_folder):
    return Beneath(portraits.files(bald_folder, range(6)), Backgrounds(None), 2, 64)


def test_a_batch_holds_both_heads_and_a_hole(beneath):
    batch = beneath(np.random.default_rng(1))

    assert batch["image"].shape == batch["truth"].shape == (2, 64, 64, 3)
    assert batch["hole"].shape == batch["head"].shape == batch["skull"].shape == (2, 64, 64)
    assert {array.dtype for array in batch.values()} == {np.dtype(np.uint8)}
    assert set(np.unique(batch["hole"])) == {0, 255}


def test_the_same_chance_gives_the_same_batch_even_in_another_process(beneath):
    travelled = copy.deepcopy(beneath)

    one, same = beneath(np.random.default_rng(4)), travelled(np.random.default_rng(4))

    for name, array in one.items():
        np.testing.assert_array_equal(array, same[name])


def test_around_the_hole_both_show_the_same_but_for_the_camera_s_noise(beneath):
    gaps = []
    for seed in range(12):
        pair = Beneath(beneath.files, beneath.backgrounds, 1, 64, PLAIN).pair(
            seed % 6, np.random.default_rng(seed)
        )
        away = np.abs(pair["image"].astype(int) - pair["truth"]).mean(-1)
        gaps.append((np.median(away[pair["hole"] == 0]), np.median(away[pair["hole"] > 0])))
    outside, inside = np.mean(gaps, 0)

    assert outside < 4
    assert inside > 15


def test_a_hole_covers_hair_and_not_much_more():
    hair = np.clip(disk(32, 30, 20) - disk(32, 34, 12), 0, 1)
    for seed in range(8):
        hole = hole_of(hair, np.random.default_rng(seed), PLAIN) > 0

        assert hole[hair > 0.5].all()
        assert hole.mean() < 2 * (hair > 0).mean()


def test_a_skull_is_thought_to_be_about_where_it_is():
    skull = disk(30, 36, 14)
    far = []
    for seed in range(40):
        thought = thought_of(skull, np.random.default_rng(seed)) / 255
        places = np.argwhere(thought > 0.5)
        far.append((np.sqrt(thought.sum() / skull.sum()) - 1, *(places.mean(0) - (36, 30))))

    sizes, *moved = np.array(far).T
    assert 0.5 * OFF < np.std(sizes) < OFF
    assert all(0.2 < np.std(axis) / (AWAY * np.sqrt(skull.sum())) < 1.5 for axis in moved)
    assert np.abs(moved).max() < 2 * AWAY * np.sqrt(skull.sum()) + 0.5


def test_hardly_any_hair_still_leaves_a_hole():
    nothing = np.zeros((64, 64), np.float32)

    holes = [hole_of(nothing, np.random.default_rng(seed), PLAIN) for seed in range(20)]

    assert np.mean([hole.any() for hole in holes]) > 0.8


def test_a_face_in_the_shade_of_hair_has_a_scalp_in_the_shade():
    head, hair = disk(32, 32, 20), np.zeros((64, 64), np.float32)
    hair[:32] = 1
    bright = np.repeat((0.8 * head)[..., None], 3, 2)
    bald = scene.Layers(bright, head, 0 * head, head, 0 * head)
    person = scene.Layers(bright / 4, head, hair * head, head * (1 - hair), 0 * head)

    light = shaded_alike(bald, person, 64)

    np.testing.assert_allclose(light[20:28, 26:38], 0.2, rtol=0.1)


def test_portraits_drawn_without_what_is_beneath_are_refused(portraits_folder):
    with pytest.raises(MaterialDamaged, match="does not show what is beneath"):
        portraits.read_bald(portraits_folder / "000000.npz")
