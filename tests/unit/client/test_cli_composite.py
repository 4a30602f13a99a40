from __future__ import annotations

import json

import pytest
from PIL import Image

from limner.v1.reasons import PoseTooFar


@pytest.fixture
def limner(command):
    """The command line; elsewhere the name is a client's."""
    return command


@pytest.fixture
def converted(photo, tmp_path):
    path = tmp_path / "relit.png"
    path.write_bytes(photo.read_bytes())
    return path


def test_a_composite_to_a_file_is_the_picture_in_its_format(
    limner, double, photo, converted, tmp_path
):
    out = tmp_path / "new" / "both.webp"
    code, stdout, stderr = limner("composite", photo, converted, "-o", out)

    assert code == 0, stderr
    assert out.exists()
    (request,) = double.requests
    assert request.output.format == 3
    assert not request.want_mask
    assert "laid in by the network; the faces are 6% of the eyes' distance apart" in stdout


def test_a_composite_to_a_folder_writes_the_mask_too(limner, photo, converted, tmp_path):
    assert limner("composite", photo, converted, "-o", tmp_path / "out")[0] == 0
    names = {path.name for path in (tmp_path / "out").iterdir()}
    assert names == {"me.composite.jpg", "me.composite.mask.png"}


def test_composite_sends_what_it_was_told(limner, double, photo, converted, tmp_path):
    mask = tmp_path / "mask.png"
    told = ("--engine", "conventional", "--original-face", "1", "--converted-face", "3,4")
    limner("composite", photo, converted, "-o", tmp_path / "a.png", *told, "--mask-out", mask)

    (request,) = double.requests
    assert request.engine == 2
    assert request.original_selector.index == 1
    assert request.converted_selector.point.y_px == 4
    with Image.open(mask) as plane:
        assert (plane.mode, plane.size) == ("L", (60, 80))


def test_json_has_both_faces_and_how_far_apart_they_are(limner, photo, converted, tmp_path):
    code, stdout, _ = limner("composite", photo, converted, "-o", tmp_path / "a.png", "--json")
    (document,) = json.loads(stdout)
    assert code == 0
    assert (document["misfit"], document["scale"], document["visible"]) == (0.0625, 1.5, 0.75)
    assert document["engine"] == "network"
    assert document["faces"]["converted"]["pose"]["yaw"] == 12.5


def test_neither_input_is_written_over(limner, double, photo, converted, tmp_path):
    assert limner("composite", photo, converted, "-o", converted)[0] == 2
    wrong = ("-o", tmp_path / "a.png", "--mask-out", converted)
    assert limner("composite", photo, converted, *wrong)[0] == 2
    assert limner("composite", photo, "-o", tmp_path / "a.png")[0] == 2
    assert not double.requests


def test_faces_too_far_apart_are_told_with_a_remedy(limner, double, photo, converted, tmp_path):
    double.failures.append(PoseTooFar("yaw differs by 40 degrees"))
    code, _, stderr = limner("composite", photo, converted, "-o", tmp_path / "a.png")
    assert code == 2
    assert "yaw differs by 40 degrees; take photos of heads that face the camera" in stderr
