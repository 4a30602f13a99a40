"""What a training learns from: whatever of it changes, it is another training."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from limner_models.data import learned, portraits
from limner_models.errors import MaterialMissing
from limner_models.recipes import RECIPES
from limner_models.recipes.recipe import Drawings, Material
from tests.unit.models.tiny import TINY

RECIPE = replace(TINY, data=Drawings(count=10, held_out=2, size=64))


def photo(path, seed):
    pixels = np.random.default_rng(seed).integers(0, 256, (400, 400, 3), np.uint8)
    Image.fromarray(pixels).save(path)


def digest(recipe, material):
    return portraits.digest(learned.files(recipe, material))


def test_photos_behind_portraits_count_each_of_them(portraits_folder, tmp_path):
    for seed in range(2):
        photo(tmp_path / f"{seed}.png", seed)
    material = Material(portraits_folder, backgrounds=tmp_path)
    digests = [digest(RECIPE, Material(portraits_folder)), digest(RECIPE, material)]
    assert digest(RECIPE, material) == digests[-1]

    photo(tmp_path / "1.png", 7)
    digests.append(digest(RECIPE, material))
    photo(tmp_path / "2.png", 8)
    digests.append(digest(RECIPE, material))

    assert len(set(digests)) == 4


def test_without_photos_and_teachers_it_is_the_portraits_alone(portraits_folder):
    drawn = portraits.files(portraits_folder, RECIPE.data.trained)

    assert learned.files(RECIPE, Material(portraits_folder)) == drawn


def test_networks_trained_before_count(portraits_folder, tmp_path):
    weights = tmp_path / "weights.safetensors"
    taught = replace(RECIPE, teachers=lambda *_: (weights,))
    digests = set()
    for content in (b"one", b"another"):
        weights.write_bytes(content)
        digests.add(digest(taught, Material(portraits_folder)))

    assert len(digests) == 2


def names(name, material):
    files = RECIPES[name].teachers(RECIPES[name], material)
    return [file.stem if file.stem != "weights" else file.parent.name for file in files]


def test_recipes_tell_of_the_networks_they_build_on(tmp_path):
    starters = Material(tmp_path)
    assert names("hair_segmenter", starters) == []
    assert names("hair_segmenter_dense", starters) == []
    assert names("hair_segmenter_distilled", starters) == ["hair_segmenter"]
    assert names("dye_bank", starters) == ["dye_generator"]
    assert names("animalizer", starters) == ["animal_keypoints"]
    assert names("animalizer_unpaired", starters) == []
    with pytest.raises(MaterialMissing, match="animal_generator is not trained yet"):
        names("animalizer_generated", starters)

    trained = tmp_path / "training"
    for name in ("animal_keypoints", "animal_generator"):
        (trained / name).mkdir(parents=True)
        (trained / name / "weights.safetensors").touch()
    found = RECIPES["animalizer_generated"].teachers(
        RECIPES["animalizer_generated"], replace(starters, trained=trained)
    )
    assert found[0] == trained / "animal_keypoints/weights.safetensors"
    assert found[1] == trained / "animal_generator/weights.safetensors"
    assert found[2].stem == "animal_segmenter"
