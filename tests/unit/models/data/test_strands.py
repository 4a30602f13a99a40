import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from limner_models.data.strands import draw_strands

seeds = st.integers(0, 2**32 - 1)


@settings(max_examples=10)
@given(seeds)
def test_strands_have_light_where_they_have_alpha_and_nowhere_else(seed):
    strands = draw_strands(np.random.default_rng(seed), 48)

    assert strands.alpha.min() >= 0
    assert strands.alpha.max() <= 1
    assert (strands.light[strands.alpha == 0] == 0).all()
    assert (strands.light.max(-1) <= strands.alpha + 1e-3).all()


def test_one_chance_draws_one_picture():
    first, again = (draw_strands(np.random.default_rng(3), 48) for _ in range(2))

    np.testing.assert_array_equal(first.light, again.light)


def test_strands_are_thinner_than_pixels_as_often_as_not():
    alphas = [draw_strands(np.random.default_rng(seed), 64).alpha for seed in range(6)]
    seen = np.concatenate([alpha[alpha > 0] for alpha in alphas])

    assert ((seen > 0.05) & (seen < 0.95)).mean() > 0.2
    assert (seen == 1).any()
