"""The light on faces, and hair relit by it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from limner_registry.color import LIGHT_OF_BYTE, linear_to_srgb
from limner_server.imaging.light import MOST, TILT_MOST, Light, light_of, relit, rolled_off
from limner_server.imaging.skull import head_of
from tests.unit.server.imaging.heads import mesh_of

few = settings(max_examples=10)
MESH = mesh_of()
BALD = np.zeros((500, 600), np.uint8)
lights = st.builds(
    Light,
    st.tuples(*[st.floats(0.02, 0.9)] * 3).map(np.array),
    st.floats(-1, 1),
)


def lit_face(skin, tilt):
    """Return a photo all of skin, brighter to the right of a face that looks straight."""
    side = np.where(np.arange(600) > 300, np.exp(tilt / 2), np.exp(-tilt / 2))
    light = np.array(skin) * side[None, :, None] * np.ones((500, 1, 1))
    return np.rint(255 * linear_to_srgb(light.astype(np.float32))).astype(np.uint8)


@few
@given(st.tuples(*[st.floats(0.1, 0.5)] * 3), st.floats(-0.8, 0.8))
def test_the_light_is_read_as_it_fell(skin, tilt):
    light = light_of(lit_face(skin, tilt), MESH, BALD)

    np.testing.assert_allclose(light.skin, np.array(skin) * np.cosh(tilt / 2), rtol=0.05)
    assert light.tilt == pytest.approx(tilt, abs=0.05)
    assert light.mirrored().tilt == -light.tilt


def test_a_face_under_hair_tells_nothing():
    assert light_of(lit_face((0.3, 0.2, 0.1), 0), MESH, BALD + 1) is None


def test_a_face_beyond_the_photo_tells_nothing():
    assert light_of(lit_face((0.3, 0.2, 0.1), 0), MESH + 5000, BALD) is None


@few
@given(st.integers(0, 2**32 - 1), lights)
def test_the_same_light_leaves_hair_as_it_is(seed, light):
    colors = np.random.default_rng(seed).integers(0, 256, (40, 50, 3), np.uint8)

    relit_hair = relit(colors, (3, 4), head_of(MESH), light, light)

    np.testing.assert_allclose(relit_hair, colors, atol=1)


@few
@given(st.integers(20, 200), lights, lights)
def test_hair_gets_no_more_light_than_the_bounds_allow(value, was, now):
    colors = np.full((40, 600, 3), value, np.uint8)

    light = LIGHT_OF_BYTE[relit(colors, (200, 0), head_of(MESH), was, now)]

    side = np.exp(TILT_MOST)
    assert (light >= LIGHT_OF_BYTE[max(value - 1, 0)] * MOST[0] / side - 0.01).all()
    assert (light <= LIGHT_OF_BYTE[value + 1] * MOST[1] * side + 0.01).all()


def test_light_from_the_right_makes_hair_brighter_there():
    skin = np.array([0.3, 0.2, 0.15])
    colors = np.full((40, 600, 3), 90, np.uint8)

    lit = relit(colors, (200, 0), head_of(MESH), Light(skin, 0), Light(skin, 0.6)).astype(int)

    assert (np.diff(lit[20, :, 0]) >= 0).all()
    assert lit[20, -1, 0] > 90 > lit[20, 0, 0]


def test_light_hair_in_brighter_light_keeps_its_strands():
    colors = np.tile(np.uint8([[[215], [235]]]), (40, 25, 3))
    dim, bright = (Light(np.full(3, skin), 0.0) for skin in (0.1, 0.9))

    relit_hair = relit(colors, (3, 4), head_of(MESH), dim, bright)

    assert (relit_hair > colors).all()
    assert relit_hair.max() < 255
    assert (relit_hair[:, 1::2] - relit_hair[:, ::2].astype(int)).min() >= 5


@few
@given(st.lists(st.floats(0, 300), min_size=2, max_size=20), st.floats(0, 99))
def test_what_is_rolled_off_keeps_its_order_and_stays_below_the_most(values, knee):
    before = np.sort(np.array(values))
    after = rolled_off(before, np.full(len(before), knee), 100.0)

    assert after.max() <= 100
    assert np.diff(after).min() > -1e-9
    np.testing.assert_array_equal(after[before <= knee], before[before <= knee])
