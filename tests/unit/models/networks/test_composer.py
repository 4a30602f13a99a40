"""The composer: what its masks and maps promise, whatever its weights are."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from limner_models.export import export
from limner_models.networks.color_head import ColorHead, moments
from limner_models.networks.composer import Composer, places
from limner_models.networks.compositing import (
    COPIED,
    SCENE,
    UNCHANGED,
    composited,
    recolored,
)
from limner_models.recipes.composer import drawn_faces
from limner_registry.contracts import COMPOSER


def shaken(network):
    """Return a network none of whose layers is still as it was built."""
    torch.manual_seed(0)
    for tensor in network.parameters():
        nn.init.normal_(tensor, std=0.1)
    return network.eval()


@pytest.fixture(scope="module", params=[True, False], ids=["shared", "apart"])
def composer(request):
    return shaken(Composer(4, shared=request.param))


def noise(count=2, high=64, wide=96):
    rng = np.random.default_rng(0)
    photos = rng.integers(0, 256, (2, count, high, wide, 3), dtype=np.uint8)
    return (*map(torch.from_numpy, photos), torch.full((count, high, wide), 255, dtype=torch.uint8))


def test_masks_sum_to_one_at_every_pixel(composer):
    with torch.inference_mode():
        masks, colors, ring = composer(*noise())

    assert masks.shape == (2, 64, 96, 3)
    assert colors.shape == (2, 16, 16, 12)
    assert ring.shape == (2, 64, 96, 3)
    assert masks.min() >= 0
    assert torch.allclose(masks.sum(-1), torch.ones(2, 64, 96), atol=1e-6)
    assert 0 <= ring.min() <= ring.max() <= 1


def test_nothing_of_the_converted_photo_is_shown_beyond_its_edges(composer):
    original, converted, valid = noise()
    valid[:, :, 50:] = 0
    with torch.inference_mode():
        masks, *_ = composer(original, converted, valid)
        other = composer(original, torch.where(valid[..., None] > 0, converted, 9), valid)[0]

    assert masks[:, :, 50:, 0].max() == 0
    assert torch.allclose(masks.sum(-1), torch.ones(2, 64, 96), atol=1e-6)
    assert torch.equal(masks, other)


def test_the_photos_of_a_batch_do_not_change_each_others_answers(composer):
    with torch.inference_mode():
        together = composer(*noise())
        alone = composer(*(tensor[1:] for tensor in noise()))

    for one, other in zip(together, alone, strict=True):
        assert torch.allclose(one[1:], other, atol=1e-4)


def test_an_untrained_composer_leaves_colors_alone():
    with torch.inference_mode():
        _, colors, _ = Composer(4).eval()(*noise())

    assert torch.equal(colors, torch.tensor(UNCHANGED).expand(2, 16, 16, 12))


def test_another_size_than_the_traced_one_is_answered_alike_once_exported():
    onnxruntime = pytest.importorskip("onnxruntime")
    network = shaken(Composer(4))
    session = onnxruntime.InferenceSession(
        export(network, COMPOSER, drawn_faces()), providers=["CPUExecutionProvider"]
    )

    inputs = noise(1, 72, 88)
    names = [tensor.name for tensor in COMPOSER.inputs]
    answers = session.run(None, {k: v.numpy() for k, v in zip(names, inputs, strict=True)})
    with torch.inference_mode():
        wanted = network(*inputs)

    for answer, expected in zip(answers, wanted, strict=True):
        np.testing.assert_allclose(answer, expected.numpy(), atol=1e-3)


def test_places_run_from_edge_to_edge_at_any_size():
    spots = places(torch.zeros(1, 3, 4, 8))

    assert spots[0, 0, 0].tolist() == pytest.approx([k / 4 - 7 / 8 for k in range(8)])
    assert spots[0, 1, :, 0].tolist() == pytest.approx([-0.75, -0.25, 0.25, 0.75])


def test_moments_are_those_of_what_the_share_holds():
    planes = torch.randn(1, 3, 8, 8)
    share = torch.zeros(1, 1, 8, 8)
    share[..., :4] = 1

    mean, spread = moments(planes, share)

    half = planes[..., :4].flatten(2)
    assert torch.allclose(mean.flatten(), half.mean(2).flatten(), atol=1e-5)
    assert torch.allclose(spread.flatten(), half.std(2, correction=0).flatten(), atol=1e-3)


def test_moments_of_an_empty_share_are_those_of_everything():
    planes = torch.randn(2, 3, 8, 8)

    found = moments(planes, torch.zeros(2, 1, 8, 8))

    for one, other in zip(found, moments(planes, torch.ones(2, 1, 8, 8)), strict=True):
        assert torch.allclose(one, other, atol=1e-5)


def test_the_color_guess_brings_skin_to_the_others_mean():
    head = ColorHead(4)
    nn.init.ones_(head.leave.bias[12:])  # all of the guess, and nothing else
    rng = torch.Generator().manual_seed(0)
    converted, original = torch.rand(2, 1, 3, 16, 16, generator=rng) * 0.5
    original = original + torch.tensor([0.3, 0.1, 0.0])[:, None, None]
    everywhere = torch.ones(1, 2, 16, 16)

    with torch.inference_mode():
        maps = head(torch.zeros(1, 4, 16, 16), converted, original, everywhere, everywhere)
        made = recolored(converted, maps)

    assert torch.allclose(made.mean((2, 3)), original.mean((2, 3)), atol=0.01)
    assert torch.allclose(made.std((2, 3)), original.std((2, 3)), rtol=0.1)


def parts(scene):
    """Return a composite's ingredients with so much scene everywhere."""
    rng = torch.Generator().manual_seed(1)
    original, converted, ring = torch.rand(3, 1, 3, 16, 16, generator=rng)
    masks = torch.full((1, 3, 16, 16), (1 - scene) / 2)
    masks[:, SCENE] = scene
    colors = torch.tensor(UNCHANGED)[None, :, None, None].expand(1, 12, 2, 2)
    return original, converted, masks, colors, ring


def test_what_is_surely_scene_is_copied_to_the_bit():
    ingredients = parts(COPIED + 0.001)

    assert torch.equal(composited(*ingredients), ingredients[0])


def test_below_that_everything_takes_its_share():
    original, converted, masks, colors, ring = parts(0.5)

    mixed = composited(original, converted, masks, colors, ring)

    assert torch.allclose(mixed, original / 2 + converted / 4 + ring / 4, atol=1e-6)


def test_a_color_map_is_three_rows_of_four():
    planes = torch.rand(1, 3, 2, 2)
    matrix = torch.randn(3, 4)

    made = recolored(planes, matrix.flatten()[None, :, None, None].expand(1, 12, 2, 2))

    wanted = torch.einsum("rc,nchw->nrhw", matrix[:, :3], planes) + matrix[:, 3, None, None]
    assert torch.allclose(made, wanted, atol=1e-6)
