import numpy as np
import pytest
import torch
from torch.nn.functional import pixel_shuffle, pixel_unshuffle

from limner_models.networks.matter import FOLD, HairMatter, compared, planes_of


@pytest.fixture(scope="module")
def matter():
    torch.manual_seed(0)
    return HairMatter().eval()


def inputs(size=64):
    rng = np.random.default_rng(0)
    image = rng.integers(0, 256, (2, size, size, 3), np.uint8)
    trimap = rng.choice(np.array([0, 128, 255], np.uint8), (2, size, size))
    return torch.from_numpy(image), torch.from_numpy(trimap)


def test_alpha_comes_back_at_the_photos_size_within_range(matter):
    with torch.inference_mode():
        alpha = matter(*inputs())

    assert alpha.shape == (2, 64, 64)
    assert alpha.min() >= 0
    assert alpha.max() <= 1


def test_the_trimap_is_read_as_three_kinds_of_pixels():
    trimap = torch.tensor([[[0, 64, 65, 128, 191, 192, 255]]], dtype=torch.uint8)

    planes = planes_of(torch.zeros(1, 1, 7, 3, dtype=torch.uint8), trimap)

    assert planes[0, 3, 0].tolist() == [-1, -1, 0, 0, 0, 1, 1]
    assert (planes[:, :3] == -1).all()


def test_a_single_pixel_is_seen_though_pixels_are_folded(matter):
    image, trimap = inputs()
    changed = image.clone()
    changed[0, 33, 29] = 255 - changed[0, 33, 29]

    with torch.inference_mode():
        planes = planes_of(image, trimap), planes_of(changed, trimap)
        difference = (matter.matte(planes[0]) - matter.matte(planes[1]))[0, 0].abs()

    assert difference[30:36, 26:32].max() > 0


@pytest.mark.parametrize("share", [0.0, 0.25, 0.6, 1.0])
def test_a_mixture_of_two_flat_colors_is_told_apart_before_anything_is_learned(share):
    hair, wall = np.array([60, 40, 30]), np.array([200, 190, 170])
    image = np.empty((1, 64, 64, 3))
    image[:, :, :24], image[:, :, 40:] = hair, wall
    image[:, :, 24:40] = share * hair + (1 - share) * wall
    trimap = np.full((1, 64, 64), 128, np.uint8)
    trimap[:, :, :24], trimap[:, :, 40:] = 255, 0
    planes = planes_of(torch.from_numpy(image.round().astype(np.uint8)), torch.from_numpy(trimap))

    shares, contrasts = compared(pixel_unshuffle(planes, FOLD))

    for each in shares:
        middle = pixel_shuffle(each, FOLD)[0, 0, 16:48, 24:40]
        np.testing.assert_allclose(middle, share, atol=0.03)
    assert all((contrast > 0.5).all() for contrast in contrasts)


def test_where_hair_and_wall_look_alike_half_is_the_first_answer():
    image = torch.full((1, 64, 64, 3), 90, dtype=torch.uint8)
    trimap = torch.full((1, 64, 64), 128, dtype=torch.uint8)
    trimap[..., :24], trimap[..., 40:] = 255, 0

    shares, contrasts = compared(pixel_unshuffle(planes_of(image, trimap), FOLD))

    assert all(((share - 0.5).abs() < 1e-3).all() for share in shares)
    assert all((contrast < 1e-3).all() for contrast in contrasts)


def test_the_matter_fits_its_size_budget(matter):
    assert sum(weight.numel() for weight in matter.parameters()) * 2 < 3_000_000
