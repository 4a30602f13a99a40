from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from limner_client import Picture, Plane

PIXELS = np.arange(48, dtype=np.uint8).reshape(3, 4, 4)


def test_raw_pictures_and_planes_are_arrays():
    rgba = Picture(PIXELS.tobytes(), "raw_rgba8", 4, 3)
    rgb = Picture(PIXELS[..., :3].tobytes(), "raw_rgb8", 4, 3)
    plane = Plane(PIXELS[..., 0].tobytes(), "raw_u8", 4, 3)

    np.testing.assert_array_equal(np.asarray(rgba), PIXELS)
    np.testing.assert_array_equal(np.asarray(rgb), PIXELS[..., :3])
    np.testing.assert_array_equal(np.asarray(plane), PIXELS[..., 0])


def test_encoded_ones_say_how_to_get_pixels():
    with pytest.raises(TypeError, match="raw_rgb8"):
        np.asarray(Picture(b"", "jpeg", 4, 3))
    with pytest.raises(TypeError, match="raw_u8"):
        np.asarray(Plane(b"", "png8", 4, 3))


def test_saving_in_the_same_format_writes_the_bytes(tmp_path):
    Picture(b"as it came", "jpeg", 4, 3).save(tmp_path / "a.JPEG")
    Plane(b"as it came", "png8", 4, 3).save(str(tmp_path / "a.png"))
    Plane(b"as it came", "raw_u8", 4, 3).save(tmp_path / "a.bin")

    assert {path.read_bytes() for path in tmp_path.iterdir()} == {b"as it came"}


def test_saving_in_another_format_converts(tmp_path):
    encoded = io.BytesIO()
    Image.fromarray(PIXELS).save(encoded, "png")
    Picture(PIXELS.tobytes(), "raw_rgba8", 4, 3).save(tmp_path / "raw.png")
    Plane(PIXELS[..., 0].tobytes(), "raw_u8", 4, 3).save(tmp_path / "plane.png")
    Picture(encoded.getvalue(), "png", 4, 3).save(tmp_path / "other.jpg")

    for name, wanted in (("raw.png", PIXELS), ("plane.png", PIXELS[..., 0])):
        with Image.open(tmp_path / name) as saved:
            np.testing.assert_array_equal(np.asarray(saved), wanted)
    with Image.open(tmp_path / "other.jpg") as saved:
        assert saved.format == "JPEG"


def test_a_picture_is_not_printed_byte_by_byte():
    assert "data" not in repr(Picture(b"x" * 1000, "jpeg", 4, 3))
