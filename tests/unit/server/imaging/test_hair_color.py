from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from limner_registry.color import ciede2000, lab_to_srgb
from limner_registry.hair_colors import HAIR_COLORS
from limner_server.imaging.hair_color import classified, find_color

PROTOTYPES = [(name, lab) for name, labs in HAIR_COLORS.items() for lab in labs]
labs = st.tuples(st.floats(0, 100), st.floats(-60, 60), st.floats(-60, 60))


def hair(lab, size=40, spread=2.0, seed=0):
    """Return a photo that is hair of about one color, as bytes."""
    noise = np.random.default_rng(seed).normal(0, spread, (size, size, 3))
    colors = lab_to_srgb((np.array(lab) + noise).astype(np.float32))
    return np.rint(colors * 255).astype(np.uint8)


@pytest.mark.parametrize(("name", "lab"), PROTOTYPES)
def test_a_prototype_is_of_its_own_class(name, lab):
    found = classified(lab, HAIR_COLORS)

    assert found.name == name
    assert found.distance == pytest.approx(0, abs=1e-9)
    assert not found.ambiguous


@given(labs)
def test_the_margin_is_what_the_next_class_is_farther(lab):
    found = classified(lab, HAIR_COLORS)

    others = [p for name, p in PROTOTYPES if name != found.name]
    own = [p for name, p in PROTOTYPES if name == found.name]
    nearest = ciede2000(np.array(own), np.array(lab)).min()
    assert found.distance == pytest.approx(nearest)
    assert found.margin == pytest.approx(ciede2000(np.array(others), np.array(lab)).min() - nearest)
    assert found.margin >= 0


@pytest.mark.parametrize("lab", [(45, -60, 40), (20.0, 3.5, 5.5)])
def test_a_color_between_classes_or_far_from_all_is_ambiguous(lab):
    assert classified(lab, HAIR_COLORS).ambiguous


@pytest.mark.parametrize(("name", "lab"), PROTOTYPES)
def test_hair_of_one_color_is_found_to_have_it(name, lab):
    photo = hair(lab)
    alpha = np.full(photo.shape[:2], 255, np.uint8)

    found = find_color(photo, alpha, HAIR_COLORS)

    assert found.name == name
    assert ciede2000(np.array(found.lab), np.array(lab)) < 3


def test_the_commonest_of_several_colors_is_found_and_what_is_no_hair_is_not_asked():
    photo = hair((15, 1, 1), 60)
    photo[:25] = hair((38, 26, 28), 60)[:25]
    photo[:, 40:] = hair((68, 6, 30), 60)[:, 40:]
    alpha = np.full((60, 60), 255, np.uint8)
    alpha[:, 40:] = 200

    found = find_color(photo, alpha, HAIR_COLORS)

    assert found.name == "black"
    assert ciede2000(np.array(found.lab), np.array((15, 1, 1))) < 3


def test_glare_is_not_asked_either():
    photo = hair((38, 9, 18), 60)
    photo[:40] = 255
    alpha = np.full((60, 60), 255, np.uint8)

    assert find_color(photo, alpha, HAIR_COLORS).name == "brown"


def test_the_same_photo_always_has_the_same_color_and_thin_hair_has_one_too():
    photo, alpha = hair((38, 9, 18)), np.full((40, 40), 90, np.uint8)

    once, again = (find_color(photo, alpha, HAIR_COLORS) for _ in range(2))

    assert once == again
    assert once.name == "brown"
