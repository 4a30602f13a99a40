"""What a person does at a terminal, and the README's program, on a stack that is up."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image, ImageChops

from tests.conftest import limner

README = Path(__file__).parents[2] / "README.md"


@pytest.fixture
def photo(tmp_path, astronaut) -> Path:
    file = tmp_path / "astronaut.png"
    file.write_bytes(astronaut)
    return file


def told(done) -> dict:
    return json.loads(done.stdout)


def test_a_portrait_is_cut_out_by_the_command(stack, photo, tmp_path):
    out = tmp_path / "cutout.png"
    done = limner("matte", photo, "-o", out, "--address", stack.address, "--json")
    (edit,) = told(done)
    assert edit["models"] == [{"model": "person_segmenter", "version": 1}]
    picture = Image.open(out)
    assert (picture.mode, picture.size) == ("RGBA", (512, 512))
    alpha = picture.getchannel("A")
    assert alpha.getpixel((230, 300)) == 255
    assert alpha.getpixel((20, 20)) == 0


def test_the_faces_are_found_by_the_command(stack, photo, tmp_path):
    done = limner("segment", photo, "-o", tmp_path / "out", "--address", stack.address, "--json")
    (edit,) = told(done)
    assert len(edit["faces"]) == 1
    assert (tmp_path / "out/astronaut.person.png").exists()
    assert (tmp_path / "out/astronaut.overlay.jpg").exists()


def test_hair_is_made_like_another_s_by_the_command(stack, photo, tmp_path):
    out, alpha = tmp_path / "pink.png", tmp_path / "alpha.png"
    files = ("-o", out, "--alpha-out", alpha, "--address", stack.address, "--json")
    (edit,) = told(limner("transfer-hair", photo, "--look", "bob-pink", *files))
    assert edit["mode"] == "fast"
    assert edit["references"]["look"]["name"] == "bob-pink"
    with Image.open(out) as worn, Image.open(photo) as before, Image.open(alpha) as hair:
        change = ImageChops.difference(worn.convert("RGB"), before.convert("RGB"))
        assert change.getbbox() is not None
        change.paste((0, 0, 0), mask=hair.point(lambda value: 255 if value else 0))
        assert change.getbbox() is None


def test_the_hair_is_dyed_by_the_command(stack, photo, tmp_path):
    out, alpha = tmp_path / "auburn.png", tmp_path / "alpha.png"
    files = ("-o", out, "--alpha-out", alpha, "--address", stack.address, "--json")
    (edit,) = told(limner("dye", photo, "--shade", "auburn", *files))
    assert edit["found"]["class"] == "brown"
    assert edit["difference"]["after"] < edit["difference"]["before"]
    with Image.open(out) as dyed, Image.open(photo) as before, Image.open(alpha) as soft:
        untouched = soft.point(lambda value: 255 if value == 0 else 0)
        change = ImageChops.difference(dyed.convert("RGB"), before.convert("RGB"))
        change.paste((0, 0, 0), mask=ImageChops.invert(untouched))
        assert change.getbbox() is None


def test_hair_is_dyed_like_another_photos(stack, photo, tmp_path):
    blue, alike = tmp_path / "blue.png", tmp_path / "alike.png"
    limner("dye", photo, "--color", "#2050a0", "-o", blue, "--address", stack.address)
    done = limner(
        *("dye", photo, "--like", blue, "-o", alike, "--address", stack.address, "--json")
    )
    (edit,) = told(done)
    assert edit["wanted"]["lab"][2] < -10


def test_the_shades_are_listed_by_the_command(stack):
    shades = told(limner("dye", "--list-shades", "--address", stack.address, "--json"))
    assert {"auburn", "blond", "blue"} < {shade["name"] for shade in shades}


def test_a_photo_is_drawn_by_the_command(stack, photo, tmp_path):
    out, palette = tmp_path / "drawn.png", tmp_path / "palette.json"
    files = ("-o", out, "--palette-out", palette, "--address", stack.address, "--json")
    (edit,) = told(limner("stylize", photo, "--style", "print", "--colors", "16", *files))
    assert (edit["style"], len(edit["palette"])) == ("print", 16)
    with Image.open(out) as drawn:
        there = {"#{:02x}{:02x}{:02x}".format(*color) for _, color in drawn.getcolors()}
    assert there == {color["hex"] for color in json.loads(palette.read_text())}


def test_the_styles_are_listed_by_the_command(stack):
    styles = told(limner("stylize", "--list-styles", "--address", stack.address, "--json"))
    assert {style["name"] for style in styles} >= {"illustration", "ink-and-wash", "print"}


def test_the_readmes_program_runs_as_it_stands(stack, photo, tmp_path):
    Image.open(photo).convert("RGB").save(tmp_path / "me.jpg")
    program = README.read_text().split("```python\n")[1].split("```")[0]
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=tmp_path,
        env=os.environ | {"LIMNER_ADDRESS": stack.address},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "Come nearer" in done.stdout
    with Image.open(tmp_path / "person.png") as mask:
        assert mask.size == (512, 512)


def test_what_is_wrong_with_a_photo_is_the_exit_code_two(stack, tmp_path):
    text = tmp_path / "text.png"
    text.write_text("no picture")
    done = limner(
        "matte", text, "-o", tmp_path / "out.png", "--address", stack.address, check=False
    )
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
