"""Layers of people: shares stay shares, whatever is done to them."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from limner_models.data import portraits, scene
from tests.unit.models.conftest import disk, write_portrait


@pytest.fixture(scope="session")
def layers(portraits_folder):
    return scene.layers_of(portraits.read(portraits_folder / "000000.npz"))


@given(st.floats(0, 6.3), st.floats(0.3, 2), st.floats(-40, 40), st.sampled_from([1, 2, 4]))
def test_classes_sum_to_one_wherever_people_are_moved(layers, angle, scale, shift, border):
    turn = scale * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    matrix = np.concatenate([turn, [[shift], [32 - shift]]], axis=1)

    classes = scene.warp(layers, matrix, 48, border).classes()

    assert classes.shape == (4, 48, 48)
    assert classes.min() >= 0
    np.testing.assert_allclose(classes.sum(0), 1, atol=1e-5)


def test_hair_keeps_its_exact_share_at_an_edge_between_hair_and_background(portraits_folder):
    portrait = portraits.read(portraits_folder / "000000.npz")
    classes = scene.layers_of(portrait).classes()

    only_hair = (portrait.labels == portraits.HAIR) & (portrait.hair == portrait.coverage)
    np.testing.assert_allclose(classes[1][only_hair], portrait.hair[only_hair], atol=1e-6)


def test_an_unmoved_person_is_unchanged(layers):
    same = scene.warp(layers, np.eye(2, 3), 64, cv2.BORDER_CONSTANT)

    np.testing.assert_allclose(same.light, layers.light, atol=1e-6)
    np.testing.assert_allclose(same.hair, layers.hair, atol=1e-6)


def test_who_stands_in_front_hides_who_stands_behind(layers):
    aside = np.array([[1.0, 0, 12], [0, 1, 0]])
    behind = scene.warp(layers, aside, 64, cv2.BORDER_CONSTANT)

    both = scene.stack(layers, behind)

    solid = layers.coverage == 1
    np.testing.assert_allclose(both.hair[solid], layers.hair[solid], atol=1e-6)
    alone = layers.coverage == 0
    np.testing.assert_allclose(both.hair[alone], behind.hair[alone], atol=1e-6)
    assert both.coverage.max() <= 1 + 1e-6


def test_nobody_leaves_the_background_alone():
    background = np.full((64, 64, 3), 0.3, np.float32)

    np.testing.assert_array_equal(scene.over(scene.empty(64), background), background)
    assert scene.empty(64).classes()[0].min() == 1


def test_a_hat_is_body_and_glasses_are_face(tmp_path):
    labels = np.zeros((64, 64), np.uint8)
    labels[8:16, 24:40] = labels[30:33, 24:40] = portraits.ACCESSORY
    file = write_portrait(
        tmp_path / "000000.npz",
        labels=labels,
        coverage=(disk(32, 31, 40) * 255).astype(np.uint8),
        hair=np.zeros((64, 64), np.uint8),
    )

    classes = scene.layers_of(portraits.read(file)).classes()

    assert classes[3, 8:16, 24:40].min() > 0.99
    assert classes[2, 30:33, 24:40].min() > 0.99


def test_another_shade_changes_the_light_and_nothing_else(portraits_folder):
    portrait = portraits.read(portraits_folder / "000001.npz", "red")
    drawn, red = scene.layers_of(portrait), scene.layers_of(portrait, "red")

    assert not np.array_equal(drawn.light, red.light)
    np.testing.assert_array_equal(drawn.hair, red.hair)
