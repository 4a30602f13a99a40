"""How portraits are distributed: who, how turned, under which light, before what."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from limner_models.studio.draws import pick, rgb, seed_of
from limner_models.studio.hair_sampling import sample_hair
from limner_models.studio.light_sampling import sample_light
from limner_models.studio.palette import IRISES, NATURAL, SHADES
from limner_models.studio.params import (
    Background,
    Beard,
    Camera,
    Develop,
    Face,
    Hair,
    Outfit,
    Params,
)

if TYPE_CHECKING:
    from numpy.random import Generator

    from limner_models.studio.arrays import RGB

BACKGROUNDS = {
    "photo": 0.19,
    "blurred_photo": 0.24,
    "gradient": 0.05,
    "plain": 0.07,
    "clutter": 0.04,
    "bokeh": 0.05,
    "streaks": 0.12,
    "panels": 0.10,
    "foliage": 0.06,
    "room": 0.08,
}
"""Kinds and their shares; about a third has the colors or the texture of hair."""

HATS = {"none": 0.86, "beanie": 0.06, "cap": 0.05, "hood": 0.03}


def sample(seed: int) -> Params:
    """Return the parameters of portrait number `seed`; the same number, the same portrait.

    Args:
        seed: At least 0.

    Raises:
        ValueError: The seed is negative.
    """
    if seed < 0:
        raise ValueError(f"seed {seed} is negative")
    draws = np.random.default_rng(seed)
    face = _face(draws)
    hair = sample_hair(draws, face)
    return Params(
        seed=seed,
        species="human",
        face=face,
        camera=_camera(draws),
        hair=hair,
        beard=_beard(draws, face, hair),
        outfit=_outfit(draws),
        light=sample_light(draws),
        background=sample_background(draws),
        develop=sample_develop(draws),
    )


def _face(draws: Generator) -> Face:
    races = draws.dirichlet([0.45] * 3)
    male = float(draws.choice([draws.beta(0.35, 3), draws.beta(3, 0.35)]))
    child = float(draws.random() < 0.08) * float(draws.uniform(0.3, 0.6))
    melanin = races @ (0.82, 0.33, 0.14) + draws.normal(0, 0.10)
    made_up = male < 0.5 and draws.random() < 0.5
    iris = np.array(IRISES[draws.choice(6, p=[0.38, 0.2, 0.12, 0.1, 0.14, 0.06])])
    return Face(
        races=(float(races[0]), float(races[1]), float(races[2])),
        male=male,
        old=float(np.clip(draws.beta(1, 2.2), 0, 1)) if child == 0 else 0.0,
        child=child,
        weight=float(draws.normal(0, 0.5)),
        identity=seed_of(draws),
        distinctness=float(draws.uniform(0.4, 1.0)),
        expression=_expression(draws),
        gaze=(float(draws.normal(0, 0.12)), float(draws.normal(0, 0.07))),
        melanin=float(np.clip(melanin, 0, 1)),
        hue=float(draws.normal(0, 1)),
        detail=float(draws.uniform(0.6, 1.6)),
        freckles=float(draws.random() < 0.15) * float(draws.uniform(0.3, 1)),
        blotches=float(draws.uniform(0.3, 1)),
        lips=float(draws.uniform(0.3, 1)),
        lipstick=int(draws.integers(0, 4)) if made_up else -1,
        iris=rgb(iris * draws.uniform(0.7, 1.3)),
    )


def _expression(draws: Generator) -> dict[str, float]:
    """Return face units: a smile in four of ten, else mostly rest."""
    units: dict[str, float] = {}
    mood = draws.random()
    if mood < 0.4:
        smile = float(draws.uniform(0.2, 0.9))
        units |= {"mouthSmileLeft": smile, "mouthSmileRight": smile * draws.uniform(0.85, 1.1)}
        units |= {"cheekSquintLeft": smile * 0.4, "cheekSquintRight": smile * 0.4}
        if mood > 0.25:
            bared = float(draws.uniform(0.1, 0.5))
            units |= {"jawOpen": draws.uniform(0.03, 0.18)}
            units |= {"mouthUpperUpLeft": bared, "mouthUpperUpRight": bared}
    elif mood > 0.85:
        units["jawOpen"] = draws.uniform(0.05, 0.5)
    elif mood > 0.75:
        frown, anger = draws.uniform(0.1, 0.6), draws.uniform(0, 0.7)
        units |= {"mouthFrownLeft": frown, "mouthFrownRight": frown}
        units |= {"browDownLeft": anger, "browDownRight": anger}
    elif mood > 0.68:
        units["mouthPucker"] = draws.uniform(0.2, 0.8)
    if draws.random() < 0.25:
        raised = draws.uniform(0, 0.7)
        units |= {"browInnerUp": draws.uniform(0.1, 0.8)}
        units |= {"browOuterUpLeft": raised, "browOuterUpRight": raised}
    blink = draws.uniform(0, 0.08) if draws.random() < 0.95 else draws.uniform(0.6, 1.0)
    units |= {"eyeBlinkLeft": blink, "eyeBlinkRight": blink}
    if draws.random() < 0.12:
        squint = draws.uniform(0, 0.5)
        units |= {"eyeSquintLeft": squint, "eyeSquintRight": squint}
    return {name: float(value) for name, value in units.items()}


def _camera(draws: Generator) -> Camera:
    """Return a view: mostly near the front, one in ten strongly turned, one in ten far away."""
    turned = draws.random() < 0.12
    yaw = draws.uniform(35, 62) * draws.choice([-1, 1]) if turned else draws.normal(0, 16)
    far = draws.random() < 0.12
    # a head turned away is not filmed from behind as well
    around = float(np.clip(draws.normal(0, 11), -30, 30))
    around = float(np.clip(around, yaw - 66, yaw + 66))
    return Camera(
        head=(
            float(np.clip(draws.normal(0, 9), -20, 20)),
            float(np.clip(yaw, -62, 62)),
            float(np.clip(draws.normal(0, 6), -18, 18)),
        ),
        yaw=around,
        pitch=float(np.clip(draws.normal(0, 6), -15, 18)),
        roll=float(draws.normal(0, 4)),
        distance=float(draws.uniform(6, 22)),
        framing=float(draws.uniform(0.34, 0.42) if far else draws.uniform(0.42, 0.92)),
        center=(float(draws.normal(0, 0.045)), float(draws.normal(0, 0.05))),
    )


def _beard(draws: Generator, face: Face, hair: Hair) -> Beard:
    """Return a beard and brows in the color the hair grew in, dyed or not."""
    natural = np.array(hair.albedo if hair.shade in NATURAL else SHADES["dark_brown"][1])
    brows = np.minimum(natural * 0.45 + 0.006, (0.12, 0.08, 0.05))
    if face.old > 0.7:
        brows, natural = brows * 2, natural + 0.05
    shares = {"none": 0.56, "stubble": 0.2, "short": 0.11, "full": 0.05, "moustache": 0.04}
    kind = pick(draws, shares | {"goatee": 0.04})
    grows = face.male > 0.5 and face.child == 0
    return Beard(
        kind=kind if grows else "none",
        length=float(draws.uniform(0.06, 0.35)),
        albedo=rgb(np.clip(natural * 0.5, 0.004, 0.6)),
        brow_density=float(draws.uniform(0.6, 1.4)),
        brow_height=float(draws.uniform(0.7, 1.2)),
        brow_albedo=rgb(brows),
        seed=seed_of(draws),
    )


def _cloth_color(draws: Generator) -> RGB:
    if draws.random() < 0.4:
        gray = float(draws.choice([0.02, 0.08, 0.3, 0.75]))
        return gray, gray, gray
    bright = draws.choice([0.06, 0.3, 0.8, 1.6], p=[0.3, 0.3, 0.25, 0.15])
    return rgb(np.clip(draws.dirichlet([1, 1, 1]) * bright * 0.8 + 0.01 * draws.random(), 0, 0.85))


def _muted(draws: Generator) -> RGB:
    bright, spread = draws.random() ** 1.5 * 0.7 + 0.01, draws.choice([0.05, 0.3, 1.0])
    return rgb(np.clip(bright * np.exp(draws.normal(0, spread, 3)), 0.005, 0.85))


def _accent(draws: Generator) -> RGB:
    """Return the color of a hat or a frame: of four, one is as dark as hair."""
    color = draws.random(3) ** 2 * 0.8
    return rgb(0.02 + 0.05 * color if draws.random() < 0.25 else color)


def _outfit(draws: Generator) -> Outfit:
    kinds = {"crew": 0.36, "vneck": 0.17, "collar": 0.15, "tank": 0.03, "turtle": 0.06}
    stripes, plaid = draws.random() < 0.14, draws.random() < 0.12
    return Outfit(
        kind=pick(draws, kinds | {"none": 0.01, "suit": 0.10, "tie": 0.13, "scarf": 0.03}),
        color=_cloth_color(draws),
        under=_muted(draws),
        third=_muted(draws),
        stripes=float(draws.uniform(12, 45)) if stripes else 0.0,
        across=bool(draws.random() < 0.5),
        plaid=float(draws.uniform(12, 40)) if plaid else 0.0,
        wrinkle=float(draws.uniform(0.1, 0.5)),
        weave=(float(draws.uniform(10, 60)), float(draws.uniform(0, 0.2))),
        glasses=pick(draws, {"none": 0.8, "thin": 0.1, "thick": 0.06, "sun": 0.04}),
        hat=pick(draws, HATS),
        accent=_accent(draws),
        hat_height=float(draws.random()),
    )


def sample_background(draws: Generator) -> Background:
    """Return a background; whether a photo is there is seen when it is drawn."""
    return Background(kind=pick(draws, BACKGROUNDS), seed=seed_of(draws))


def sample_develop(draws: Generator) -> Develop:
    """Return a camera's settings, from a flat phone picture to a grainy film."""
    noisy = float(draws.random() < 0.8)
    return Develop(
        seed=seed_of(draws),
        exposure=float(draws.normal(0, 0.28)),
        white=rgb(np.exp(draws.normal(0, 0.05, 3))),
        contrast=float(draws.normal(1, 0.12)),
        saturation=float(draws.normal(1, 0.15)),
        film=float(draws.random()),
        vignette=float(max(0, draws.normal(0, 0.2))),
        blur=float(max(0, draws.normal(0.35, 0.35))),
        noise=noisy * float(draws.gamma(1.5, 0.005)),
        quality=int(draws.uniform(55, 98)),
        gray=bool(draws.random() < 0.02),
    )
