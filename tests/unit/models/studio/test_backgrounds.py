from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from limner_models.studio import sample
from limner_models.studio.backgrounds import PhotoMissing, Photos, draw_background
from limner_models.studio.params import Background
from limner_models.studio.sampling import BACKGROUNDS
from limner_models.studio.textures import KINDS

TOP = (0.8, 0.8, 0.8)


def photos(folder, count=3):
    for n, color in zip(range(count), ("red", "lime", "blue"), strict=True):
        Image.new("RGB", (500, 420), color).save(folder / f"{n}.png")
    Image.new("RGB", (100, 100)).save(folder / "small.png")
    (folder / "notes.jpg").write_text("no picture")
    return Photos.listed(folder)


@pytest.mark.parametrize("kind", KINDS)
def test_drawn_backgrounds_are_light_of_every_seed(kind):
    for seed in range(6):
        image = draw_background(Background(kind, seed), 48, TOP, None)

        assert image.shape == (48, 48, 3)
        assert image.dtype == np.float32
        assert np.isfinite(image).all()
        assert image.min() >= 0
        again = draw_background(Background(kind, seed), 48, TOP, None)
        np.testing.assert_array_equal(image, again)


def test_every_kind_that_is_sampled_can_be_drawn():
    assert set(BACKGROUNDS) == {*KINDS, "photo", "blurred_photo"}


def test_photographic_backgrounds_are_drawn_where_no_photo_is():
    assert draw_background(Background("photo", 3), 32, TOP, None).max() > 0.01


def test_only_pictures_large_enough_are_listed(tmp_path):
    assert photos(tmp_path).names == ("0.png", "1.png", "2.png")


def test_of_one_wallpaper_in_many_sizes_the_largest_is_taken(tmp_path):
    folder = tmp_path / "Sea/contents/images"
    folder.mkdir(parents=True)
    for side in (500, 800, 600):
        Image.new("RGB", (side, side)).save(folder / f"{side}.png")

    assert Photos.listed(tmp_path).names == ("Sea/contents/images/800.png",)


def test_the_seed_chooses_the_photo_and_params_remember_it(tmp_path):
    listed = photos(tmp_path)
    params = replace(sample(0), background=Background("photo", 7))

    placed = listed.assign(params)

    assert placed.background.photo == "1.png"
    assert listed.assign(placed) == placed
    plain = replace(params, background=Background("plain", 7))
    assert listed.assign(plain) == plain
    red, green, blue = draw_background(placed.background, 40, TOP, tmp_path).mean((0, 1))
    assert green > 0.4
    assert max(red, blue) < 0.01


@pytest.mark.parametrize("name", ["gone.png", "../secret.png", "/etc/hostname"])
def test_photos_that_are_not_in_the_folder_are_refused(tmp_path, name):
    with pytest.raises(PhotoMissing):
        draw_background(Background("photo", 1, name), 32, TOP, tmp_path)
