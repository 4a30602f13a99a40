"""Which way steps go: what is protected is not changed by what else is sought."""

from __future__ import annotations

import pytest
import torch

from limner_models.loho.directions import directions
from limner_models.loho.gradients import cosines

NAMES = ("identity", "structure", "noise", "appearance", "style", "shape_appearance", "shape_style")


@pytest.fixture
def sought():
    chance = torch.Generator().manual_seed(1)
    sizes = ((1, 4, 12), (1, 1, 4, 4), (1, 1, 8, 8))
    return [torch.randn(size, generator=chance).requires_grad_() for size in sizes]


def losses(sought, names):
    """Losses whose gradients are known: for each a random number times every number sought."""
    chance = torch.Generator().manual_seed(2)
    pulls = {
        name: [torch.randn(tensor.shape, generator=chance) for tensor in sought] for name in names
    }
    weighted = {
        name: sum((pull * tensor).sum() for pull, tensor in zip(pulls[name], sought, strict=True))
        for name in names
    }
    return weighted, pulls


def total(pulls, names):
    return [sum(parts) for parts in zip(*(pulls[name] for name in names), strict=True)]


def test_the_first_stage_goes_down_all_losses(sought):
    weighted, pulls = losses(sought, ("identity", "structure", "mask", "noise"))
    found, angles = directions(weighted, sought, orthogonalized=True)
    torch.testing.assert_close(found, total(pulls, weighted))
    assert angles is None


def test_nothing_but_its_own_gradient_changes_the_outline(sought):
    weighted, pulls = losses(sought, (*NAMES, "mask"))
    found, _ = directions(weighted, sought, orthogonalized=True)
    (styles, *noises), (outline, *outlines) = found, pulls["mask"]
    assert cosines(styles - outline, outline).abs().max() < 1e-6
    for noise, one in zip(noises, outlines, strict=True):
        assert cosines((noise - one).flatten(), one.flatten()).abs() < 1e-6


@pytest.mark.parametrize("names", [NAMES, (*NAMES, "mask")])
def test_structure_brings_nothing_along_and_leaves_noise_alone(sought, names):
    weighted, pulls = losses(sought, names)
    _, (before, after) = directions(weighted, sought, orthogonalized=True)
    assert before > 0.1
    assert after < 1e-6

    without = {name: loss for name, loss in weighted.items() if name != "structure"}
    without["structure"] = 0 * weighted["structure"]
    still, _ = directions(without, sought, orthogonalized=True)
    found, _ = directions(weighted, sought, orthogonalized=True)
    torch.testing.assert_close(found[1:], still[1:])
    if "mask" not in names:
        kept = total(pulls, ("shape_appearance", "shape_style"))[0]
        assert cosines(found[0] - still[0], kept).abs().max() < 1e-5


def test_gradients_as_they_are_add_up(sought):
    weighted, pulls = losses(sought, (*NAMES, "mask"))
    found, _ = directions(weighted, sought, orthogonalized=False)
    wished = ["identity", "noise", "appearance", "style", "mask"]
    torch.testing.assert_close(found[1:], total(pulls, wished)[1:])
    torch.testing.assert_close(found[0], total(pulls, [*wished, "structure"])[0])
