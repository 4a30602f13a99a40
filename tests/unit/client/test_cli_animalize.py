from __future__ import annotations

import json

import pytest
from PIL import Image

from limner.v1.reasons import AnimalUnknown, PoseTooFar


@pytest.fixture
def limner(command):
    """The command line; elsewhere the name is a client's."""
    return command


@pytest.fixture
def hat(tmp_path):
    path = tmp_path / "hat.png"
    Image.new("RGBA", (6, 4), (200, 0, 0, 90)).save(path)
    return path


FOX = ("--animal", "fox")


def test_an_animal_to_a_file_is_the_picture_in_its_format(limner, double, photo, tmp_path):
    out = tmp_path / "new" / "fox.webp"
    code, stdout, stderr = limner("animalize", photo, *FOX, "-o", out)

    assert code == 0, stderr
    with Image.open(out) as picture:
        assert picture.size == (60, 80)
    (request,) = double.requests
    assert (request.animal, request.output.format, request.output.quality) == ("fox", 3, 95)
    assert request.selector.largest
    assert not request.want_mask
    assert "face 1: fox, ginger coat" in stdout


def test_an_animal_to_a_folder_is_the_picture_and_the_mask(limner, photo, tmp_path):
    assert limner("animalize", photo, *FOX, "-o", tmp_path / "out")[0] == 0
    names = {path.name for path in (tmp_path / "out").iterdir()}
    assert names == {"me.fox.jpg", "me.fox.mask.png"}


def test_animalize_sends_what_it_was_told(limner, double, photo, hat, tmp_path):
    worn = (f"{hat}@ear_r:1.5", f"{hat}", "crown", "glasses@nose", "bow:0.5")
    stickers = [option for one in worn for option in ("--sticker", one)]
    told = ("--coat", "red", "--face", "all", "--mask-out", tmp_path / "mask.png")
    limner("animalize", photo, *FOX, *told, *stickers, "-o", tmp_path / "a.png")

    (request,) = double.requests
    assert (request.coat, request.selector.all, request.want_mask) == ("red", True, True)
    assert [sticker.name for sticker in request.stickers] == ["", "", "crown", "glasses", "bow"]
    assert [sticker.anchor for sticker in request.stickers] == [4, 0, 0, 2, 0]
    assert [sticker.scale for sticker in request.stickers] == [1.5, 1, 1, 1, 0.5]
    assert request.stickers[0].image.data == hat.read_bytes()
    with Image.open(tmp_path / "mask.png") as mask:
        assert (mask.mode, mask.size) == ("L", (60, 80))


def test_json_has_who_became_what(limner, photo, tmp_path):
    code, stdout, _ = limner("animalize", photo, *FOX, "-o", tmp_path / "a.png", "--json")
    (document,) = json.loads(stdout)
    assert code == 0
    (animal,) = document["animals"]
    assert (animal["index"], animal["animal"], animal["coat"]) == (1, "fox", "ginger")
    assert animal["points"] == {"nose": [30.5, 31.25]}
    assert animal["pose"]["yaw"] == 12.5


def test_the_list_is_for_people_and_for_programs(limner):
    code, stdout, _ = limner("animalize", "--list-animals")
    assert code == 0
    assert "ginger, black" in stdout
    assert "forehead, eyes" in stdout
    _, stdout, _ = limner("animalize", "--list-animals", "--json")
    assert json.loads(stdout) == {
        "animals": {"cat": ["ginger", "black"], "fox": []},
        "stickers": {"hat": "forehead"},
        "anchors": ["forehead", "eyes"],
    }


@pytest.mark.parametrize(
    ("told", "said"),
    [
        ((), "give PHOTO..., --animal NAME and -o OUT"),
        (("--animal", "../fox"), "no animal"),
        ((*FOX, "--sticker", "hat@tail"), "'tail' holds nothing; there are forehead"),
        ((*FOX, "--sticker", "@nose"), "is not a name or file"),
        ((*FOX, "--face", "smallest"), "'smallest' is not"),
        ((*FOX, "--face", "99999999999"), "faces are counted from 0 to 63"),
    ],
)
def test_what_cannot_be_is_refused_before_anything_is_sent(
    limner, double, photo, tmp_path, told, said
):
    code, _, stderr = limner("animalize", photo, "-o", tmp_path / "a.png", *told)
    assert code == 2
    assert said in stderr.replace("\n", " ")
    assert not double.requests


def test_neither_photo_nor_sticker_is_written_over(limner, double, photo, hat, tmp_path):
    assert limner("animalize", photo, *FOX, "-o", photo)[0] == 2
    worn = ("--sticker", hat)
    assert limner("animalize", photo, *FOX, *worn, "-o", hat)[0] == 2
    wrong = ("-o", tmp_path / "a.png", "--mask-out", hat)
    assert limner("animalize", photo, *FOX, *worn, *wrong)[0] == 2
    assert not double.requests


def test_a_sticker_that_is_not_there_is_told_as_a_file(limner, double, photo, tmp_path):
    missing = ("--sticker", tmp_path / "none.png")
    code, _, stderr = limner("animalize", photo, *FOX, *missing, "-o", tmp_path / "a.png")
    assert code == 2
    assert "none.png" in stderr
    assert not double.requests


@pytest.mark.parametrize("folder", ["at", "me@work"])
def test_a_stickers_file_may_have_any_name(limner, double, photo, hat, tmp_path, folder):
    (tmp_path / folder).mkdir()
    sharp = tmp_path / folder / "hat@2x.png"
    sharp.write_bytes(hat.read_bytes())
    worn = ("--sticker", sharp, "--sticker", f"{sharp}@nose:1.5")
    assert limner("animalize", photo, *FOX, *worn, "-o", tmp_path / "a.png")[0] == 0
    (request,) = double.requests
    assert [one.anchor for one in request.stickers] == [0, 2]
    assert [one.image.data for one in request.stickers] == [hat.read_bytes()] * 2


@pytest.mark.parametrize(
    ("error", "remedy"),
    [
        (AnimalUnknown("no animal is named 'newt'"), "`limner animalize --list-animals` shows"),
        (PoseTooFar("yaw is 60 degrees"), "take photos of heads that face the camera"),
    ],
)
def test_an_error_is_told_with_a_remedy(limner, double, photo, tmp_path, error, remedy):
    double.failures.append(error)
    code, _, stderr = limner("animalize", photo, *FOX, "-o", tmp_path / "a.png")
    assert code == 2
    assert f"{error}; {remedy}" in stderr
