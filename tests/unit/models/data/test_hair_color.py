import numpy as np
import pytest

from limner_models.data.hair_color import color_class, hair_color
from limner_registry.color import srgb_to_lab
from limner_registry.hair_colors import HAIR_COLORS


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

    np.testing.assert_allclose(hair_color(photo, alpha), srgb_to_lab(photo[0, :1])[0], atol=1e-4)
