from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from limner_registry.importers.drawn_faces import SKIN, draw_face


@given(st.integers(8, 64), st.floats(0.5, 1.5), st.floats(0.1, 1))
def test_a_face_is_drawn_in_bytes_of_the_size_asked(side, zoom, brightness):
    face = draw_face(side, zoom, brightness)

    assert face.shape == (side, side, 3)
    assert face.dtype == np.uint8


@given(st.floats(0.1, 0.9))
def test_less_brightness_makes_no_pixel_brighter(brightness):
    assert (draw_face(32, 1, brightness) <= draw_face(32, 1, 1)).all()


def test_the_cheeks_have_the_color_of_skin():
    face = draw_face(200, 1, 1)

    np.testing.assert_array_equal(face[110, [80, 120]], [SKIN, SKIN])
