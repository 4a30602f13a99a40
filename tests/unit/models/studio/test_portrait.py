from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from limner_models.studio import Params, draw, sample, variants
from limner_models.studio.labels import LABELS, Label
from limner_models.studio.landmarks import LANDMARKS
from limner_models.studio.portrait import finish

SIZE = 64


@pytest.fixture(scope="module")
def portrait(exposure):
    return finish(exposure)


def test_a_portrait_holds_what_its_fields_promise(portrait):
    assert portrait.photo.shape == (SIZE, SIZE, 3)
    assert portrait.photo.dtype == np.uint8
    assert portrait.foreground.dtype == np.float32
    assert portrait.foreground.min() >= 0
    assert portrait.foreground.max() <= 6
    for share in (portrait.coverage, portrait.hair):
        assert share.dtype == np.float32
        assert share.min() >= 0
        assert share.max() <= 1
    assert portrait.labels.max() < len(LABELS)
    assert np.isfinite(portrait.landmarks).all()


def test_hair_and_coverage_agree_with_the_labels(portrait):
    hair, coverage, labels = portrait.hair, portrait.coverage, portrait.labels

    assert (labels == Label.HAIR).mean() > 0.05
    assert (hair <= coverage + 1e-6).all()
    assert hair[labels == Label.HAIR].min() > 0
    assert hair[labels != Label.HAIR].max() <= 0.5
    assert coverage[labels != Label.BACKGROUND].min() > 0
    assert (labels[hair > 0.51] == Label.HAIR).all()
    assert (portrait.foreground[coverage == 0] == 0).all()


def test_every_part_of_a_face_is_found_where_the_landmarks_are(portrait):
    row = {name: portrait.landmarks[n] for n, name in enumerate(LANDMARKS)}

    assert row["forehead"][1] < row["nose_tip"][1] < row["lip_bottom"][1] < row["chin"][1]
    assert row["eye_outer_r"][0] < row["nose_bridge"][0] < row["eye_outer_l"][0]
    for name, label in {"nose_tip": Label.FACE_SKIN, "lip_bottom": Label.LIPS}.items():
        x, y = row[name].astype(int)
        assert label in portrait.labels[y - 2 : y + 3, x - 2 : x + 3], name


def test_two_processes_draw_the_same_labels():
    program = (
        "import hashlib; from limner_models.studio import draw, sample;"
        "print(hashlib.sha256(draw(sample(5), 64).labels.tobytes()).hexdigest())"
    )
    other = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )

    assert other.stdout.strip() == hashlib.sha256(draw(sample(5), 64).labels.tobytes()).hexdigest()


def test_params_that_went_through_json_draw_the_same_portrait(params, portrait):
    again = draw(Params.from_json(json.loads(json.dumps(params.to_json()))), SIZE)

    np.testing.assert_array_equal(again.photo, portrait.photo)
    np.testing.assert_array_equal(again.labels, portrait.labels)


def test_another_color_moves_no_hair_and_touches_nothing_else(exposure, portrait):
    dyed = finish(exposure.recolored(variants.in_shade(exposure.params.hair, "pink")))

    np.testing.assert_array_equal(dyed.hair, portrait.hair)
    np.testing.assert_array_equal(dyed.labels, portrait.labels)
    bare = portrait.hair == 0
    scalp = exposure.scene.scalp.max()
    assert scalp > 0
    difference = np.abs(dyed.foreground - portrait.foreground).max(-1)
    # skin under thin hair at the hairline takes a little of its color
    assert np.quantile(difference[bare], 0.99) < 1e-3
    assert difference[portrait.hair > 0.9].mean() > 0.02


def test_recoloring_gives_what_drawing_anew_gives(exposure, params):
    hair = variants.in_class(params, "red")

    fast = exposure.recolored(hair).layers()[0]

    np.testing.assert_allclose(fast, draw(replace(params, hair=hair), SIZE).foreground, atol=2e-3)


def test_dyeing_back_gives_the_same_light(exposure):
    there = exposure.recolored(variants.in_shade(exposure.params.hair, "blue"))

    back = there.recolored(exposure.params.hair).layers()[0]

    np.testing.assert_allclose(back, exposure.layers()[0], atol=2e-3)


def test_a_bald_head_has_no_hair_and_the_same_face(params, portrait):
    bald = draw(variants.bald(params), SIZE)

    assert bald.hair.max() == 0
    np.testing.assert_array_equal(bald.landmarks, portrait.landmarks)
    lips = (portrait.labels == Label.LIPS) & (portrait.hair == 0)
    assert (bald.labels[lips] == Label.LIPS).mean() > 0.95


def test_another_style_keeps_the_head_where_it_was(params, portrait):
    other = variants.other_style(params)

    assert other.hair.style not in {params.hair.style, "bald"}
    np.testing.assert_array_equal(draw(other, SIZE).landmarks, portrait.landmarks)


def test_another_background_keeps_the_person(exposure, portrait):
    moved = finish(exposure, None, variants.elsewhere(exposure.params))

    np.testing.assert_array_equal(moved.coverage, portrait.coverage)
    np.testing.assert_array_equal(moved.foreground, portrait.foreground)
    assert (moved.photo != portrait.photo).any()


@pytest.mark.parametrize("hat", ["beanie", "cap", "hood"])
def test_hats_cover_hair_and_are_no_hair(params, portrait, hat):
    worn = draw(replace(params, outfit=replace(params.outfit, hat=hat)), SIZE)

    above = slice(0, int(portrait.landmarks[LANDMARKS.index("forehead"), 1]))
    assert worn.hair[above].sum() < 0.6 * portrait.hair[above].sum()
    label = Label.CLOTHES if hat == "hood" else Label.ACCESSORY
    assert (worn.labels[above] == label).sum() > 20


@pytest.mark.parametrize("style", ["ponytail", "bun", "afro", "curly", "buzz", "bob"])
def test_every_kind_of_style_grows_hair_on_the_head(params, style):
    drawn = draw(replace(params, hair=replace(params.hair, style=style)), 32)

    assert 0.02 < drawn.hair.mean() < 0.7
    assert np.isfinite(drawn.foreground).all()


@pytest.mark.parametrize("species", variants.SPECIES)
def test_an_animal_stands_where_the_person_stood(params, portrait, species):
    animal = draw(variants.as_animal(params, species), SIZE)

    assert animal.hair.max() == 0
    assert (animal.labels == Label.FUR).mean() > 0.1
    assert (animal.labels == Label.ANIMAL_NOSE).any()
    assert (animal.labels == Label.EYES).any()
    nose = LANDMARKS.index("nose_tip")
    assert np.linalg.norm(animal.landmarks[nose] - portrait.landmarks[nose]) < SIZE / 5


def test_no_animal_but_those_the_studio_knows(params):
    with pytest.raises(ValueError, match="knows no horse; it knows cat"):
        variants.as_animal(params, "horse")


@pytest.mark.parametrize("size", [15, 2049])
def test_sizes_out_of_range_are_refused_before_anything_is_drawn(params, size):
    with pytest.raises(ValueError, match="is not in"):
        draw(params, size)


def test_saving_writes_four_files_that_read_back(portrait, tmp_path):
    portrait.save(tmp_path / "000008")

    assert sorted(file.name for file in tmp_path.iterdir()) == [
        "000008.json",
        "000008.png",
        "000008_alpha.png",
        "000008_label.png",
    ]
    np.testing.assert_array_equal(np.asarray(Image.open(tmp_path / "000008.png")), portrait.photo)
    document = json.loads((tmp_path / "000008.json").read_text())
    assert Params.from_json(document["params"]) == portrait.params
    assert sorted(document["landmarks"]) == list(LANDMARKS)
    assert document["labels"][Label.HAIR] == "hair"
