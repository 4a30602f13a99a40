from __future__ import annotations

import copy
import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from limner_models.studio import Params, sample
from limner_models.studio.hair_sampling import COLORS, STYLES
from limner_models.studio.palette import NATURAL, SHADES, shades_of
from limner_models.studio.params import ParamsUnreadable
from limner_models.studio.styles import GROWN, TIED
from limner_models.studio.variants import in_class
from limner_registry.hair_colors import HAIR_COLORS

seeds = st.integers(0, 2**31)


@given(seeds)
def test_params_come_back_from_json_as_they_were(seed):
    params = sample(seed)

    assert Params.from_json(json.loads(json.dumps(params.to_json()))) == params


@given(seeds)
def test_a_seed_always_gives_the_same_params(seed):
    assert sample(seed) == sample(seed)


@given(seeds)
def test_reflectances_are_those_of_real_things(seed):
    params = sample(seed)

    for color in (params.hair.albedo, params.beard.albedo, params.outfit.color, params.face.iris):
        assert all(0 < value < 1 for value in color)


@given(seeds, st.sampled_from(list(HAIR_COLORS)))
def test_hair_in_a_class_is_of_a_shade_of_that_class(seed, kind):
    hair = in_class(sample(seed), kind)

    assert hair.shade in shades_of(kind)
    assert hair.tips is None
    assert in_class(sample(seed), kind) == hair


def test_every_class_of_the_dye_bank_has_several_shades():
    assert all(len(shades_of(kind)) >= 2 for kind in HAIR_COLORS)


def test_an_unknown_class_of_color_names_those_there_are():
    with pytest.raises(KeyError, match="black, blond, blue"):
        shades_of("plaid")


def test_sampled_hair_is_known_to_palette_and_styles():
    assert set(COLORS) == set(NATURAL)
    assert set(STYLES) == {*GROWN, *TIED}
    assert all(min(albedo) > 0 and max(albedo) < 1 for _, albedo in SHADES.values())


def test_portraits_are_distributed_as_training_wants_them():
    drawn = [sample(seed) for seed in range(1500)]
    kinds = [SHADES[params.hair.shade][0] for params in drawn]

    def share(of):
        return np.mean([bool(of(params)) for params in drawn])

    assert 0.14 < kinds.count("gray") / len(drawn) < 0.24
    assert 0.15 < kinds.count("blond") / len(drawn) < 0.25
    assert 0.10 < share(lambda params: params.outfit.hat != "none") < 0.18
    assert share(lambda params: abs(params.camera.head[1]) > 35) > 0.08
    assert share(lambda params: params.camera.framing < 0.42) > 0.08
    assert share(lambda params: params.develop.gray) < 0.04


def test_a_negative_seed_is_refused():
    with pytest.raises(ValueError, match="seed -1 is negative"):
        sample(-1)


def broken(change):
    document = copy.deepcopy(sample(1).to_json())
    change(document)
    return document


@pytest.mark.parametrize(
    ("document", "words"),
    [
        ([], "params is no object"),
        (broken(lambda d: d.pop("face")), r"lacks \['face'\]"),
        (broken(lambda d: d.update(extra=1)), r"knows no \['extra'\]"),
        (broken(lambda d: d["face"].update(old="very")), "params.face.old is 'very'"),
        (broken(lambda d: d["face"].update(iris=[1.0])), "params.face.iris has 1 values, 3"),
        (broken(lambda d: d["hair"].update(bangs=1)), "params.hair.bangs is 1"),
        (broken(lambda d: d["hair"]["dials"].update(cut=True)), "params.hair.dials.cut is True"),
    ],
)
def test_params_of_another_shape_are_refused_by_the_field(document, words):
    with pytest.raises(ParamsUnreadable, match=words):
        Params.from_json(document)
