import numpy as np

from limner_models.data.lamp import Lamp


def stripes(size=48):
    light = np.full((size, size, 3), 0.1, np.float32)
    light[:, ::2] = 0.3
    return light


def test_what_is_no_hair_is_lit_as_before():
    alpha = np.zeros((48, 48), np.float32)
    alpha[:24] = 1

    lit = Lamp(3.0, 0.2, 0.5).on(stripes(), alpha)

    np.testing.assert_array_equal(lit[24:], stripes()[24:])
    assert lit[:20].mean() > 2 * stripes()[:20].mean()


def test_light_hair_has_softer_strands_than_dark_hair():
    alpha = np.ones((48, 48), np.float32)
    lamp = Lamp(1.0, 0.0, 0.8)

    def contrast(light):
        middle = lamp.on(light, alpha)[12:36, 12:36, 0]
        return middle.std() / middle.mean()

    assert contrast(stripes() * 3) < 0.8 * contrast(stripes() * 0.1)


def test_a_lamp_without_scatter_only_makes_brighter():
    lit = Lamp(2.0, 0.0, 0.0).on(stripes(), np.ones((48, 48), np.float32))

    np.testing.assert_allclose(lit, 2 * stripes(), rtol=1e-5)
