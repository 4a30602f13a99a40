import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from skimage.color import deltaE_ciede2000, rgb2lab

from limner_models.data.hair_color import ciede2000, color_class, hair_color, to_lab
from limner_registry.contracts import HAIR_COLORS

seeds = st.integers(0, 2**32 - 1)


@given(seeds, st.sampled_from([1.0, 5.0, 60.0]))
def test_differences_are_what_scikit_image_says(seed, apart):
    rng = np.random.default_rng(seed)
    first = rng.uniform([0, -90, -90], [100, 90, 90], (20, 3))
    second = first + rng.normal(0, apart, (20, 3))

    expected = deltaE_ciede2000(first, second)

    np.testing.assert_allclose(ciede2000(first, second), expected, atol=1e-9)


def test_grays_differ_by_their_lightness_alone():
    assert ciede2000((50, 0, 0), (50, 0, 0)) == 0
    assert ciede2000((50, 0, 0), (60, 0, 0)) == pytest.approx(
        deltaE_ciede2000((50, 0, 0), (60, 0, 0))
    )


@given(seeds)
def test_bytes_become_the_lab_of_scikit_image(seed):
    pixels = np.random.default_rng(seed).integers(0, 256, (9, 3), np.uint8)

    np.testing.assert_allclose(to_lab(pixels), rgb2lab(pixels[None])[0], atol=0.03)


@pytest.mark.parametrize(
    ("name", "prototype"),
    [(name, color) for name, colors in HAIR_COLORS.items() for color in colors],
)
def test_every_prototype_belongs_to_its_class(name, prototype):
    assert color_class(np.array(prototype, np.float32)) == name


@pytest.mark.parametrize("lab", [(60, -70, 60), (58, 7.6, 26.7)])
def test_a_color_far_from_all_or_between_two_belongs_to_none(lab):
    assert color_class(np.array(lab, np.float32)) is None


def test_hairs_color_is_that_of_sure_pixels_without_glare():
    photo = np.full((4, 6, 3), (90, 60, 40), np.uint8)
    photo[:, 3] = 255
    photo[:, 5] = (0, 255, 0)
    alpha = np.ones((4, 6), np.float32)
    alpha[:, 5] = 0.9

    np.testing.assert_allclose(hair_color(photo, alpha), to_lab(photo[0, :1])[0], atol=1e-4)
