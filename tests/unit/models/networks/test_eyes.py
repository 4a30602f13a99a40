"""Loss networks: published weights in their places, features where they belong."""

from __future__ import annotations

import pytest
import torch
from torch import nn
from torch.nn import functional

from limner_models.networks import eyes
from limner_models.networks.eyes import DEVIATION, MEAN, MobileEye, VggEye
from limner_models.networks.mobilenet import MobileNetEncoder

CONVOLUTIONS = (0, 2, 5, 7, 10, 12, 14, 16, 19, 21, 23, 25, 28, 30, 32, 34)
"""Places of torchvision's vgg19().features that hold weights."""
WIDTHS = (64, 64, 128, 128, 256, 256, 256, 256, *[512] * 8)
HALVED = {4, 9, 18, 27}


def vgg19(seed=0):
    """Random weights by torchvision's names, those that no eye needs among them."""
    torch.manual_seed(seed)
    state = {"classifier.0.weight": torch.zeros(1)}
    taken = 3
    for place, width in zip(CONVOLUTIONS, WIDTHS, strict=True):
        scale = (2 / (9 * taken)) ** 0.5
        state[f"features.{place}.weight"] = scale * torch.randn(width, taken, 3, 3)
        state[f"features.{place}.bias"] = 0.1 * torch.randn(width)
        taken = width
    return state


@pytest.fixture(scope="module")
def published():
    return vgg19()


def by_hand(state, planes):
    """Every layer's output up to conv5_1, by place."""
    mean, deviation = (torch.tensor(row)[:, None, None] for row in (MEAN, DEVIATION))
    seen = (planes - mean) / deviation
    outputs = []
    for place in range(30):
        if f"features.{place}.weight" in state:
            weight, bias = (state[f"features.{place}.{name}"] for name in ("weight", "bias"))
            seen = functional.conv2d(seen, weight, bias, padding=1)
        elif place in HALVED:
            seen = functional.max_pool2d(seen, 2)
        else:
            seen = functional.relu(seen)
        outputs.append(seen)
    return outputs


def test_vgg_looks_with_the_layers_that_papers_name(published):
    torch.manual_seed(1)
    planes = torch.rand(1, 3, 32, 48)
    outputs = by_hand(published, planes)

    with torch.inference_mode():
        content, styles = VggEye(published)(planes)

    # relu4_2, and relu1_1 to relu5_1
    torch.testing.assert_close(content, outputs[22])
    for found, place in zip(styles, (1, 6, 11, 20, 29), strict=True):
        torch.testing.assert_close(found, outputs[place])
    assert [found.shape[1:] for found in styles] == [
        (64, 32, 48),
        (128, 16, 24),
        (256, 8, 12),
        (512, 4, 6),
        (512, 2, 3),
    ]


@pytest.mark.parametrize("missing", ["features.28.weight", "features.0.bias"])
def test_weights_that_lack_a_layer_are_refused(published, missing):
    lacking = {name: tensor for name, tensor in published.items() if name != missing}

    with pytest.raises(RuntimeError, match=missing):
        VggEye(lacking)


def test_weights_of_another_size_are_refused(published):
    wider = {**published, "features.5.weight": torch.zeros(128, 3, 3, 3)}

    with pytest.raises(RuntimeError, match=r"features\.5\.weight"):
        VggEye(wider)


def test_mobilenet_looks_at_half_a_quarter_and_an_eighth():
    torch.manual_seed(0)
    encoder = MobileNetEncoder()
    planes = torch.rand(2, 3, 64, 32)

    eye = MobileEye(encoder.state_dict()).eval()
    with torch.inference_mode():
        content, styles = eye(planes)

    assert [found.shape for found in styles] == [(2, 16, 32, 16), (2, 24, 16, 8), (2, 32, 8, 4)]
    assert content is styles[2]


@pytest.mark.parametrize("eye", ["mobile", "vgg"])
def test_what_is_seen_can_be_descended_to_the_pixels(published, eye):
    torch.manual_seed(0)
    looking: nn.Module = (
        VggEye(published) if eye == "vgg" else MobileEye(MobileNetEncoder().state_dict())
    )
    looking.eval().requires_grad_(requires_grad=False)
    planes = torch.rand(1, 3, 32, 32, requires_grad=True)

    content, styles = looking(planes)
    (content.mean() + sum(found.mean() for found in styles)).backward()

    assert (planes.grad != 0).float().mean() > 0.9


def test_gray_of_imagenet_s_mean_is_nothing_to_either():
    mean = torch.tensor(MEAN)[None, :, None, None].expand(1, 3, 2, 2)

    torch.testing.assert_close(eyes._as_imagenet(mean), torch.zeros(1, 3, 2, 2))
