"""The same head, otherwise: one thing changed, everything else kept to the last seed."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from limner_models.studio.hair_sampling import sample_hair
from limner_models.studio.palette import SHADES, shades_of
from limner_models.studio.sampling import sample_background, sample_develop

if TYPE_CHECKING:
    from limner_models.studio.params import Hair, Params

SPECIES = ("cat", "dog", "fox", "bear")
FARTHEST = 42.0
"""Degrees that a lively portrait's head is turned from the camera at most."""
TILTED = (12.0, 30.0)
"""Degrees that a tilted head of a lively portrait looks up or down, seen from the camera."""
ASIDE = (10.0, 40.0)
"""Degrees that it is turned as well."""
_COLOR, _STYLE, _PLACE, _MOOD = 5, 7, 11, 13
"""Numbers that keep the variants' draws apart."""


def in_shade(hair: Hair, shade: str) -> Hair:
    """Return hair dyed evenly in a shade of the palette: no gray, no roots, no tips.

    Raises:
        KeyError: The palette has no such shade.
    """
    return replace(hair, shade=shade, albedo=SHADES[shade][1], tips=None, graying=0.0, roots=0.0)


def in_class(params: Params, kind: str) -> Hair:
    """Return a portrait's hair in a class of color; which of its shades, the seed decides.

    Args:
        params: Whose hair.
        kind: black, brown, red, blond, gray, blue, pink or other.

    Raises:
        KeyError: There is no such class.
    """
    shades = shades_of(kind)
    draws = np.random.default_rng((params.seed, _COLOR, sum(kind.encode())))
    hair = in_shade(params.hair, str(draws.choice(shades)))
    varied = np.array(hair.albedo) * np.exp(draws.normal(0, 0.12))
    r, g, b = (float(value) for value in np.clip(varied, 0.004, 0.92))
    return replace(hair, albedo=(r, g, b))


def other_color(params: Params) -> Params:
    """Return the portrait with its hair in another class of color."""
    draws = np.random.default_rng((params.seed, _COLOR))
    now = SHADES[params.hair.shade][0]
    kinds = sorted({kind for kind, _ in SHADES.values()} - {now})
    return replace(params, hair=in_class(params, str(draws.choice(kinds))))


def other_style(params: Params) -> Params:
    """Return the portrait with other hair: style, color and all."""
    draws = np.random.default_rng((params.seed, _STYLE))
    hair = sample_hair(draws, params.face)
    while hair.style in {params.hair.style, "bald"}:
        hair = sample_hair(draws, params.face)
    return replace(params, hair=hair)


def bald(params: Params) -> Params:
    """Return the portrait without any hair on the scalp."""
    dials = replace(params.hair.dials, rim=0.0)
    return replace(params, hair=replace(params.hair, style="bald", dials=dials))


def bareheaded(params: Params) -> Params:
    """Return the portrait without its hat."""
    return replace(params, outfit=replace(params.outfit, hat="none"))


def elsewhere(params: Params) -> Params:
    """Return the portrait before another background, the camera's settings kept."""
    draws = np.random.default_rng((params.seed, _PLACE))
    return replace(params, background=sample_background(draws))


def another_shot(params: Params) -> Params:
    """Return the portrait before another background, developed otherwise, as exposed as it was."""
    draws = np.random.default_rng((params.seed, _PLACE, 1))
    background, settings = sample_background(draws), sample_develop(draws)
    settings = replace(settings, exposure=params.develop.exposure)
    return replace(params, background=background, develop=settings)


def as_animal(params: Params, species: str) -> Params:
    """Return an animal in the same pose, light and place, with the same expression.

    Args:
        params: Whose place it takes.
        species: cat, dog, fox or bear.

    Raises:
        ValueError: The studio knows no such animal.
    """
    if species not in SPECIES:
        raise ValueError(f"the studio knows no {species}; it knows {', '.join(SPECIES)}")
    return replace(params, species=species)


def lively(params: Params) -> Params:
    """Return the portrait turned no further than to be animalized, its face doing more.

    Of three people one looks as before; others blink or wink, open their mouths, look aside. One
    in six holds the head far up or down and aside at once, as hardly anyone does for a portrait.
    """
    draws = np.random.default_rng((params.seed, _MOOD))
    camera, face = params.camera, params.face
    pitch, yaw, roll = camera.head
    turned = abs(yaw - camera.yaw)
    tame = FARTHEST / turned * draws.uniform(0.5, 1) if turned > FARTHEST else 1.0
    camera = replace(camera, head=(pitch, yaw * tame, roll), yaw=camera.yaw * tame)
    units = dict(face.expression)
    what = draws.random(3)
    if what[0] < 0.45:
        both = draws.uniform(0, 1)
        units |= {"eyeBlinkLeft": both, "eyeBlinkRight": both}
    elif what[0] < 0.65:
        blinks = draws.permutation((draws.uniform(0, 0.2), draws.uniform(0.5, 1)))
        units |= {"eyeBlinkLeft": blinks[0], "eyeBlinkRight": blinks[1]}
    if what[1] < 0.5:
        units["jawOpen"] = draws.uniform(0, 0.8)
    gaze = face.gaze
    if what[2] < 0.5:
        gaze = (float(draws.normal(0, 0.25)), float(draws.normal(0, 0.12)))
    if draws.random() < 1 / 6:
        up = draws.uniform(*TILTED) * draws.choice((-1, 1))
        aside = draws.uniform(*ASIDE) * draws.choice((-1, 1))
        head = (float(0.6 * up), float(0.6 * aside), roll)
        camera = replace(camera, head=head, yaw=float(-0.4 * aside), pitch=float(-0.4 * up))
    units = {name: float(value) for name, value in units.items()}
    return replace(params, camera=camera, face=replace(face, expression=units, gaze=gaze))
