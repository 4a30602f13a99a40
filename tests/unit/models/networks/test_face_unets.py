"""The conventional chain's networks: what goes in, what comes out, and how much they compute."""

from __future__ import annotations

import pytest
import torch

from limner_models.multiplications import multiplications
from limner_models.networks.composer import Composer
from limner_models.networks.face_unets import (
    BackgroundBlender,
    ColorCorrector,
    FaceExtractor,
    UNet,
)


def photo(value, size=32):
    return torch.full((1, size, size, 3), value, dtype=torch.uint8)


def test_an_untrained_corrector_changes_nothing():
    mask = photo(255)[..., 0]
    with torch.inference_mode():
        corrected = ColorCorrector().eval()(photo(90), mask, photo(200), mask)

    assert torch.allclose(corrected, torch.full((1, 32, 32, 3), 90 / 255))


def test_an_untrained_blender_pastes_along_the_mask():
    mask = torch.zeros(1, 32, 32, dtype=torch.uint8)
    mask[:, 8:24, 8:24] = 255
    with torch.inference_mode():
        picture = BackgroundBlender().eval()(photo(90), mask, photo(200), mask)

    assert picture[0, 16, 16, 0] == pytest.approx(90 / 255, abs=0.03)
    assert picture[0, 2, 2, 0] == pytest.approx(200 / 255, abs=0.03)


def test_an_extractor_answers_shares_at_the_size_that_went_in():
    with torch.inference_mode():
        found = FaceExtractor().eval()(photo(128, 48))

    assert found.shape == (1, 48, 48)
    assert 0 <= found.min() <= found.max() <= 1


def test_multiplications_of_the_published_u_net_are_the_published_ones():
    net = UNet(3, 1, (32, 64, 128, 256, 256)).to("meta")

    giga = multiplications(net, torch.zeros(1, 3, 256, 256, device="meta")) / 1e9

    assert giga == pytest.approx(12.75, abs=0.05)


def test_multiplications_of_one_layer_are_what_they_are_by_hand():
    conv = torch.nn.Conv2d(4, 6, 3, stride=2, padding=1)
    linear = torch.nn.Linear(5, 7)

    assert multiplications(conv, torch.zeros(2, 4, 8, 8)) == 2 * 6 * 4 * 4 * 4 * 9
    assert multiplications(linear, torch.zeros(3, 5)) == 3 * 5 * 7


def test_a_composer_computes_at_most_a_third_of_the_chains_four_runs():
    image = torch.zeros(1, 256, 256, 3, dtype=torch.uint8, device="meta")
    mask = image[..., 0]

    def count(network, *inputs):
        return multiplications(network.to("meta"), *inputs)

    chain = (
        2 * count(FaceExtractor(), image)
        + count(ColorCorrector(), image, mask, image, mask)
        + count(BackgroundBlender(), image, mask, image, mask)
    )
    assert count(Composer(), image, image, mask) <= chain / 3
