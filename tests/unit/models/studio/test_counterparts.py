"""People and animals side by side: the same pose, and always the same animal."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from limner_models.studio import Params, sample, variants
from limner_models.studio.animals import build_animal
from limner_models.studio.animals.species import SPECIES
from limner_models.studio.counterparts import EACH, KINDS, PERSON, kinds_of
from limner_models.studio.landmarks import LANDMARKS
from limner_models.studio.store import draw_many
from limner_models.studio.variants import FARTHEST, as_animal, lively
from limner_models.studio.view import view_of
from limner_registry.animals import ANIMALS

SIZE = 32


@pytest.fixture(scope="module")
def drawn(tmp_path_factory):
    (file,) = draw_many(4, 1, SIZE, tmp_path_factory.mktemp("drawn"), beside="animals")
    with np.load(file, allow_pickle=False) as arrays:
        return dict(arrays)


def posed(animal, **expression):
    params = as_animal(sample(2), animal)
    camera = replace(params.camera, head=(0, 0, 0), yaw=0, pitch=0, roll=0)
    return replace(params, camera=camera, face=replace(params.face, expression=expression))


@pytest.mark.parametrize("animal", ANIMALS)
def test_coats_have_their_names_in_the_order_networks_know(animal):
    assert tuple(SPECIES[animal].coats) == ANIMALS[animal].coats
    assert tuple(ANIMALS) == variants.SPECIES


def test_ten_people_stand_beside_every_animal_in_every_coat():
    assert sorted(kind for seed in range(10) for kind in kinds_of(seed)) == sorted(KINDS)
    assert len(KINDS) == sum(len(animal.coats) for animal in ANIMALS.values())
    for seed in range(10):
        assert len({animal for animal, _ in kinds_of(seed)}) == EACH


def test_a_file_holds_a_person_and_two_animals(drawn):
    side = round(SIZE * PERSON)
    assert drawn["person_light"].shape == (side, side, 3)
    assert drawn["person_coverage"].shape == (side, side)
    for k in range(EACH):
        assert drawn[f"light_{k}"].shape == (SIZE, SIZE, 3)
        assert drawn[f"light_{k}"].dtype == np.float16
        assert drawn[f"coverage_{k}"].dtype == np.uint8
        assert drawn[f"coverage_{k}"].max() == 255
        assert drawn[f"rest_{k}"].shape == (SIZE // 4, SIZE // 4, 3)
    assert [tuple(kind) for kind in json.loads(str(drawn["animals"]))] == list(kinds_of(4))
    assert Params.from_json(json.loads(str(drawn["params"]))) == lively(sample(4))


def test_eyes_and_mouth_lie_near_the_animal_s_template(drawn):
    for k, (animal, _) in enumerate(kinds_of(4)):
        row = dict(zip(LANDMARKS, (drawn[f"points_{k}"] + 0.5) / SIZE, strict=True))
        eyes = row["eye_outer_r"] + row["eye_inner_r"] + row["eye_outer_l"] + row["eye_inner_l"]
        mouth = (row["mouth_r"] + row["mouth_l"]) / 2
        template = np.array(ANIMALS[animal].template)
        assert np.abs(eyes / 4 - template[:2].mean(0)).max() < 0.04
        assert np.abs(mouth - template[3:].mean(0)).max() < 0.06


def test_rest_points_are_known_where_the_head_is_seen(drawn):
    for k in range(EACH):
        known = np.isfinite(drawn[f"rest_{k}"]).all(-1)
        covered = drawn[f"coverage_{k}"][2::4, 2::4]
        assert 0.1 < known.mean() < 0.9
        assert (covered[known] > 0).all()


def test_an_animal_of_one_coat_is_the_same_in_everybody_s_place():
    """What a photo cannot tell must not vary, or networks would learn its blurred mean."""
    from limner_models.studio.counterparts import EXEMPLAR

    scenes = []
    for seed in (0, 1):
        params = as_animal(sample(seed), "fox")
        face = replace(params.face, identity=EXEMPLAR, expression={})
        scenes.append(build_animal(replace(params, face=face), SIZE, "arctic"))

    np.testing.assert_array_equal(scenes[0].surface.rest, scenes[1].surface.rest)
    np.testing.assert_array_equal(scenes[0].surface.albedo, scenes[1].surface.albedo)
    np.testing.assert_array_equal(scenes[0].eyes.iris, scenes[1].eyes.iris)


def test_a_coat_that_there_is_not_is_refused():
    with pytest.raises(KeyError, match="purple"):
        build_animal(as_animal(sample(0), "cat"), SIZE, "purple")


def test_each_eye_closes_alone():
    marks = build_animal(posed("cat", eyeBlinkLeft=1.0), SIZE).landmarks
    left, right = (
        np.linalg.norm(marks[f"eye_top_{side}"] - marks[f"eye_bottom_{side}"]) for side in "lr"
    )
    assert left < 0.2 * right


@pytest.mark.parametrize("animal", ANIMALS)
def test_lips_part_as_the_jaw_opens(animal):
    gaps, chins = [], []
    for jaw in (0.0, 0.4, 0.8):
        marks = build_animal(posed(animal, jawOpen=jaw), SIZE).landmarks
        gaps.append(np.linalg.norm(marks["lip_top"] - marks["lip_bottom"]))
        chins.append(marks["chin"][1])
    assert gaps[0] == 0
    assert gaps[0] < gaps[1] < gaps[2]
    assert chins[0] > chins[1] > chins[2]


def test_lively_people_are_turned_no_farther_than_can_be_animalized():
    for seed in range(60):
        params = lively(sample(seed))
        assert abs(params.camera.head[1] - params.camera.yaw) <= FARTHEST + 1e-6
        assert lively(sample(seed)) == params


def test_lively_people_blink_wink_and_open_their_mouths():
    faces = [lively(sample(seed)).face.expression for seed in range(200)]
    blinks = np.array([(face["eyeBlinkLeft"], face["eyeBlinkRight"]) for face in faces])
    jaws = np.array([face.get("jawOpen", 0) for face in faces])

    assert (np.abs(blinks[:, 0] - blinks[:, 1]) > 0.3).mean() > 0.1
    assert (blinks.min(1) > 0.5).mean() > 0.1
    assert (jaws > 0.3).mean() > 0.2
    assert (jaws < 0.05).mean() > 0.2


def test_a_view_through_a_map_shows_every_point_where_the_map_brings_it():
    rng = np.random.default_rng(1)
    view = view_of(sample(3).camera, np.eye(3), 100)
    points = view.eye - 8 * view.axes[2] + rng.normal(0, 0.5, (9, 3))
    matrix = np.array([[1.7, 0.3, -20.0], [-0.2, 1.4, 11.0]])

    before, after = view.project(points), view.through(matrix).project(points)

    expected = before[:, :2] @ matrix[:, :2].T + matrix[:, 2]
    np.testing.assert_allclose(after[:, :2], expected, rtol=1e-4, atol=1e-3)
    np.testing.assert_allclose(after[:, 2], before[:, 2], rtol=1e-5)
