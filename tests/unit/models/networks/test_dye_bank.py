import numpy as np
import pytest
import torch

from limner_models.networks.dye_bank import DyeBank, color_read
from limner_models.networks.dye_generator import DyeGenerator, Shape
from limner_models.networks.lab import lab_to_srgb

SMALL = Shape(width=4)
PAIRS = (((15.0, 1.0, 1.0), (38.0, 9.0, 18.0)), ((68.0, 6.0, 30.0), (62.0, 45.0, -2.0)))


@pytest.fixture
def bank():
    torch.manual_seed(0)
    return DyeBank(PAIRS, SMALL).eval()


def photo():
    pixels = np.random.default_rng(0).integers(0, 256, (1, 32, 32, 3), np.uint8)
    return torch.from_numpy(pixels)


def index(pair):
    return torch.tensor([[pair]], dtype=torch.uint8)


@pytest.mark.parametrize("pair", [0, 1])
def test_a_folded_generator_does_exactly_what_the_conditional_one_does(bank, pair):
    torch.manual_seed(1)
    conditional = DyeGenerator(SMALL).eval()
    torch.nn.init.normal_(conditional.coder[-1].weight, std=0.3)
    for generator in bank.generators:
        generator.fold(conditional)
    found, wanted = (torch.tensor([color]) for color in PAIRS[pair])
    # of the very color of its class, so that what is read is what the other is told
    flat = lab_to_srgb(found.view(1, 3, 1, 1).expand(1, 3, 32, 32).contiguous())
    image = (255 * flat + 0.5).to(torch.uint8).permute(0, 2, 3, 1)

    with torch.inference_mode():
        dyed = conditional(image, found, wanted)

        torch.testing.assert_close(bank(image, index(pair)), dyed, atol=0.01, rtol=0)
        torch.testing.assert_close(
            bank.generators[pair].style[None], conditional.style(found, wanted)
        )


@pytest.mark.parametrize("hair", [(10.0, 2.0, 2.0), (20.0, 0.0, 0.0)])
def test_the_color_of_hair_is_read_where_it_is_like_its_class(hair):
    lab = torch.tensor([80.0, 10.0, 10.0]).view(1, 3, 1, 1).repeat(1, 1, 64, 64)
    lab[:, :, 8:32, 12:52] = torch.tensor(hair).view(1, 3, 1, 1)

    read = color_read(lab_to_srgb(lab), torch.tensor(PAIRS[0][0]))

    torch.testing.assert_close(read[0], torch.tensor(hair), atol=1.0, rtol=0)


def test_where_nothing_is_like_the_class_its_prototype_is_read():
    read = color_read(torch.ones(2, 3, 64, 64), torch.tensor(PAIRS[0][0]))

    torch.testing.assert_close(read, torch.tensor([PAIRS[0][0]] * 2), atol=0.1, rtol=0)


def test_the_index_decides_whose_weights_are_used(bank):
    with torch.inference_mode():
        before = bank(photo(), index(0)), bank(photo(), index(1))
        bank.generators[1].kernels["map_bias"].add_(0.2)
        after = bank(photo(), index(0)), bank(photo(), index(1))

    torch.testing.assert_close(before[0], after[0])
    assert not torch.allclose(before[1], after[1])


def test_a_generator_of_the_bank_paints_what_the_bank_answers(bank):
    planes = photo().permute(0, 3, 1, 2).float() / 255

    with torch.inference_mode():
        painted, _ = bank.generators[1].paint(planes)
        answered = bank(photo(), index(1))

    torch.testing.assert_close(painted.clamp(0, 1).permute(0, 2, 3, 1), answered)
