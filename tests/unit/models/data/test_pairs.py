"""Pairs for the stylizer: what a batch holds, where its crops lie, and who is never trained on."""

from __future__ import annotations

import copy
from dataclasses import replace

import cv2
import numpy as np
import pytest
from PIL import Image

from limner_models.data import pairs, portraits
from limner_models.data.backgrounds import Backgrounds
from limner_models.data.illustration import smoothed
from limner_models.data.pairs import (
    ACCEPTED_WITH,
    ACCEPTED_WITHOUT,
    COLORS,
    HELD_OUT,
    LINED,
    THUMBNAIL,
    Pairs,
    photos_in,
    place_of_crop,
)
from limner_models.errors import MaterialDamaged
from limner_registry.palette import toned
from limner_registry.styles import STYLES

SIZE = 32


def picture_of(seed, height=410, width=450):
    """Blotches with edges between them, another picture for each seed."""
    rng = np.random.default_rng(seed)
    noise = rng.integers(0, 256, (6, 7, 3), np.uint8)
    return cv2.resize(noise, (width, height), interpolation=cv2.INTER_CUBIC) // 64 * 64


@pytest.fixture(scope="session")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("photos")
    for seed in range(10):
        Image.fromarray(picture_of(seed)).save(folder / f"{seed:02d}.png")
    return folder


@pytest.fixture
def composed(folder, portraits_folder):
    heads = portraits.files(portraits_folder, range(4))
    photos = photos_in(folder, held_out=False)
    return Pairs(photos, heads, Backgrounds(None), 4, SIZE, 2)


def batch(composed, seed=0):
    return composed(np.random.default_rng(seed))


def check(found, count):
    shapes = {name: (array.shape[1:], array.dtype) for name, array in found.items()}
    assert shapes == {
        "tile": ((SIZE, SIZE, 3), np.uint8),
        "drawn": ((SIZE, SIZE, 3), np.uint8),
        "smooth": ((SIZE, SIZE, 3), np.uint8),
        "line": ((SIZE, SIZE), np.uint8),
        "thumbnail": ((THUMBNAIL, THUMBNAIL, 3), np.uint8),
        "style": ((1,), np.uint8),
        "palette": ((COLORS, 3), np.float32),
    }
    assert {len(array) for array in found.values()} == {count}
    assert found["style"].max() < len(STYLES)


def test_a_batch_holds_crops_of_photos_and_of_their_illustrations(composed):
    for seed in range(3):
        check(batch(composed, seed), 4)


def test_crops_of_one_picture_share_its_thumbnail_style_and_colors(composed):
    found = batch(composed)

    for name in ("thumbnail", "style", "palette"):
        for first in (0, 2):
            np.testing.assert_array_equal(found[name][first], found[name][first + 1])
    assert (found["thumbnail"][0] != found["thumbnail"][2]).any()


def test_what_is_drawn_is_the_tile_itself_smoothed_and_in_colors_of_its_palette(composed):
    inside = np.s_[12:-12, 12:-12]  # what is beyond the crop is not seen there
    for seed in range(3):
        found = batch(composed, seed)
        for index, (number,) in enumerate(found["style"]):
            style = STYLES[number]
            smooth = 255 * smoothed(found["tile"][index], style.smoothing)
            np.testing.assert_allclose(smooth[inside], found["smooth"][index][inside], atol=1)
            tones = 255 * toned(found["palette"][index], style)
            bare = found["drawn"][index][found["line"][index] == 0]
            away = np.abs(bare[:, None] - tones[None]).max(2).min(1)
            assert away.max(initial=0) <= 1


def test_the_same_chance_gives_the_same_batch_even_in_another_process(composed):
    travelled = copy.deepcopy(composed)

    one, same = batch(composed, 7), batch(travelled, 7)

    for name, array in one.items():
        np.testing.assert_array_equal(array, same[name])
    assert (batch(composed, 8)["tile"] != one["tile"]).any()


def test_a_photo_looked_at_before_changes_nothing(composed):
    fresh = copy.deepcopy(composed)
    for seed in range(4):
        batch(composed, seed)

    np.testing.assert_array_equal(batch(composed, 9)["tile"], batch(fresh, 9)["tile"])


def test_photos_beyond_what_memory_may_hold_are_read_again(composed, monkeypatch):
    wanted = batch(copy.deepcopy(composed), 3)
    monkeypatch.setattr(pairs, "KEPT_BYTES", 2 * picture_of(0).nbytes)

    for seed in range(6):
        batch(composed, seed)

    assert len(composed._kept) <= 2
    np.testing.assert_array_equal(batch(composed, 3)["tile"], wanted["tile"])


def test_heads_alone_are_enough(composed):
    check(batch(replace(composed, photos=())), 4)


def test_photos_alone_are_enough(composed):
    check(batch(replace(composed, heads=())), 4)


def test_a_head_has_the_size_asked_for(composed):
    assert composed.head(np.random.default_rng(0), 90).shape == (90, 90, 3)


def test_pictures_are_no_smaller_than_a_crop_and_no_larger_than_the_largest(composed):
    sides = set()
    for seed in range(40):
        picture = composed._picture(np.random.default_rng(seed))
        assert picture.shape[0] == picture.shape[1]
        assert picture.flags.c_contiguous
        sides.add(picture.shape[0])

    assert min(sides) == SIZE
    assert 320 < max(sides) <= pairs.LARGEST


def half_lined():
    line = np.zeros((100, 200), np.float32)
    line[:, 100:] = 2 * LINED
    return line


def test_crops_with_lines_are_kept_more_often_as_the_thresholds_say():
    line, rng = half_lined(), np.random.default_rng(0)

    places = [place_of_crop(line, 20, rng) for _ in range(4000)]

    tops, lefts = np.array(places).T
    assert 0 <= tops.min() <= tops.max() <= 80
    assert 0 <= lefts.min() <= lefts.max() <= 180
    # a crop has lines where at least half of it lies in the right half
    with_, without = (lefts >= 90).sum(), (lefts < 90).sum()
    room = 91 / 90  # places there, over those elsewhere
    wanted = room * (1 - ACCEPTED_WITH) / (1 - ACCEPTED_WITHOUT)
    assert with_ / without == pytest.approx(wanted, rel=0.1)


def test_a_crop_as_large_as_its_picture_has_one_place():
    assert place_of_crop(np.ones((20, 20)), 20, np.random.default_rng(0)) == (0, 0)


def test_photos_held_out_are_never_trained_on(folder):
    trained, held_out = (photos_in(folder, held_out=each) for each in (False, True))

    assert [photo.name for photo in held_out] == ["00.png", f"{HELD_OUT:02d}.png"]
    assert len(trained) == 8
    assert not set(trained) & set(held_out)


def test_a_photo_saved_again_under_another_name_is_not_held_out(folder, tmp_path):
    for file in folder.iterdir():
        Image.open(file).save(tmp_path / f"{file.stem}.jpg", quality=80)
    again = Image.open(tmp_path / "08.jpg").resize((900, 820))
    again.crop((10, 10, 890, 810)).save(tmp_path / "05.jpg")

    held_out = photos_in(tmp_path, held_out=True)

    assert [photo.name for photo in held_out] == ["00.jpg"]


def test_without_a_folder_there_are_no_photos(tmp_path):
    for held_out in (False, True):
        assert photos_in(None, held_out=held_out) == ()
        assert photos_in(tmp_path, held_out=held_out) == ()


def test_a_photo_that_cannot_be_read_is_named(folder, tmp_path, composed):
    whole = (folder / "01.png").read_bytes()
    (tmp_path / "cut.png").write_bytes(whole[:60])

    with pytest.raises(MaterialDamaged, match=r"cut\.png cannot be read"):
        batch(replace(composed, photos=(tmp_path / "cut.png",), heads=()))
