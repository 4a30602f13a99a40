import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from limner_models.networks.dye_generator import DyeGenerator, Shape, shifted, to_planes
from limner_models.networks.lab import srgb_to_lab
from limner_registry.contracts import DYE_GENERATOR

SMALL = Shape(width=4)

labs = st.tuples(st.floats(5, 90), st.floats(-30, 30), st.floats(-30, 30))


def generator():
    torch.manual_seed(0)
    return DyeGenerator(SMALL).eval()


def photo(seed=0, size=32):
    pixels = np.random.default_rng(seed).integers(0, 256, (1, size, size, 3), np.uint8)
    return torch.from_numpy(pixels)


def color(lab):
    return torch.tensor([lab], dtype=torch.float32)


@given(labs, st.integers(0, 1000))
def test_the_first_guess_leaves_a_photo_alone_whose_hair_has_the_color_wanted(lab, seed):
    planes = to_planes(photo(seed, 8))

    guess = shifted(planes, color(lab), color(lab))

    torch.testing.assert_close(guess, planes, atol=1e-3, rtol=0)


@pytest.mark.parametrize("wanted", [(15, 1, 1), (68, 6, 30), (38, 26, 28), (38, 6, -40)])
def test_the_first_guess_gives_hair_of_one_color_the_color_wanted(wanted):
    found = srgb_to_lab(torch.full((1, 3, 4, 4), 0.3))

    guess = shifted(torch.full((1, 3, 4, 4), 0.3), found[:, :, 0, 0], color(wanted))

    reached = srgb_to_lab(guess)[0, :, 0, 0]
    torch.testing.assert_close(reached, torch.tensor(wanted, dtype=torch.float32), atol=0.5, rtol=0)


def test_the_first_guess_burns_no_highlight_out():
    strands = torch.linspace(0.1, 0.8, 64).expand(1, 3, 8, 64).contiguous()

    guess = shifted(strands, color((40, 0, 0)), color((68, 6, 30)))

    lightness = srgb_to_lab(guess)[0, 0, 0]
    assert (lightness.diff() > 0).all()
    assert lightness.max() < 97


def test_a_photo_comes_back_at_its_size_within_range():
    dyed = generator()(photo(), color((20, 4, 6)), color((68, 6, 30)))

    assert dyed.shape == (1, 32, 32, 3)
    assert dyed.dtype == torch.float32
    assert dyed.min() >= 0
    assert dyed.max() <= 1


def test_both_colors_are_heard():
    network = generator()
    torch.nn.init.normal_(network.coder[-1].weight)
    said = [((20, 4, 6), (68, 6, 30)), ((40, 4, 6), (68, 6, 30)), ((20, 4, 6), (38, 26, 28))]

    with torch.inference_mode():
        styles = [network.style(color(found), color(wanted)) for found, wanted in said]

    assert not torch.allclose(styles[0], styles[1])
    assert not torch.allclose(styles[0], styles[2])


@settings(max_examples=10)
@given(st.integers(0, 1000))
def test_each_photo_of_a_batch_is_dyed_as_if_it_were_alone(seed):
    network = generator()
    both = torch.cat([photo(seed), photo(seed + 1)])
    found, wanted = color((20, 4, 6)).repeat(2, 1), torch.tensor([[68.0, 6, 30], [38, 26, 28]])

    with torch.inference_mode():
        together = network(both, found, wanted)
        alone = network(both[1:], found[1:], wanted[1:])

    torch.testing.assert_close(together[1:], alone, atol=1e-4, rtol=0)


def test_the_generator_that_is_served_takes_what_the_contract_says():
    inputs = [tensor.name for tensor in DYE_GENERATOR.inputs]

    assert inputs == ["image", "found", "wanted"]
    assert sum(weight.numel() for weight in DyeGenerator(Shape()).parameters()) * 2 < 2_000_000


@settings(max_examples=10)
@given(labs, st.integers(0, 1000))
def test_a_photo_whose_hair_has_the_color_wanted_comes_back(lab, seed):
    network, image = generator(), photo(seed)
    torch.nn.init.normal_(network.kernels["map_weight"])

    with torch.inference_mode():
        dyed = network(image, color(lab), color(lab))

    assert (255 * dyed - image).abs().max() < 0.6
