import cv2
import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from limner_models.data.crops import crop_at, cropped


@given(st.integers(0, 2**32 - 1), st.floats(10, 90), st.floats(10, 90), st.floats(0.3, 3))
def test_the_chosen_point_lies_in_the_middle_at_the_chosen_scale(seed, x, y, scale):
    map_ = crop_at((x, y), scale, 64, np.random.default_rng(seed), tilt=10)

    np.testing.assert_allclose(map_ @ (x, y, 1), (32, 32), atol=1e-6)
    np.testing.assert_allclose(abs(np.linalg.det(map_[:, :2])), scale**2, rtol=1e-6)


def test_beyond_the_edge_a_picture_is_mirrored():
    layers = np.random.default_rng(0).random((8, 8, 5), np.float32)
    whole = np.array([[1.0, 0, 4], [0, 1, 4]])

    wide = cropped(layers, whole, 16)

    expected = cv2.copyMakeBorder(layers, 4, 4, 4, 4, cv2.BORDER_REFLECT_101)
    np.testing.assert_allclose(wide, expected, atol=1e-6)
