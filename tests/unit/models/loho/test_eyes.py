"""The eyes and the parser that a search has with our own weights, and with imported ones."""

from __future__ import annotations

import pytest
import torch
from torch import nn
from torch.nn import functional

from limner_models.loho.parsing import SegmenterParser
from limner_models.loho.perception import EncoderEye, Vgg16Eye
from limner_models.networks.mobilenet import MobileNetEncoder
from limner_models.networks.vgg import LpipsWeights, Vgg

PICTURE = torch.rand(1, 3, 64, 64, generator=torch.Generator().manual_seed(2)) * 2 - 1


def test_vgg16_looks_where_loho_does_and_weighs_as_lpips():
    vgg, lpips = Vgg(16), LpipsWeights()
    eye = Vgg16Eye(vgg, lpips)

    seen = eye(PICTURE, raw=True)

    first = vgg.features[0](PICTURE).relu()
    torch.testing.assert_close(seen.appearance, first)
    torch.testing.assert_close(seen.levels[0], vgg.features[2](first).relu())
    assert [tuple(maps.shape[1:3]) for maps in seen.levels] == [
        (64, 64),
        (128, 32),
        (256, 16),
        (512, 8),
        (512, 4),
    ]
    assert all(float(maps.detach().min()) == 0 for maps in seen.levels)  # rectified
    difference = torch.cat([torch.rand(1, len(weight)) for weight in eye.weights], 1)
    rows = difference.split([len(weight) for weight in eye.weights], 1)
    sums = [row @ weight for row, weight in zip(rows, eye.weights, strict=True)]
    torch.testing.assert_close(torch.stack(sums, 1), lpips(difference))
    assert not torch.allclose(eye(PICTURE).appearance, seen.appearance)


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
    shares = SegmenterParser(Halves()).shares(picture)
    assert float(shares.hair[..., :30, 18:].min()) == pytest.approx(2.71828 / 5.71828, abs=1e-4)
    assert torch.equal(shares.hair[..., 18:] > shares.face[..., 18:], found.hair[..., 18:] > 0)
