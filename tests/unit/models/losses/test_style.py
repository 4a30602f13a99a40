"""What illustrations are held to: nothing where pictures agree, as much as numpy says elsewhere."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from limner_models.losses.style import (
    STYLE_WEIGHTS,
    content_difference,
    gram,
    style_difference,
    total_variation,
)

seeds = st.integers(0, 2**32 - 1)
shapes = st.tuples(st.integers(1, 3), st.integers(1, 5), st.integers(2, 6), st.integers(2, 6))


def features(seed, shape):
    return np.random.default_rng(seed).normal(0.3, 1, shape)


def tensor(array):
    return torch.from_numpy(array.astype(np.float32))


def gram_of(array):
    _, channels, height, width = array.shape
    return np.einsum("nchw,ndhw->ncd", array, array) / (channels * height * width)


@settings(max_examples=30)
@given(seeds, shapes)
def test_gram_matrices_are_as_numpy_has_them_in_double_precision(seed, shape):
    array = features(seed, shape)

    np.testing.assert_allclose(gram(tensor(array)), gram_of(array), rtol=1e-4, atol=1e-5)


@settings(max_examples=30)
@given(seeds, shapes)
def test_contents_differ_by_their_share_of_the_second_s_squares(seed, shape):
    one, other = features(seed, shape), features(seed + 1, shape)

    expected = ((one - other) ** 2).mean() / ((other**2).mean() + 1e-6)
    assert float(content_difference(tensor(one), tensor(other))) == pytest.approx(expected, 1e-4)


@settings(max_examples=30)
@given(seeds, st.lists(shapes, min_size=1, max_size=5))
def test_styles_differ_by_their_gram_matrices_coarse_layers_counting_most(seed, layers):
    layers = [(layers[0][0], *shape[1:]) for shape in layers]
    one = [features(seed + k, shape) for k, shape in enumerate(layers)]
    other = [features(seed + 10 + k, shape) for k, shape in enumerate(layers)]
    expected = 0.0
    for weight, mine, wanted in zip((0.1, 0.2, 0.4, 0.8, 1.6), one, other, strict=False):
        goal = gram_of(wanted)
        error = ((gram_of(mine) - goal) ** 2).mean((1, 2))
        expected += weight * (error / ((goal**2).mean((1, 2)) + 1e-8)).mean()

    found = style_difference([tensor(each) for each in one], [tensor(each) for each in other])

    assert STYLE_WEIGHTS == (0.1, 0.2, 0.4, 0.8, 1.6)
    assert float(found) == pytest.approx(expected, 1e-3)


@given(seeds, shapes)
def test_equal_pictures_differ_in_nothing(seed, shape):
    same = tensor(features(seed, shape))

    assert float(content_difference(same, same.clone())) == 0
    assert float(style_difference([same], [same.clone()])) == 0


@given(seeds, shapes)
def test_where_features_lie_is_no_matter_of_style(seed, shape):
    there = tensor(features(seed, shape))

    moved = style_difference([there.flip(-1).roll(1, -2)], [there])

    assert float(moved) < 1e-6
    assert float(content_difference(2 * there, there)) == pytest.approx(1, abs=1e-3)


@settings(max_examples=30)
@given(seeds, shapes)
def test_variation_is_the_mean_step_across_and_down(seed, shape):
    planes = features(seed, shape)

    expected = np.abs(np.diff(planes, axis=3)).mean() + np.abs(np.diff(planes, axis=2)).mean()
    assert float(total_variation(tensor(planes))) == pytest.approx(expected, 1e-4)


def test_a_flat_picture_has_no_variation_and_one_step_counts_once():
    flat = torch.full((1, 3, 4, 5), 0.3)
    step = flat.clone()
    step[..., 2:] += 0.5

    assert float(total_variation(flat)) == 0
    assert float(total_variation(step)) == pytest.approx(0.5 / 4)


def test_every_difference_can_be_descended():
    mine = tensor(features(0, (1, 3, 4, 4))).requires_grad_()
    wanted = tensor(features(1, (1, 3, 4, 4)))

    loss = content_difference(mine, wanted) + style_difference([mine], [wanted])
    (loss + total_variation(mine)).backward()

    assert torch.isfinite(mine.grad).all()
    assert mine.grad.abs().sum() > 0
