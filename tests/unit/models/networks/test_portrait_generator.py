"""The generator of portraits: pictures to styles and back, and its judge."""

from __future__ import annotations

import torch

from limner_models.networks.portrait_generator import PortraitGenerator, StyleEncoder
from limner_models.networks.portrait_judge import PortraitJudge


def tiny():
    torch.manual_seed(11)
    return PortraitGenerator(32, widest=16, width=32, encoder=(8, 16, 16))


def test_an_untrained_encoder_finds_the_mean_style():
    network = tiny()
    network.generator.mean.normal_()

    styles = network.styles(torch.rand(2, 3, 32, 32))

    assert styles.shape == (2, network.generator.rows, 32)
    assert torch.equal(styles, network.generator.mean.expand_as(styles))


def test_each_third_of_the_rows_is_read_by_its_own_reader():
    encoder = StyleEncoder(8, 32, (8, 16, 16))
    planes = torch.rand(1, 3, 32, 32)
    for index, rows in enumerate((slice(0, 3), slice(3, 6), slice(6, 8))):
        torch.nn.init.ones_(encoder.readers[index][-1].bias)
        offsets = encoder(planes)
        assert (offsets[:, rows] == 1).all()
        torch.nn.init.zeros_(encoder.readers[index][-1].bias)


def test_the_same_picture_has_the_same_styles_alone_or_among_others():
    network = tiny().eval()
    for reader in network.encoder.readers:
        torch.nn.init.normal_(reader[-1].weight)
    image = (torch.rand(3, 32, 32, 3) * 255).to(torch.uint8)

    with torch.inference_mode():
        both, alone = network(image), network(image[1:2])

    assert both[0].dtype == torch.uint8
    assert both[0].shape == image.shape
    torch.testing.assert_close(both[1][1:2], alone[1], rtol=1e-4, atol=1e-4)
    assert not torch.allclose(both[1][0], both[1][1])


def test_white_and_black_are_the_ends_of_what_is_drawn():
    network = tiny()
    image = torch.zeros(1, 32, 32, 3, dtype=torch.uint8)
    for color, byte in ((9.0, 255), (-9.0, 0)):
        for colors in network.generator.colors:
            colors.bias.data.fill_(color)
        assert (network(image)[0] == byte).float().mean() > 0.99


def test_a_judge_sees_how_much_a_batch_varies():
    torch.manual_seed(12)
    judge = PortraitJudge(32)
    one = torch.rand(1, 3, 32, 32)
    with torch.no_grad():
        among_its_like, among_others = (
            judge(torch.cat((one, others))) for others in (one, torch.rand(1, 3, 32, 32))
        )

    assert torch.allclose(among_its_like[0], among_its_like[1])
    assert not torch.allclose(among_its_like[0], among_others[0], atol=1e-6)
