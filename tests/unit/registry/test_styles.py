"""The styles there are: known by name, each within what its numbers may be."""

from __future__ import annotations

import re

import pytest

from limner_registry.styles import STYLES


def test_styles_have_names_of_their_own_that_requests_can_say():
    names = [style.name for style in STYLES]

    assert len(set(names)) == len(names) >= 3
    assert all(re.fullmatch(r"[a-z]+(-[a-z]+)*", name) for name in names)
    assert len({style.title for style in STYLES}) == len(names)


@pytest.mark.parametrize("style", STYLES, ids=lambda style: style.name)
def test_a_style_keeps_the_ranges_it_promises(style):
    assert style.smoothing > 0
    assert 2 <= style.colors <= 64
    assert 0 <= style.line_from < style.line_full <= 1
    assert 0 <= style.cover <= 1
    assert style.chroma >= 0
    assert 0 <= style.lift <= 1
    for color in (style.ink, style.paper):
        assert len(color) == 3
        assert all(0 <= value <= 1 for value in color)
    assert sum(style.ink) < sum(style.paper)
