from __future__ import annotations

import json

import pytest
from PIL import Image

from limner.v1.reasons import StyleUnknown


@pytest.fixture
def limner(command):
    """The command line; elsewhere the name is a client's."""
    return command


def test_stylize_to_a_file_is_the_picture(limner, double, photo, tmp_path):
    out = tmp_path / "new" / "drawn.png"
    code, stdout, stderr = limner("stylize", photo, "--style", "print", "-o", out)

    assert code == 0, stderr
    with Image.open(out) as picture:
        assert picture.size == (60, 80)
    (request,) = double.requests
    assert (request.style, request.output.format, request.output.quality) == ("print", 2, 95)
    assert "print in 1 colors, drawn at 30 x 40 pixels in 3 tiles" in stdout


def test_stylize_to_a_folder_writes_the_colors_too(limner, photo, tmp_path):
    assert limner("stylize", photo, "-o", tmp_path / "out")[0] == 0
    names = {path.name for path in (tmp_path / "out").iterdir()}
    assert names == {"me.illustration.jpg", "me.illustration.palette.json"}

    assert limner("stylize", photo, "--colors", "8", "-o", tmp_path / "few")[0] == 0
    names = {path.name for path in (tmp_path / "few").iterdir()}
    assert names == {"me.illustration.png", "me.illustration.palette.json"}


def test_the_colors_of_one_picture_go_where_they_are_told(limner, photo, tmp_path):
    out, colors = tmp_path / "drawn.png", tmp_path / "colors.json"
    assert limner("stylize", photo, "-o", out, "--palette-out", colors)[0] == 0
    assert json.loads(colors.read_text()) == [
        {"lab": [32.0, 22.0, 20.0], "hex": "#763a2e", "share": 0.25}
    ]


def test_stylize_sends_what_it_was_told(limner, double, photo, tmp_path):
    arguments = ["--colors", "16", "--strength", "0.5", "--line-width", "0.25", "--seed", "9"]
    limner("stylize", photo, "-o", tmp_path / "a.png", *arguments)

    (request,) = double.requests
    assert (request.style, request.colors, request.seed) == ("illustration", 16, 9)
    assert (request.strength, request.line_width) == (0.5, 0.25)


def test_json_has_the_palette_and_how_it_was_drawn(limner, photo, tmp_path):
    _, stdout, _ = limner("stylize", photo, "-o", tmp_path / "a.png", "--json")
    (done,) = json.loads(stdout)
    assert (done["style"], done["drawn"], done["tiles"]) == ("illustration", [30, 40], 3)
    assert done["palette"][0]["hex"] == "#763a2e"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "give PHOTO"),
        (["me.png"], "give PHOTO"),
        (["me.png", "-o", "a.png", "--colors", "1"], "colors"),
        (["me.png", "-o", "a.png", "--line-width", "5"], "line-width"),
        (["me.png", "-o", "a.png", "--style", "../up"], "no style's name"),
    ],
)
def test_what_cannot_be_meant_is_bad_usage(limner, double, arguments, said):
    code, _, stderr = limner("stylize", *arguments)
    assert code == 2
    assert said in stderr
    assert not double.requests


def test_the_palette_takes_no_other_files_place(limner, photo, tmp_path):
    code, _, stderr = limner("stylize", photo, "-o", tmp_path / "a.png", "--palette-out", photo)
    assert code == 2
    assert "is to be JSON" in stderr
    code, _, stderr = limner(
        "stylize", photo, "-o", tmp_path / "out", "--palette-out", tmp_path / "p.json"
    )
    assert code == 2
    assert "gets the palette already" in stderr


def test_a_style_that_is_none_is_bad_input_and_says_where_they_are(limner, double, photo, tmp_path):
    double.failures.append(StyleUnknown("no style is named 'manga'; there are print"))
    code, _, stderr = limner("stylize", photo, "--style", "manga", "-o", tmp_path / "a.png")
    assert code == 2
    assert "limner stylize --list-styles" in stderr


def test_styles_are_listed_for_people_and_for_programs(limner):
    code, stdout, _ = limner("stylize", "--list-styles")
    assert code == 0
    assert "illustration" in stdout
    assert "Flat colors" in stdout
    _, stdout, _ = limner("stylize", "--list-styles", "--json")
    assert json.loads(stdout)[1] == {"name": "print", "title": "A few strong ones", "colors": 8}


def test_styles_of_a_server_that_is_away(limner, closed_address):
    code, _, stderr = limner("stylize", "--list-styles", "--address", closed_address)
    assert code == 3
    assert "limner up" in stderr
