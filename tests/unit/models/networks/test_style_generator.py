"""StyleGAN2's generator, against its definition written out pixel by pixel in float64."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from torch.nn import functional

from limner_models.networks.style_generator import SIZES, StyleGenerator
from limner_models.networks.style_layers import (
    Modulated,
    ScaledLinear,
    StyledConvolution,
    doubled,
    low_passed,
    normalized,
)

KERNEL = np.outer([1, 3, 3, 1], [1, 3, 3, 1]) / 64


def small(size=32, **how):
    torch.manual_seed(20)
    made = StyleGenerator(size, mapping_layers=2, channel_multiplier=1 / 16, widest=16, **how)
    for layer in made.layers:
        layer.strength.data.fill_(0.3)
        layer.bias.data.normal_()
    return made


def modulated_weights(layer, style):
    """Each sample's own weights, NxGxTxKxK, as the paper's equations 1 and 3 have them."""
    weight = layer.weight.detach().double().numpy()
    fan = weight[0].size
    affine = layer.affine.weight.detach().double().numpy() / math.sqrt(style.shape[1])
    scales = style.double().numpy() @ affine.T + layer.affine.bias.detach().double().numpy()
    own = weight[None] / math.sqrt(fan) * scales[:, None, :, None, None]
    if layer.demodulated:
        own = own / np.sqrt((own**2).sum((2, 3, 4), keepdims=True) + 1e-8)
    return own


def correlated(planes, weights):
    """TxHxW planes with GxTxKxK weights, one output pixel at a time."""
    kernel = weights.shape[2]
    edge = kernel // 2
    padded = np.pad(planes, ((0, 0), (edge, edge), (edge, edge)))
    out = np.zeros((len(weights), *planes.shape[1:]))
    for y, x in np.ndindex(*planes.shape[1:]):
        seen = padded[:, y : y + kernel, x : x + kernel]
        out[:, y, x] = (weights * seen).sum((1, 2, 3))
    return out


def spread_out(planes, weights):
    """Each pixel puts its weights two pixels further: a transposed convolution of stride 2."""
    _, height, width = planes.shape
    out = np.zeros((len(weights), 2 * height + 1, 2 * width + 1))
    for y, x in np.ndindex(height, width):
        put = (weights * planes[:, y, x][None, :, None, None]).sum(1)
        out[:, 2 * y : 2 * y + 3, 2 * x : 2 * x + 3] += put
    return out


def filtered(planes, before, after):
    """Each of the planes with the 4x4 low-pass of gain 4, zeros around."""
    padded = np.pad(planes, ((0, 0), (before, after), (before, after)))
    height, width = (n - 3 for n in padded.shape[1:])
    out = np.zeros((len(planes), height, width))
    for y, x in np.ndindex(height, width):
        out[:, y, x] = (padded[:, y : y + 4, x : x + 4] * KERNEL * 4).sum((1, 2))
    return out


@pytest.mark.parametrize(("kernel", "demodulated"), [(3, True), (1, False)])
def test_a_modulated_convolution_is_its_definition(kernel, demodulated):
    torch.manual_seed(1)
    layer = Modulated(3, 5, 8, kernel, demodulated=demodulated).double()
    features, style = torch.randn(2, 3, 6, 7).double(), torch.randn(2, 8).double()

    made = layer(features, style).detach().numpy()

    weights = modulated_weights(layer, style)
    expected = [correlated(*each) for each in zip(features.double().numpy(), weights, strict=True)]
    np.testing.assert_allclose(made, np.stack(expected), atol=1e-7)


def test_a_doubling_convolution_is_its_definition():
    torch.manual_seed(2)
    layer = Modulated(3, 4, 8, 3, doubles=True).double()
    features, style = torch.randn(2, 3, 5, 4).double(), torch.randn(2, 8).double()

    made = layer(features, style).detach().numpy()

    weights = modulated_weights(layer, style)
    expected = [
        filtered(spread_out(*each), 1, 1) for each in zip(features.numpy(), weights, strict=True)
    ]
    assert made.shape == (2, 4, 10, 8)
    np.testing.assert_allclose(made, np.stack(expected), atol=1e-7)


def test_doubling_puts_zeros_between_pixels_and_filters():
    planes = torch.randn(1, 2, 3, 5, generator=torch.Generator().manual_seed(3)).double()
    zeros = np.zeros((2, 6, 10))
    zeros[:, ::2, ::2] = planes[0].numpy()

    np.testing.assert_allclose(doubled(planes)[0].numpy(), filtered(zeros, 2, 1), atol=1e-7)


def test_a_filter_keeps_a_constant():
    flat = torch.full((1, 1, 9, 9), 0.7)

    assert torch.allclose(low_passed(flat, before=0, after=0), torch.full((1, 1, 6, 6), 0.7))


def test_demodulation_gives_back_unit_variance():
    torch.manual_seed(4)
    layer = Modulated(64, 64, 16, 3)
    features = torch.randn(4, 64, 32, 32)
    style = 10 * torch.randn(4, 16)  # scales features by about ten, up and down

    inner = layer(features, style).detach()[:, :, 1:-1, 1:-1]

    assert layer.affine(style).detach().std() > 5
    assert inner.var((2, 3)).mean() == pytest.approx(1, abs=0.02)


def test_a_scaled_layer_starts_at_unit_variance_and_learns_at_its_rate():
    torch.manual_seed(5)
    values = torch.randn(2000, 64)
    slow = ScaledLinear(64, 64, rate=0.01)

    made = slow(values)
    made.sum().backward()

    assert made.std().item() == pytest.approx(1, abs=0.03)
    assert slow.bias.grad[0].item() == pytest.approx(0.01 * len(values))


def test_latents_are_brought_to_unit_power():
    latent = 7 * torch.randn(3, 512)

    assert torch.allclose(normalized(latent).square().mean(1), torch.ones(3))


def test_a_clamp_bounds_what_a_layer_gives_on():
    torch.manual_seed(6)
    free, bound = (StyledConvolution(4, 4, 8, clamp=clamp) for clamp in (math.inf, 0.5))
    bound.load_state_dict(free.state_dict())
    given = torch.randn(1, 4, 8, 8), torch.randn(1, 8), torch.zeros(1, 1, 8, 8)

    with torch.no_grad():
        loud, quiet = free(*given), bound(*given)

    assert loud.abs().max() > 1
    assert torch.equal(quiet, loud.clamp(-0.5, 0.5))


@pytest.mark.parametrize("size", SIZES)
def test_each_size_draws_by_its_rows_and_noises(size):
    network = StyleGenerator(size, mapping_layers=1, channel_multiplier=1 / 16, widest=4, width=8)
    styles = torch.randn(1, network.rows, 8)

    with torch.no_grad():
        picture = network.synthesize(styles)

    assert picture.shape == (1, 3, size, size)
    assert network.rows == 2 * int(math.log2(size)) - 2
    assert network.noise_sizes[:3] == (4, 8, 8)
    assert network.noise_sizes[-2:] == (size, size)
    assert [tuple(noise.shape) for noise in network.noises] == [
        (1, 1, side, side) for side in network.noise_sizes
    ]


def test_a_published_size_has_its_published_number_of_weights():
    made = StyleGenerator(1024)

    assert sum(weight.numel() for weight in made.parameters()) == 30_370_060


def test_no_other_size_is_built():
    with pytest.raises(ValueError, match="32, 64, 128, 256, 512, 1024 pixels a side"):
        StyleGenerator(48)


def test_each_row_decides_its_own_sizes():
    network = small()
    styles = torch.randn(1, network.rows, 512)
    with torch.no_grad():
        before = network.synthesize(styles)
        for row in range(network.rows):
            other = styles.clone()
            other[:, row] += 1
            assert not torch.equal(network.synthesize(other), before), row


def test_each_noise_is_laid_on_and_a_batch_may_have_its_own():
    network = small()
    styles = torch.randn(2, network.rows, 512)
    own = network.fresh_noises(2)
    with torch.no_grad():
        both = network.synthesize(styles, own)
        alone = network.synthesize(styles[1:], [noise[1:] for noise in own])
        assert torch.allclose(both[1:], alone, atol=1e-5)
        for index in range(len(own)):
            other = [*own]
            other[index] = other[index] + 1
            assert not torch.equal(network.synthesize(styles, other), both), index


def test_a_latent_is_drawn_by_its_style_in_every_row():
    network = small()
    latent = torch.randn(2, 512)
    with torch.no_grad():
        styles = network.map(latent)[:, None].repeat(1, network.rows, 1)

        assert torch.equal(network(latent), network.synthesize(styles))


def test_the_mean_style_is_the_middle_of_all_and_always_the_same():
    network = small()

    mean, deviation = network.mean_style(3000)

    torch.manual_seed(9)
    with torch.no_grad():
        others = network.map(torch.randn(3000, 512))
    assert torch.equal(mean, network.mean_style(3000)[0])
    assert functional.cosine_similarity(mean, others.mean(0), dim=0) > 0.9
    distances = (others - others.mean(0)).square().sum(1)
    assert deviation.item() == pytest.approx(distances.mean().sqrt().item(), rel=0.02)


def test_gradients_of_gradients_are_right():
    torch.manual_seed(7)
    layer = Modulated(2, 2, 3, 3, doubles=True).double()
    features = torch.randn(1, 2, 3, 3).double().requires_grad_()
    style = torch.randn(1, 3).double().requires_grad_()

    assert torch.autograd.gradgradcheck(layer, (features, style))


def test_a_path_length_can_be_descended():
    network = small()
    styles = network.map(torch.randn(2, 512))[:, None].repeat(1, network.rows, 1)
    picture = network.synthesize(styles)
    (moved,) = torch.autograd.grad(
        (picture * torch.randn_like(picture)).sum(), styles, create_graph=True
    )

    moved.square().sum((1, 2)).sqrt().var().backward()

    assert network.start.grad.abs().sum() > 0
    assert network.layers[0].convolution.weight.grad.abs().sum() > 0


def test_noise_is_drawn_anew_by_torch_s_generator():
    network = small()
    torch.manual_seed(8)
    first = network.fresh_noises(1)
    torch.manual_seed(8)

    assert all(map(torch.equal, first, network.fresh_noises(1)))
    assert not torch.equal(first[3], network.fresh_noises(1)[3])
