from __future__ import annotations

import json

import pytest
from PIL import Image

from limner.v1.reasons import PoseTooFar, ReferenceUnknown
from limner_client.cli import transfer_hair

BOB = ("--shape", "bob-3")


@pytest.fixture
def limner(command):
    """The command line; elsewhere the name is a client's."""
    return command


@pytest.fixture
def other(photo):
    """Another photo."""
    path = photo.with_name("you.png")
    path.write_bytes(photo.read_bytes())
    return path


def test_a_transfer_to_a_file_is_the_picture(limner, double, photo, tmp_path):
    out = tmp_path / "new" / "hair.png"
    code, stdout, stderr = limner("transfer-hair", photo, *BOB, "-o", out)

    assert code == 0, stderr
    with Image.open(out) as picture:
        assert picture.size == (60, 80)
    (request,) = double.requests
    assert (request.shape.name, request.output.format, request.output.quality) == ("bob-3", 2, 95)
    assert not request.want_alpha
    assert not request.want_preview
    assert "shape of bob-3, 12 degrees apart" in stdout


def test_a_transfer_to_a_folder_writes_the_alpha_too(limner, photo, other, tmp_path):
    assert limner("transfer-hair", photo, other, *BOB, "-o", tmp_path / "out")[0] == 0
    names = {path.name for path in (tmp_path / "out").iterdir()}
    assert names == {f"{stem}{end}" for stem in ("me", "you") for end in transfer_hair.ENDINGS}


def test_the_alpha_of_one_picture_goes_where_it_is_told(limner, double, photo, tmp_path):
    alpha = tmp_path / "alpha.png"
    told = ("-o", tmp_path / "hair.jpg", "--alpha-out", alpha)
    assert limner("transfer-hair", photo, *BOB, *told)[0] == 0
    with Image.open(alpha) as plane:
        assert (plane.mode, plane.size) == ("L", (60, 80))
    assert double.requests[0].want_alpha


def test_a_transfer_sends_what_it_was_told(limner, double, photo, other, tmp_path):
    told = [
        *("--shape", other, "--shape-face", "1", "--look", "long-waves", "--face", "3,4"),
        *("--mode", "optimize", "--steps", "60", "--seed", "7", "--no-keep-face"),
    ]
    assert limner("transfer-hair", photo, *told, "-o", tmp_path / "a.png")[0] == 0

    (request,) = double.requests
    assert request.shape.image.data == other.read_bytes()
    assert request.shape.selector.index == 1
    assert (request.look.name, request.look.selector.largest) == ("long-waves", True)
    assert request.person_selector.point.y_px == 4
    assert (request.mode, request.iterations, request.seed) == (2, 60, 7)
    assert not request.keep_face


def test_what_is_spelled_like_a_name_is_no_file(limner, double, photo, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "bob-3").write_bytes(photo.read_bytes())
    assert limner("transfer-hair", photo, *BOB, "-o", "a.png")[0] == 0
    assert limner("transfer-hair", photo, "--shape", "./bob-3", "-o", "a.png")[0] == 0
    assert [one.shape.WhichOneof("photo") for one in double.requests] == ["name", "image"]


def test_previews_are_written_as_they_come(limner, photo, tmp_path):
    told = ("-o", tmp_path / "hair.png", "--preview", tmp_path / "seen")
    assert limner("transfer-hair", photo, *BOB, *told)[0] == 0
    assert limner("transfer-hair", photo, *BOB, *told, "--mode", "optimize")[0] == 0

    names = {path.name for path in (tmp_path / "seen").iterdir()}
    assert names == {"hair.preview.jpg", "hair.step-0060.jpg", "hair.step-0120.jpg"}
    with Image.open(tmp_path / "seen" / "hair.step-0060.jpg") as picture:
        assert picture.format == "JPEG"


def test_a_preview_that_cannot_be_written_is_told_as_that(limner, photo, tmp_path):
    (tmp_path / "seen" / "hair.preview.jpg").mkdir(parents=True)
    told = ("-o", tmp_path / "hair.png", "--preview", tmp_path / "seen")
    code, _, stderr = limner("transfer-hair", photo, *BOB, *told)
    assert code == 1
    assert "cannot write" in stderr


def test_an_optimization_is_given_an_hour_unless_told_otherwise(limner, double, photo, tmp_path):
    told = (photo, *BOB, "-o", tmp_path / "a.png")
    for more in ((), ("--mode", "optimize"), ("--mode", "optimize", "--timeout", "30")):
        assert limner("transfer-hair", *told, *more)[0] == 0
    # gRPC may send an hour as 361 times ten seconds.
    assert double.remaining == pytest.approx([60, 3600, 30], rel=0.01)


def test_json_has_the_references_and_what_an_optimization_came_to(limner, photo, tmp_path):
    told = (photo, *BOB, "--look", photo, "--mode", "optimize", "-o", tmp_path / "a.png")
    _, stdout, _ = limner("transfer-hair", *told, "--json")
    (done,) = json.loads(stdout)

    assert (done["mode"], done["steps"], done["losses"]) == ("optimize", 180, {"identity": 0.25})
    assert (done["identity_similarity"], done["shape_iou"]) == (None, 0.9375)
    shape, look = (done["references"][part] for part in ("shape", "look"))
    assert (shape["name"], shape["mirrored"], shape["pose_gap"]) == ("bob-3", False, 12.5)
    assert (look["name"], look["mirrored"], len(look["sha256"])) == (None, True, 64)
    assert done["face"]["pose"]["yaw"] == 12.5


def test_people_are_told_what_an_optimization_came_to(limner, photo, tmp_path):
    told = (photo, "--look", photo, "--mode", "optimize", "-o", tmp_path / "a.png")
    _, stdout, _ = limner("transfer-hair", *told)
    assert "12 degrees apart, mirrored; optimized in 180 steps; 94% of the shape met" in stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "give PHOTO"),
        (["me.png", "-o", "a.png"], "give PHOTO"),
        (["me.png", *BOB], "give PHOTO"),
        (["me.png", *BOB, "-o", "a.png", "--steps", "2001"], "steps"),
        (["--recommend"], "one PHOTO"),
    ],
)
def test_what_cannot_be_meant_is_bad_usage(limner, double, arguments, said):
    code, _, stderr = limner("transfer-hair", *arguments)
    assert code == 2
    assert said in stderr
    assert not double.requests


def test_neither_person_nor_reference_is_written_over(limner, double, photo, other, tmp_path):
    told = (photo, "--shape", other)
    assert limner("transfer-hair", *told, "-o", photo)[0] == 2
    assert limner("transfer-hair", *told, "-o", other)[0] == 2
    assert limner("transfer-hair", *told, "-o", tmp_path / "a.png", "--alpha-out", other)[0] == 2
    assert not double.requests


@pytest.mark.parametrize(
    ("error", "remedy"),
    [
        (ReferenceUnknown("none is named 'mop'"), "`limner transfer-hair --list-references` shows"),
        (PoseTooFar("the heads are 60 degrees apart"), "take photos of heads that face the camera"),
    ],
)
def test_an_error_is_told_with_a_remedy(limner, double, photo, tmp_path, error, remedy):
    double.failures.append(error)
    code, _, stderr = limner("transfer-hair", photo, *BOB, "-o", tmp_path / "a.png")
    assert code == 2
    assert f"{error}; {remedy}" in stderr


def test_references_are_listed_for_people_and_for_programs(limner, double):
    code, stdout, _ = limner("transfer-hair", "--list-references", "--tag", "long", "--tag", "red")
    assert code == 0
    assert "long wavy auburn" in stdout
    assert "A bob [v2]" in stdout
    assert list(double.requests[0].tags) == ["long", "red"]

    _, stdout, _ = limner("transfer-hair", "--list-references", "--json")
    bob, waves = json.loads(stdout)
    assert (bob["name"], bob["length"], bob["license"]) == ("bob-3", None, "CC0-1.0")
    assert waves["products"] == [{"title": "Curling iron", "url": "https://example.com/iron"}]
    assert (waves["source"], waves["yaw"], waves["tags"]) == ("operator", -12.5, ["long", "wavy"])


def test_references_are_recommended_for_people_and_for_programs(limner, double, photo):
    code, stdout, _ = limner("transfer-hair", photo, "--recommend", "--tag", "long")
    assert code == 0
    assert "0.75" in stdout
    assert "the head is turned alike" in stdout
    (request,) = double.requests
    assert (request.image.data, list(request.tags)) == (photo.read_bytes(), ["long"])

    _, stdout, _ = limner("transfer-hair", photo, "--recommend", "--json")
    best, other = json.loads(stdout)
    assert (best["reference"]["name"], best["score"]) == ("long-waves", 0.75)
    assert best["reasons"] == [{"code": "POSE_NEAR", "message": "the head is turned alike"}]
    assert (other["pose_gap"], other["mirrored"]) == (20.0, True)


def test_references_of_a_server_that_is_away_and_for_a_photo_that_is_not_there(
    limner, closed_address, tmp_path
):
    code, _, stderr = limner("transfer-hair", "--list-references", "--address", closed_address)
    assert code == 3
    assert "limner up" in stderr
    code, _, stderr = limner("transfer-hair", tmp_path / "none.png", "--recommend")
    assert code == 2
    assert "none.png" in stderr
