import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from skimage.color import rgb2lab

from limner_models.networks.lab import lab_to_srgb, srgb_to_lab

seeds = st.integers(0, 2**32 - 1)


def colors(seed):
    return torch.from_numpy(np.random.default_rng(seed).random((2, 3, 5, 7), np.float32))


@given(seeds)
def test_lab_is_what_scikit_image_says(seed):
    planes = colors(seed)

    lab = srgb_to_lab(planes).permute(0, 2, 3, 1).numpy()

    np.testing.assert_allclose(lab, rgb2lab(planes.permute(0, 2, 3, 1).numpy()), atol=0.02)


@settings(max_examples=25)
@given(seeds)
def test_lab_and_back_is_where_it_began(seed):
    planes = colors(seed)

    torch.testing.assert_close(lab_to_srgb(srgb_to_lab(planes)), planes, atol=1e-4, rtol=0)


def test_black_has_a_gradient_that_is_a_number():
    planes = torch.zeros(1, 3, 2, 2, requires_grad=True)

    lab_to_srgb(srgb_to_lab(planes) + 1).sum().backward()

    assert torch.isfinite(planes.grad).all()


def test_colors_that_no_screen_shows_are_clamped():
    shown = lab_to_srgb(torch.tensor([50.0, 120.0, 120.0]).view(1, 3, 1, 1))

    assert shown.min() == 0
    assert shown.max() == pytest.approx(1)
