"""The segmenter's networks: sizes, what is frozen, and what a batch must not do."""

from __future__ import annotations

import pytest
import torch

from limner_models.data.drawn import draw_head
from limner_models.networks.hair_segmenter import CLASSES, HairSegmenter
from limner_models.networks.mobilenet import MobileNetEncoder
from limner_models.networks.tiramisu import DenseBlock, DenseDecoder, DenseEncoder

ENCODERS = (MobileNetEncoder, DenseEncoder)


@pytest.fixture(scope="module", params=ENCODERS)
def network(request):
    torch.manual_seed(0)
    return HairSegmenter(request.param()).eval()


def heads(count, size=64):
    images = [draw_head(size, 1 - 0.2 * index) for index in range(count)]
    return torch.stack([torch.from_numpy(image) for image in images])


def test_four_probabilities_come_out_at_the_size_that_went_in(network):
    with torch.inference_mode():
        classes = network(heads(2))

    assert classes.shape == (2, len(CLASSES), 64, 64)
    assert classes.dtype == torch.float32
    assert torch.allclose(classes.sum(1), torch.ones(2, 64, 64), atol=1e-5)


def test_the_photos_of_a_batch_do_not_change_each_others_answers(network):
    with torch.inference_mode():
        together, alone = network(heads(3)), network(heads(1))

    assert torch.allclose(together[:1], alone, atol=1e-5)


@pytest.mark.parametrize("encoder", ENCODERS)
def test_an_encoder_gives_the_widths_it_says_at_five_strides(encoder):
    features = encoder()(torch.zeros(1, 3, 64, 96))

    assert [tuple(tap.shape[1:]) for tap in features] == [
        (width, 64 // stride, 96 // stride)
        for width, stride in zip(encoder().channels, (2, 4, 8, 16, 32), strict=True)
    ]


def test_training_leaves_imagenets_statistics_and_first_blocks_alone():
    network = HairSegmenter(MobileNetEncoder()).train()
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    optimizer = torch.optim.SGD([w for w in network.parameters() if w.requires_grad], 0.1)

    network.logits(heads(2)).square().mean().backward()
    optimizer.step()

    after = network.state_dict()
    changed = {name for name, tensor in before.items() if not torch.equal(tensor, after[name])}
    assert not {name for name in changed if "running" in name or "tracked" in name}
    assert not {name for name in changed if name.startswith("encoder.features.3.")}
    assert {name for name in changed if name.startswith("encoder.features.17.")}
    assert {name for name in changed if name.startswith("decoder.")}


def test_published_weights_are_taken_without_their_classifier_and_others_refused():
    encoder = MobileNetEncoder()
    state = {name: torch.rand_like(tensor.float()) for name, tensor in encoder.state_dict().items()}
    encoder.load_published(
        {**state, "features.18.0.weight": torch.zeros(1), "classifier.1.bias": torch.zeros(1)}
    )

    assert torch.equal(encoder.features[0][0].weight, state["features.0.0.weight"])
    with pytest.raises(RuntimeError):
        encoder.load_published({"features.0.0.weight": torch.zeros(1)})


def test_a_dense_block_answers_with_new_maps_and_keeps_what_it_took_if_asked():
    maps = torch.rand(1, 16, 8, 8)
    new, kept = DenseBlock(16, 3, 8), DenseBlock(16, 3, 8, keeps=True)

    assert new(maps).shape[1] == new.channels == 24
    assert kept(maps).shape[1] == kept.channels == 40
    assert torch.equal(kept(maps)[:, :16], maps)


def test_the_decoder_sees_single_pixels_of_the_image():
    decoder = DenseDecoder((8, 8, 8, 8, 8), 2).eval()
    taps = [torch.zeros(1, 8, 32 // stride, 32 // stride) for stride in (2, 4, 8, 16, 32)]
    image = torch.rand(1, 3, 32, 32)
    other = image.clone()
    other[0, :, 16, 16] = 1 - other[0, :, 16, 16]

    change = (decoder(image, taps) - decoder(other, taps)).abs().sum(1)[0]

    row, column = divmod(int(change.argmax()), 32)
    assert abs(row - 16) <= 2
    assert abs(column - 16) <= 2
