from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from limner.v1 import dye_pb2
from limner.v1.reasons import ParameterOutOfRange, ShadeUnknown
from limner_registry.hair_colors import HAIR_COLORS
from limner_server.imaging.shades import SHADES
from limner_server.services import colors
from limner_server.services.checks import Checks

BYTES = st.integers(0, 255)


def violated(color: dye_pb2.DyeColor) -> list[str]:
    checks = Checks()
    colors.check(color, checks)
    try:
        checks.done()
    except ParameterOutOfRange as error:
        return [violation.field for violation in error.violations]
    return []


def test_the_wire_names_every_class_of_hair_color_and_no_other():
    names = [value.name for value in dye_pb2.HairColor.DESCRIPTOR.values[1:]]
    assert names == list(colors.CLASSES.values())
    assert set(colors.CLASSES) == set(HAIR_COLORS)


@given(BYTES, BYTES, BYTES)
def test_a_color_of_a_screen_comes_back_as_it_was_said(red, green, blue):
    said = dye_pb2.DyeColor(srgb={"red": red, "green": green, "blue": blue})
    assert violated(said) == []
    shown = colors.to_srgb(colors.lab_of(said))
    assert (shown.red, shown.green, shown.blue) == (red, green, blue)


@given(st.floats(0, 100), st.floats(-128, 127), st.floats(-128, 127))
def test_a_color_no_screen_has_is_shown_by_one_that_it_has(lightness, a, b):
    said = dye_pb2.DyeColor(lab={"l": lightness, "a": a, "b": b})
    assert violated(said) == []
    shown = colors.to_srgb(colors.lab_of(said))
    assert all(0 <= channel <= 255 for channel in (shown.red, shown.green, shown.blue))


def test_a_shade_is_found_however_it_is_spelled():
    labs = {
        colors.lab_of(dye_pb2.DyeColor(shade=name))
        for name in ("dark-blond", "Dark Blond", "dark_blond")
    }
    assert len(labs) == 1


def test_a_shade_that_is_none_is_told_the_nearest_three():
    with pytest.raises(ShadeUnknown) as caught:
        colors.check_shade(dye_pb2.DyeColor(shade="aubrun"))
    nearest = str(caught.value).split("nearest are ")[1].split(", ")
    assert len(nearest) == 3
    assert nearest[0] == "auburn"
    assert {*nearest} <= {shade.name for shade in SHADES}
    assert caught.value.violations[0].field == "color.shade"


@pytest.mark.parametrize(
    ("color", "fields"),
    [
        ({}, ["color"]),
        ({"srgb": {"red": 256, "green": -1}}, ["color.srgb.red", "color.srgb.green"]),
        ({"lab": {"l": 101, "a": -129, "b": 128}}, ["color.lab.l", "color.lab.a", "color.lab.b"]),
        ({"lab": {"l": float("nan"), "b": float("inf")}}, ["color.lab.l", "color.lab.b"]),
        ({"reference": {}}, ["color.reference.data"]),
        ({"shade": "x" * 65}, ["color.shade"]),
    ],
)
def test_everything_wrong_with_a_color_is_told_at_once(color, fields):
    assert violated(dye_pb2.DyeColor(**color)) == fields
