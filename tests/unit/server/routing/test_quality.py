from __future__ import annotations

import numpy as np
import pytest

from limner_registry.contracts import (
    ANIMALIZER,
    DYE_GENERATOR,
    FACE_MESH,
    HAIR_MATTER,
    HAIR_REMOVER,
    HAIR_SEGMENTER,
    PERSON_SEGMENTER,
    STYLIZER,
)
from limner_server.routing.quality import difference, is_flawed

RNG = np.random.default_rng(0)


def classes(label, rows=256):
    """Return a map of background whose first rows show one class."""
    planes = np.zeros((1, 4, 256, 256), np.float32)
    planes[:, 0] = 1
    planes[:, 0, :rows] = 0
    planes[:, label, :rows] = 1
    return {"classes": planes}


GOOD = {
    HAIR_SEGMENTER: classes(1, 60),
    PERSON_SEGMENTER: {"person": classes(1, 60)["classes"][:, 1]},
    HAIR_MATTER: {"alpha": RNG.random((1, 512, 512), np.float32)},
    DYE_GENERATOR: {"dyed": RNG.random((1, 256, 256, 3), np.float32)},
    STYLIZER: {"fields": RNG.integers(0, 32767, (1, 60, 80, 4), np.int16)},
    ANIMALIZER: {
        "drawn": RNG.integers(0, 256, (2, 512, 512, 4), np.uint8),
        "anchors": RNG.random((2, 9, 2), np.float32),
    },
    HAIR_REMOVER: {"beneath": RNG.integers(0, 256, (2, 256, 256, 3), np.uint8)},
    FACE_MESH: {"landmarks": RNG.random((1, 468, 3), np.float32), "presence": np.ones(1, "f4")},
}


@pytest.mark.parametrize("contract", GOOD, ids=lambda contract: contract.model)
def test_a_good_answer_has_no_flaw_and_is_like_itself(contract):
    answers = GOOD[contract]

    assert not is_flawed(contract, answers)
    measure, value = difference(contract, answers, answers)
    assert value == pytest.approx(1 if measure == "mask_iou" else 0, abs=1e-6)


@pytest.mark.parametrize(
    "contract", {*GOOD} - {STYLIZER, ANIMALIZER, HAIR_REMOVER}, ids=lambda contract: contract.model
)
@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_what_is_no_number_is_a_flaw(contract, value):
    answers = {name: array.copy() for name, array in GOOD[contract].items()}
    answers[contract.outputs[0].name].flat[7] = value

    assert is_flawed(contract, answers)


@pytest.mark.parametrize(
    ("contract", "answers"),
    [
        (HAIR_SEGMENTER, classes(0)),
        (PERSON_SEGMENTER, {"person": np.full((1, 256, 256), 0.3, np.float32)}),
        (HAIR_MATTER, {"alpha": np.zeros((1, 512, 512), np.float32)}),
        (DYE_GENERATOR, {"dyed": np.full((2, 256, 256, 3), 0.5, np.float32)}),
        (HAIR_REMOVER, {"beneath": np.full((1, 256, 256, 3), 9, np.uint8)}),
    ],
    ids=["nobody", "no person", "no alpha", "one color", "nothing painted"],
)
def test_an_empty_answer_is_a_flaw(contract, answers):
    assert is_flawed(contract, answers)


def test_masks_are_compared_by_their_overlap():
    assert difference(HAIR_SEGMENTER, classes(1, 100), classes(1, 50)) == ("mask_iou", 0.5)
    assert difference(HAIR_SEGMENTER, classes(0), classes(0)) == ("mask_iou", 1.0)


def test_alphas_are_compared_pixel_by_pixel():
    one, other = np.zeros((1, 512, 512), "f4"), np.full((1, 512, 512), 0.25, "f4")

    assert difference(HAIR_MATTER, {"alpha": one}, {"alpha": other}) == ("alpha_sad", 0.25)


def test_dyes_are_compared_as_eyes_see_them():
    white, gray = np.ones((1, 256, 256, 3), "f4"), np.full((1, 256, 256, 3), 0.5, "f4")

    measure, value = difference(DYE_GENERATOR, {"dyed": white}, {"dyed": gray})

    assert measure == "ciede2000"
    assert 30 < value < 40


def test_fields_below_nought_are_a_flaw():
    fields = GOOD[STYLIZER]["fields"].copy()
    fields.flat[7] = -1
    assert is_flawed(STYLIZER, {"fields": fields})


def test_fields_differ_by_their_mean_gap_without_wrapping_around():
    low, high = (np.full((1, 16, 16, 4), value, np.int16) for value in (0, 32767))
    assert difference(STYLIZER, {"fields": low}, {"fields": high}) == ("field_mean", 1.0)
    assert difference(STYLIZER, {"fields": high}, {"fields": low}) == ("field_mean", 1.0)
    quarter = low.copy()
    quarter[..., 3] = 32767
    measure, gap = difference(STYLIZER, {"fields": low}, {"fields": quarter})
    assert (measure, gap) == ("field_mean", pytest.approx(0.25))


def test_a_head_that_is_clear_or_has_no_point_in_sight_is_a_flaw():
    good = GOOD[ANIMALIZER]
    clear = good["drawn"].copy()
    clear[1, ..., 3] = 3
    assert is_flawed(ANIMALIZER, {**good, "drawn": clear})
    anchors = good["anchors"].copy()
    anchors[0] += 1.5
    assert is_flawed(ANIMALIZER, {**good, "anchors": anchors})
    anchors[0] = np.nan
    assert is_flawed(ANIMALIZER, {**good, "anchors": anchors})


@pytest.mark.parametrize(("contract", "name"), [(ANIMALIZER, "drawn"), (HAIR_REMOVER, "beneath")])
def test_pictures_of_bytes_differ_by_their_mean_gap_without_wrapping_around(contract, name):
    low, high = (np.full((1, 8, 8, 4), value, np.uint8) for value in (0, 255))
    assert difference(contract, {name: low}, {name: high}) == (f"{name}_mean", 1.0)
    assert difference(contract, {name: high}, {name: low}) == (f"{name}_mean", 1.0)
