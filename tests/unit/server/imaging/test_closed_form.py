from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pymatting import estimate_alpha_cf

from limner_server.imaging import closed_form
from limner_server.imaging.closed_form import Stopped, solve_alpha
from limner_server.imaging.trimap import INSIDE, OUTSIDE, UNKNOWN

seeds = st.integers(0, 2**32 - 1)
sides = st.integers(1, 24)


def never():
    return False


def scene(height=60, width=80, band=8):
    """Return a photo mixed from two colored sides, its alpha, and a trimap around the seam."""
    random = np.random.default_rng(0)
    x = np.linspace(-1, 1, width)[None] + np.sin(np.arange(height) / 5)[:, None] * 0.02
    alpha = np.clip(x * width / 2 / band + 0.5, 0, 1)
    mixed = alpha[..., None] * (220, 90, 60) + (1 - alpha[..., None]) * (30, 60, 160)
    photo = np.clip(mixed + random.normal(0, 1, (height, width, 3)), 0, 255).astype(np.uint8)
    trimap = np.full((height, width), UNKNOWN, np.uint8)
    trimap[:, : width // 2 - 2 * band] = OUTSIDE
    trimap[:, width // 2 + 2 * band :] = INSIDE
    return photo, alpha.astype(np.float32), trimap


@settings(deadline=None)
@given(seeds, sides, sides, st.sets(st.sampled_from([INSIDE, OUTSIDE, UNKNOWN]), min_size=1))
def test_any_trimap_is_solved_and_its_sure_parts_kept(seed, height, width, values):
    random = np.random.default_rng(seed)
    photo = random.integers(0, 256, (height, width, 3), np.uint8)
    trimap = random.choice(np.array(sorted(values), np.uint8), (height, width))

    solved = solve_alpha(photo, trimap, never)

    assert solved.alpha.dtype == np.float32
    assert solved.alpha.shape == (height, width)
    assert np.isfinite(solved.alpha).all()
    assert 0 <= solved.alpha.min() <= solved.alpha.max() <= 1
    assert (solved.alpha[trimap == INSIDE] == 1).all()
    assert (solved.alpha[trimap == OUTSIDE] == 0).all()


def test_the_share_of_a_mixture_is_found():
    photo, alpha, trimap = scene()

    solved = solve_alpha(photo, trimap, never)

    assert solved.scale == 1
    assert np.abs(solved.alpha - alpha).mean() < 0.01


def test_the_alpha_is_pymatting_s():
    photo, _, trimap = scene()
    marks = np.select([trimap == INSIDE, trimap == OUTSIDE], [1.0, 0.0], 0.5)

    expected = estimate_alpha_cf(
        photo / 255, marks, laplacian_kwargs={"epsilon": closed_form.EPSILON}
    )

    np.testing.assert_allclose(solve_alpha(photo, trimap, never).alpha, expected, atol=2e-3)


@pytest.mark.parametrize(("sure", "expected"), [(INSIDE, 1), (OUTSIDE, 0)])
def test_one_sure_side_alone_takes_all(sure, expected):
    photo, _, trimap = scene()
    trimap[trimap != UNKNOWN] = sure

    assert (solve_alpha(photo, trimap, never).alpha == expected).all()


def test_too_much_unknown_is_solved_smaller_and_lifted(monkeypatch):
    photo, alpha, trimap = scene(120, 160, 16)
    monkeypatch.setattr(closed_form, "MAX_UNKNOWN", 1500)

    solved = solve_alpha(photo, trimap, never)

    assert 0.3 < solved.scale < 0.6
    assert np.abs(solved.alpha - alpha).mean() < 0.02
    assert (solved.alpha[trimap == INSIDE] == 1).all()
    assert (solved.alpha[trimap == OUTSIDE] == 0).all()


def test_a_trimap_of_scattered_points_shrinks_until_it_fits(monkeypatch):
    photo, _, trimap = scene()
    trimap[::2, ::2] = UNKNOWN
    monkeypatch.setattr(closed_form, "MAX_UNKNOWN", 50)

    assert solve_alpha(photo, trimap, never).scale < 0.3


@pytest.mark.parametrize("calls", range(4))
def test_the_solver_stops_at_the_next_step(calls):
    photo, _, trimap = scene()
    left = iter([False] * calls)

    with pytest.raises(Stopped):
        solve_alpha(photo, trimap, lambda: next(left, True))

    assert next(left, None) is None


def test_without_cholesky_factors_the_diagonal_stands_in(monkeypatch):
    photo, alpha, trimap = scene()
    monkeypatch.setattr(closed_form, "MAX_FACTORS", 1)
    monkeypatch.setattr(closed_form, "MAX_STEPS", 2000)

    assert np.abs(solve_alpha(photo, trimap, never).alpha - alpha).mean() < 0.01


def test_what_the_steps_do_not_reach_is_taken_as_it_is(monkeypatch):
    photo, _, trimap = scene()
    monkeypatch.setattr(closed_form, "MAX_STEPS", 1)

    alpha = solve_alpha(photo, trimap, never).alpha

    assert 0 <= alpha.min() <= alpha.max() <= 1


def test_photo_and_trimap_are_not_changed():
    photo, _, trimap = scene()
    before = photo.copy(), trimap.copy()

    solve_alpha(photo, trimap, never)

    np.testing.assert_array_equal(photo, before[0])
    np.testing.assert_array_equal(trimap, before[1])


def test_warming_up_takes_no_photo():
    closed_form.warm()
