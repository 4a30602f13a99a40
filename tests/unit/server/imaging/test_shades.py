from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from limner_registry.color import lab_to_srgb, srgb_to_lab
from limner_server.imaging.shades import SHADES, nearest_names, shade_named

NAMES = [shade.name for shade in SHADES]


@pytest.mark.parametrize("said", ["dark-blond", "Dark Blond", " dark_blond ", "DARK-BLOND"])
def test_a_name_may_be_written_in_any_usual_way(said):
    assert shade_named(said).name == "dark-blond"


@pytest.mark.parametrize(
    ("said", "meant"),
    [("auburne", "auburn"), ("Rosegold", "rose-gold"), ("grey", "gray"), ("blonde", "blond")],
)
def test_a_slip_of_the_pen_is_told_what_was_meant(said, meant):
    with pytest.raises(KeyError):
        shade_named(said)

    assert nearest_names(said)[0] == meant
    assert len(nearest_names(said)) == 3


@given(st.text(max_size=500))
def test_whatever_is_said_three_shades_are_near(said):
    assert len(set(nearest_names(said)) & set(NAMES)) == 3


def test_names_are_unique_and_plain():
    assert len(set(NAMES)) == len(NAMES)
    assert all(shade_named(name).name == name for name in NAMES)


@pytest.mark.parametrize("shade", SHADES, ids=NAMES)
def test_a_screen_can_show_every_shade(shade):
    shown = srgb_to_lab(lab_to_srgb(np.array(shade.lab, np.float32)))

    np.testing.assert_allclose(shown, shade.lab, atol=0.6)
