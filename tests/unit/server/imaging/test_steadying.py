from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from limner_registry.animals import ANIMALS, onto
from limner_registry.face_template import inverse, mapped
from limner_server.imaging.steadying import SPEED_HERTZ, Ease, steadied
from limner_server.pipelines.following import EXPRESSION, HEAD

FRAME = 1 / 30
EYES = 111.0
"""Pixels between the eyes of a face whose crop has 512 pixels a side."""
STILL = np.array(
    [(-0.5, 0, 0), (0.5, 0, 0), (0, 0.43, -0.38), (-0.33, 0.82, -0.05), (0.33, 0.82, -0.05)]
)
"""Eyes, nose and mouth corners of a face that looks straight; the eyes are 1 apart."""


def turning(frames=60):
    """Yield a head's five points that looks from side to side, leans and walks, in two seconds."""
    for frame in range(frames):
        phase = 2 * math.pi * frame / frames
        yaw, roll = 0.61 * math.sin(phase), 0.17 * math.sin(phase + 0.5)
        c, s = math.cos(yaw), math.sin(yaw)
        seen = (STILL @ np.array([[c, 0, -s], [0, 1, 0], [s, 0, c]]))[:, :2]
        c, s = math.cos(roll), math.sin(roll)
        place = 256 + 40 * math.sin(phase), 230 + 10 * math.sin(2 * phase)
        yield EYES * (1 + 0.05 * math.sin(phase)) * seen @ np.array([[c, s], [-s, c]]) + place


def animals_points(faces, ease=None):
    """Return where an animal's own five points lie in each frame, in pixels of the photo."""
    animal, steady, shown = ANIMALS["cat"], None, []
    for five in faces:
        points = five
        if ease is not None:
            steady = steadied(steady, five, FRAME, ease, EYES, together=True)
            points = steady.points
        crop = np.array(animal.template) * 512 - 0.5
        shown.append(mapped(crop, inverse(onto(points, animal, 512))))
    return np.array(shown)


def mean_step(points):
    return float(np.hypot(*np.moveaxis(np.diff(points, axis=0), -1, 0)).mean())


@pytest.mark.parametrize(("noise", "bar"), [(0.5, 0.25), (1.0, 0.5)])
def test_an_animal_on_a_turning_head_trembles_by_half_a_pixel_at_most(noise, bar):
    faces = list(turning())
    smooth = animals_points(faces, HEAD)
    steps, raw = [], []
    for seed in range(8):
        rng = np.random.default_rng(seed)
        noisy = [five + rng.normal(0, noise, five.shape) for five in faces]
        steps.append(mean_step(animals_points(noisy, HEAD) - smooth))
        raw.append(mean_step(animals_points(noisy) - animals_points(faces)))
    assert np.mean(steps) < bar
    assert np.mean(raw) > 2.5 * np.mean(steps)


def test_an_animal_follows_a_turning_head_within_two_frames():
    faces = list(turning())
    true, shown = animals_points(faces), animals_points(faces, HEAD)
    late = np.hypot(*np.moveaxis(shown - true, -1, 0)).mean()
    assert late < 2 * mean_step(true)


def test_a_blink_is_seen_though_eyelids_rest_steady():
    opening = np.array([1, 1, 1, 0.6, 0.2, 0, 0, 0.2, 0.5, 0.8, 1, 1, 1, 1]) * 0.06
    steady, shown = None, []
    for height in opening:
        steady = steadied(steady, np.array([[0.5, height]]), FRAME, EXPRESSION, 0.216)
        shown.append(steady.points[0, 1] / 0.06)
    assert min(shown) < 0.1
    assert shown[5] < 0.5
    assert shown[-1] > 0.85

    rng, steady, at_rest = np.random.default_rng(0), None, []
    for _ in range(200):
        noisy = rng.normal(0, 1 / 512, (23, 2))
        steady = steadied(steady, noisy, FRAME, EXPRESSION, 0.216)
        at_rest.append(steady.points * 512)
    assert mean_step(np.array(at_rest)) < 0.4


def test_without_gain_it_is_the_low_pass_of_its_cutoff():
    """A step's answer is 1 - (1 - a)^n for a = 1 / (1 + tau / T), tau = 1 / (2 pi f)."""
    ease, share = Ease(1.5, 0), 1 / (1 + 1 / (2 * math.pi * 1.5 * FRAME))
    steady = steadied(None, np.zeros((1, 2)), FRAME, ease)
    for n in range(1, 12):
        steady = steadied(steady, np.ones((1, 2)), FRAME, ease)
        np.testing.assert_allclose(steady.points, 1 - (1 - share) ** n)


def test_it_is_the_paper_s_filter_for_a_number():
    ease, rng = Ease(0.8, 0.7), np.random.default_rng(1)
    shown = speed = None
    steady = None
    for value in rng.normal(0, 1, 40):
        steady = steadied(steady, np.array([[value, 0.0]]), FRAME, ease)
        if shown is None:
            shown, speed = value, 0.0
        else:

            def alpha(cutoff):
                return 1 / (1 + 1 / (2 * math.pi * cutoff * FRAME))

            follow = alpha(SPEED_HERTZ)
            speed = follow * (value - shown) / FRAME + (1 - follow) * speed
            follow = alpha(ease.hertz + ease.gain * abs(speed))
            shown = follow * value + (1 - follow) * shown
        assert steady.points[0, 0] == pytest.approx(shown)


@given(st.integers(0, 2**32 - 1), st.booleans(), st.floats(0.1, 50))
def test_points_that_rest_stay_and_what_is_shown_grows_with_its_unit(seed, together, unit):
    rng = np.random.default_rng(seed)
    seen = rng.normal(0, 1, (6, 5, 2))
    ease = Ease(1.0, 2.0)
    one = other = rest = None
    for points in seen:
        rest = steadied(rest, seen[0], FRAME, ease, together=together)
        one = steadied(one, points, FRAME, ease, together=together)
        other = steadied(other, unit * points, FRAME, ease, unit, together=together)
    np.testing.assert_allclose(rest.points, seen[0])
    np.testing.assert_allclose(other.points, unit * one.points, rtol=1e-9, atol=1e-9)


def test_together_a_shape_follows_as_one():
    rng = np.random.default_rng(0)
    shape = rng.normal(0, 1, (5, 2))
    steady = steadied(None, shape, FRAME, HEAD, together=True)
    for n in range(1, 9):
        moved = shape + np.array([0.1, 0.03]) * n
        steady = steadied(steady, moved, FRAME, HEAD, together=True)
        np.testing.assert_allclose(
            steady.points - steady.points.mean(0), shape - shape.mean(0), atol=1e-12
        )
