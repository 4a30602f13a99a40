from __future__ import annotations

import io

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from PIL import Image

from limner.v1 import image_pb2
from limner.v1.reasons import ImageTooLarge
from limner_client import Picture, Plane
from limner_client.photos import MAX_BYTES, photo_to_image, plane_to_mask


def test_a_file_is_the_same_however_it_is_handed_in(photo):
    data = photo.read_bytes()
    with photo.open("rb") as file:
        images = [
            photo_to_image(source)
            for source in (data, bytearray(data), memoryview(data), photo, str(photo), file)
        ]
    assert all(image == image_pb2.Image(data=data) for image in images)


@given(
    arrays.arrays(
        np.uint8, st.tuples(st.integers(1, 5), st.integers(1, 5), st.sampled_from((3, 4)))
    ),
    st.sampled_from((slice(None), slice(None, None, -1), slice(None, None, 2))),
)
def test_an_array_is_sent_as_rows_whatever_its_strides(array, step):
    view = array[:, step]

    image = photo_to_image(view)

    sent = np.frombuffer(image.data, np.uint8).reshape(image.height_px, image.width_px, -1)
    np.testing.assert_array_equal(sent, view)
    wanted = {3: image_pb2.IMAGE_FORMAT_RAW_RGB8, 4: image_pb2.IMAGE_FORMAT_RAW_RGBA8}
    assert image.format == wanted[array.shape[2]]


def test_an_image_of_pillows_is_an_array_too():
    image = photo_to_image(Image.new("RGB", (5, 4), (1, 2, 3)))
    assert (image.width_px, image.height_px) == (5, 4)
    assert image.data == bytes((1, 2, 3)) * 20


@pytest.mark.parametrize(
    "array",
    [np.zeros((4, 4, 3), np.float32), np.zeros((4, 4), np.uint8), np.zeros((4, 4, 2), np.uint8)],
)
def test_an_array_that_is_no_photo_is_refused(array):
    with pytest.raises(ValueError, match="uint8"):
        photo_to_image(array)


def test_a_picture_of_a_reply_can_be_sent_on():
    picture = Picture(bytes(24), "raw_rgba8", 3, 2)
    image = photo_to_image(picture)
    assert image.format == image_pb2.IMAGE_FORMAT_RAW_RGBA8
    assert (image.width_px, image.height_px, image.data) == (3, 2, picture.data)


def test_masks_are_planes_arrays_and_truth_values():
    hard = np.array([[0, 255], [128, 1]], np.uint8)
    assert plane_to_mask(hard, "map").data == bytes((0, 255, 128, 1))
    assert plane_to_mask(hard > 100, "map").data == bytes((0, 255, 255, 0))
    again = plane_to_mask(Plane(hard.tobytes(), "raw_u8", 2, 2), "map")
    assert again == plane_to_mask(hard, "map")
    with pytest.raises(ValueError, match="a map is an HxW array"):
        plane_to_mask(np.zeros((2, 2, 3), np.uint8), "map")


def test_too_large_an_input_is_refused_unread(tmp_path):
    sparse = tmp_path / "large.png"
    with sparse.open("wb") as file:
        file.truncate(MAX_BYTES + 1)
    huge = np.broadcast_to(np.zeros(3, np.uint8), (4000, 4000, 3))
    with sparse.open("rb") as file:
        for source in (sparse, file, huge):
            with pytest.raises(ImageTooLarge) as raised:
                photo_to_image(source)
            assert raised.value.violations[0].field == "image.data"


def test_what_cannot_be_a_photo_is_named():
    with pytest.raises(TypeError, match="is a int"):
        photo_to_image(7)
    with pytest.raises(TypeError, match='open it with "rb"'):
        photo_to_image(io.StringIO("text"))
