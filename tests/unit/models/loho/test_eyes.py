"""The eyes and the parser that a search has with our own weights, and with imported ones."""

from __future__ import annotations

import pytest
import torch
from torch import nn
from torch.nn import functional

from limner_models.loho.parsing import SegmenterParser
from limner_models.loho.perception import VGG16, EncoderEye, Vgg16Eye
from limner_models.networks.mobilenet import MobileNetEncoder

PICTURE = torch.rand(1, 3, 64, 64, generator=torch.Generator().manual_seed(2)) * 2 - 1


def published():
    """Return random weights under the names that torchvision and LPIPS give them."""
    chance = torch.Generator().manual_seed(1)
    vgg, taken, place = {}, 3, 0
    for given in VGG16:
        if given:
            size = (given, taken, 3, 3)
            scale = (2 / (9 * taken)) ** 0.5
            vgg[f"features.{place}.weight"] = scale * torch.randn(size, generator=chance)
            vgg[f"features.{place}.bias"] = torch.zeros(given)
            taken = given
        place += 2 if given else 1
    lpips = {
        f"lin{index}.model.1.weight": torch.rand(1, count, 1, 1, generator=chance)
        for index, count in enumerate((64, 128, 256, 512, 512))
    }
    return vgg, lpips


def test_vgg16_looks_where_loho_does():
    vgg, lpips = published()
    eye = Vgg16Eye()
    eye.load_published(vgg, lpips)

    seen = eye(PICTURE, raw=True)

    first = functional.conv2d(PICTURE, vgg["features.0.weight"], padding=1).relu()
    torch.testing.assert_close(seen.appearance, first)
    second = functional.conv2d(first, vgg["features.2.weight"], padding=1).relu()
    torch.testing.assert_close(seen.levels[0], second)
    assert [tuple(maps.shape[1:3]) for maps in seen.levels] == [
        (64, 64),
        (128, 32),
        (256, 16),
        (512, 8),
        (512, 4),
    ]
    torch.testing.assert_close(eye.weights[4], lpips["lin4.model.1.weight"].reshape(-1))
    assert not torch.allclose(eye(PICTURE).appearance, seen.appearance)


def test_weights_of_another_network_are_refused():
    vgg, _ = published()
    del vgg["features.28.weight"]

    with pytest.raises(KeyError):
        Vgg16Eye().load_published(vgg)


def test_our_own_eye_sees_as_much_of_a_picture_at_every_level():
    eye = EncoderEye(MobileNetEncoder().eval())

    seen = eye(PICTURE)

    assert seen.appearance.shape == (1, 32, 64, 64)
    assert [maps.shape[-1] for maps in seen.levels] == [64, 32, 16, 8, 4]
    assert [len(weight) for weight in eye.weights] == [maps.shape[1] for maps in seen.levels]
    whole = eye.encoder(functional.interpolate(PICTURE, scale_factor=2, mode="bilinear"))
    for one, other in zip(eye(PICTURE, raw=True).levels, whole, strict=True):
        torch.testing.assert_close(one, other)


class Halves(nn.Module):
    """Calls the upper half hair, the lower face, and dark columns background."""

    def logits(self, image):
        count, height, width, _ = image.shape
        scores = torch.zeros(count, 4, height, width)
        scores[:, 0] = (image.mean(3) < 20) * 5.0
        scores[:, 1, : height // 2] = 1
        scores[:, 2, height // 2 :] = 1
        return scores


def test_the_parser_takes_the_likeliest_class_at_the_picture_s_own_size():
    picture = torch.ones(1, 3, 64, 64)
    picture[..., :16] = -1

    found = SegmenterParser(Halves())(picture)

    assert float(found.hair[..., :30, 18:].min()) == 1
    assert float(found.face[..., 34:, 18:].min()) == 1
    assert float((found.hair + found.face)[..., :14].max()) == 0
    assert found.hair.shape == picture[:, :1].shape
