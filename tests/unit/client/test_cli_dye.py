from __future__ import annotations

import io
import json

import numpy as np
import pytest
from PIL import Image

from limner.v1.reasons import NoHair, ShadeUnknown


@pytest.fixture
def limner(command):
    """The command line; elsewhere the name is a client's."""
    return command


def test_dye_to_a_file_is_the_picture_in_its_format(limner, double, photo, tmp_path):
    out = tmp_path / "new" / "dyed.webp"
    code, stdout, stderr = limner("dye", photo, "--color", "#7a1f3d", "-o", out)

    assert code == 0, stderr
    assert out.exists()
    (request,) = double.requests
    assert request.color.srgb.red == 0x7A
    assert request.output.format == 3
    assert not request.want_alpha
    assert request.keep_highlights
    assert (
        "brown hair (#71533d, 20% of the picture) dyed #763a2e by the pair brown to red" in stdout
    )
    assert "16.2 from the color wanted before, 4.5 after" in stdout


@pytest.mark.parametrize(
    ("color", "name"),
    [(("--shade", "auburn"), "auburn"), (("--color", "#7A1F3D"), "7a1f3d"), (("--like",), "me")],
)
def test_dye_to_a_folder_writes_the_alpha_too_and_each_color_beside_the_others(
    limner, photo, tmp_path, color, name
):
    told = color if len(color) > 1 else (*color, photo)
    assert limner("dye", photo, *told, "-o", tmp_path / "out")[0] == 0
    names = {path.name for path in (tmp_path / "out").iterdir()}
    assert names == {f"me.{name}.jpg", f"me.{name}.alpha.png"}


def test_the_name_of_a_shade_leads_out_of_no_folder(limner, photo, tmp_path):
    assert limner("dye", photo, "--shade", "../../Dark Red", "-o", tmp_path / "out")[0] == 0
    names = {path.name for path in (tmp_path / "out").iterdir()}
    assert names == {"me.-Dark-Red.jpg", "me.-Dark-Red.alpha.png"}


def test_the_alpha_of_one_picture_goes_where_it_is_told(limner, photo, tmp_path):
    out, alpha = tmp_path / "dyed.png", tmp_path / "alpha.png"
    assert limner("dye", photo, "--shade", "auburn", "-o", out, "--alpha-out", alpha)[0] == 0
    with Image.open(alpha) as plane:
        assert (plane.mode, plane.size) == ("L", (60, 80))


def test_dye_sends_what_it_was_told(limner, double, photo, tmp_path):
    like = tmp_path / "like.png"
    like.write_bytes(photo.read_bytes())
    arguments = ["--like", like, "--strength", "0.25", "--no-keep-highlights", "--face", "1"]
    limner("dye", photo, "-o", tmp_path / "a.png", *arguments, "--blend", "patent", "--alpha", like)

    (request,) = double.requests
    assert request.color.reference.data == like.read_bytes()
    assert request.strength == 0.25
    assert not request.keep_highlights
    assert request.selector.index == 1
    assert request.blend == 2
    assert request.HasField("alpha")


def test_json_of_a_dye_has_its_keys(limner, photo, tmp_path):
    _, stdout, _ = limner("dye", photo, "--shade", "auburn", "-o", tmp_path / "a.png", "--json")

    (done,) = json.loads(stdout)
    assert set(done) == {
        *("photo", "files", "width", "height", "found", "wanted", "generator", "pair"),
        *("difference", "models", "timings", "warnings", "request_id"),
    }
    assert done["found"] == {
        "class": "brown",
        "lab": [38, 9, 18],
        "hex": "#71533d",
        "margin": 6.5,
        "share": 0.2,
    }
    assert done["pair"] == ["brown", "red"]
    assert done["difference"] == {"before": 16.25, "after": 4.5}


def test_the_shades_are_listed_for_people(limner, double):
    code, stdout, _ = limner("dye", "--list-shades")
    assert code == 0
    assert "auburn" in stdout
    assert "#763a2e" in stdout
    assert double.requests[0].without_previews


def test_the_shades_are_listed_for_programs(limner):
    _, stdout, _ = limner("dye", "--list-shades", "--json")
    auburn, green = json.loads(stdout)
    assert auburn == {"name": "auburn", "hex": "#763a2e", "lab": [32, 22, 20], "family": "red"}
    assert green["family"] is None


def test_shades_of_no_server_are_the_exit_code_three(limner, closed_address):
    code, stdout, stderr = limner("dye", "--list-shades", "--address", closed_address)
    assert (code, stdout) == (3, "")
    assert "limner up" in stderr
    code, stdout, _ = limner("dye", "--list-shades", "--json", "--address", closed_address)
    assert code == 3
    assert json.loads(stdout)["error"]["reason"] == "UNAVAILABLE"


@pytest.mark.parametrize(
    ("failure", "advice"),
    [(NoHair("no hair"), "say where the hair is"), (ShadeUnknown("no shade"), "--list-shades")],
)
def test_a_dye_that_fails_is_bad_input_and_says_what_to_do(
    limner, double, photo, tmp_path, failure, advice
):
    double.failures += [failure]
    code, _, stderr = limner("dye", photo, "--shade", "auburn", "-o", tmp_path / "a.png")
    assert code == 2
    assert advice in stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["PHOTO", "-o", "a.png"], "say the color once"),
        (["PHOTO", "-o", "a.png", "--shade", "red", "--color", "#fff"], "say the color once"),
        (["PHOTO", "-o", "a.png", "--color", "#ff"], "is no color"),
        (["PHOTO", "-o", "a.png", "--shade", "red", "--strength", "1.5"], "0<=x<=1"),
        (["PHOTO", "--shade", "red"], "-o OUT"),
        (["-o", "a.png", "--shade", "red"], "give PHOTO"),
        (["PHOTO", "PHOTO", "-o", "out", "--shade", "red", "--alpha", "LIKE"], "one photo"),
        (["PHOTO", "-o", "LIKE", "--like", "LIKE"], "is an input and would be overwritten"),
        (["PHOTO", "-o", "a.png", "--shade", "red", "--alpha-out", "PHOTO"], "overwritten"),
        (["PHOTO", "-o", "out", "--shade", "red", "--alpha-out", "b.png"], "gets the alpha"),
        (["PHOTO", "-o", "a.png", "--shade", "red", "--alpha-out", "b.jpg"], "is to be PNG"),
        (["PHOTO", "-o", "a.png", "--shade", "red", "--alpha-out", "./a.png"], "gets the photo"),
        (["PHOTO", "-o", "a.tiff", "--shade", "red"], ".tiff is not written: end a.tiff in .jpg"),
    ],
)
def test_bad_usage_of_dye_exits_2_before_any_call(
    limner, double, photo, tmp_path, monkeypatch, arguments, message
):
    monkeypatch.chdir(tmp_path)
    like = tmp_path / "like.png"
    like.write_bytes(b"like")
    named = {"PHOTO": str(photo), "LIKE": str(like)}

    code, _, stderr = limner("dye", *[named.get(word, word) for word in arguments])

    assert code == 2
    assert message in " ".join(stderr.split())
    assert not double.requests
    assert like.read_bytes() == b"like"


def test_what_goes_beside_the_photo_gets_its_folder(limner, photo, tmp_path):
    beside = tmp_path / "new/alpha.png"
    code, *_ = limner(
        "dye", photo, "--shade", "red", "-o", tmp_path / "a.png", "--alpha-out", beside
    )
    assert code == 0
    assert beside.exists()


@pytest.mark.parametrize("classes", ["hair,face,person", "hair, face_skin, face, person"])
def test_segment_writes_a_mask_for_each_class_and_draws_them(
    limner, double, photo, tmp_path, classes
):
    plain, told = tmp_path / "plain", tmp_path / "told"
    limner("segment", photo, "-o", plain, "-q")
    assert limner("segment", photo, "-o", told, "--classes", classes)[0] == 0

    assert list(double.requests[1].classes) == [3, 4, 2]
    names = {path.name for path in told.iterdir()}
    masks = {"me.hair.png", "me.face.png", "me.person.png"}
    assert names == {"me.overlay.jpg", "me.json", *masks}
    drawn = [np.asarray(Image.open(folder / "me.overlay.jpg"), float) for folder in (plain, told)]
    assert np.abs(drawn[0] - drawn[1]).max() > 30


def test_a_class_that_is_none_is_bad_usage(limner, photo, tmp_path):
    code, _, stderr = limner("segment", photo, "-o", tmp_path / "a.png", "--classes", "hair,hat")
    assert code == 2
    assert "'hat' is none of hair, face, body, person, background" in " ".join(stderr.split())


def test_matte_cuts_out_hair_by_the_engine_that_is_told(limner, double, photo, tmp_path):
    out = tmp_path / "a.png"
    limner("matte", photo, "-o", out)
    limner("matte", photo, "-o", out, "--subject", "hair", "--face", "30,30")
    limner("matte", photo, "-o", out, "--subject", "hair", "--engine", "closed-form")

    person, hair, solved = double.requests
    assert [request.subject for request in double.requests] == [1, 2, 2]
    assert (person.engine, hair.engine, solved.engine) == (0, 0, 1)
    assert hair.selector.point.x_px == 30


def test_a_dyed_picture_that_is_saved_is_the_one_that_came(limner, photo, tmp_path):
    limner("dye", photo, "--shade", "auburn", "-o", tmp_path / "a.png")
    data = (tmp_path / "a.png").read_bytes()
    assert np.asarray(Image.open(io.BytesIO(data))).tolist() == [[[90] * 3] * 60] * 80
