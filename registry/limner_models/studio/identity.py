"""From a face's parameters to its shape: ages, races, features, expression, then the pose."""

from __future__ import annotations

import functools
import math
from typing import TYPE_CHECKING

import numpy as np
from scipy.spatial.transform import Rotation

from limner_models.studio.arrays import F32, F64, f32, rotation
from limner_models.studio.assets import NECK, assets

if TYPE_CHECKING:
    from limner_models.studio.params import Camera, Face

SPREADS = {
    "head": 0.28,
    "neck": 0.25,
    "ears": 0.35,
    "forehead": 0.35,
    "chin": 0.4,
    "cheek": 0.4,
    "nose": 0.4,
    "mouth": 0.28,
    "eyes": 0.26,
    "eyebrows": 0.3,
}
"""Deviation of the features of each part of the face."""
ENDINGS = frozenset({"decr", "incr", "up", "down", "in", "out", "backward", "forward"}) | {
    "concave",
    "convex",
    "compress",
    "uncompress",
}
"""Ends of the names of opposite features: a face gets one of them."""
RELAXED = {
    "mouthSmileLeft": 0.13,
    "mouthSmileRight": 0.13,
    "eyeWideLeft": 0.32,
    "eyeWideRight": 0.32,
    "browInnerUp": 0.28,
}
"""A face at rest in a photo: awake, not stern."""
ARMS_DOWN = math.radians(38)


def shape(face: Face) -> F32:
    """Return the vertices, float32 (n, 3) in decimeters, of a face that looks straight ahead.

    Bodies of other ages and races are of other heights, so the skull is moved and scaled back
    onto the skull at rest: hairlines and framing rely on that.
    """
    head = assets()
    weights = _macro(face)
    for name, weight in _features(face).items():
        weights[name] = weights.get(name, 0.0) + weight
    for unit, weight in [*RELAXED.items(), *face.expression.items()]:
        weights[f"fu/{unit}"] = weights.get(f"fu/{unit}", 0.0) + weight
    chosen = [(n, weights[name]) for n, name in enumerate(head.target_names) if weights.get(name)]
    numbers, strengths = zip(*chosen, strict=True)
    moved = head.coarse + np.tensordot(np.array(strengths), head.targets[list(numbers)], 1)
    vertices = head.subdivision @ moved
    skull, rest = vertices[head.skull], head.rest[head.skull]
    center, rest_center = skull.mean(0), rest.mean(0)
    scale = math.sqrt(((rest - rest_center) ** 2).sum() / ((skull - center) ** 2).sum())
    return f32((vertices - center) * scale + rest_center)


def _macro(face: Face) -> dict[str, float]:
    """Return the strengths of whole heads: race, sex, age and build."""
    sexes = {"male": face.male, "female": 1 - face.male}
    old = face.old * (1 - face.child)
    ages = {"child": face.child, "old": old, "young": 1 - face.child - old}
    heavy = min(max(face.weight, -1), 1)
    builds = {
        "averageweight": 1 - abs(heavy),
        "maxweight": max(heavy, 0.0),
        "minweight": max(-heavy, 0.0),
    }
    races = dict(zip(("african", "asian", "caucasian"), face.races, strict=True))
    weights: dict[str, float] = {}
    for sex, s in sexes.items():
        for age, a in ages.items():
            weights |= {f"macro/{race}-{sex}-{age}": r * s * a for race, r in races.items()}
            weights |= {f"univ/{sex}-{age}-{build}": b * s * a for build, b in builds.items()}
    return weights


@functools.cache
def _opposites() -> tuple[tuple[str, str, tuple[tuple[str, str, str], ...]], ...]:
    """Return the features in groups of opposites: part, stem, and (name, side, feature) of each."""
    groups: dict[tuple[str, str], list[tuple[str, str, str]]] = {}
    for name in assets().target_names:
        part, _, rest = name.partition("/")
        if part in {"macro", "univ", "fu", "asym"}:
            continue
        side, feature = (rest[0], rest[2:]) if rest[:2] in {"l-", "r-"} else ("", rest)
        stem, dash, ending = feature.rpartition("-")
        stem = stem if dash and ending in ENDINGS else feature
        groups.setdefault((part, stem), []).append((name, side, feature))
    return tuple((part, stem, tuple(members)) for (part, stem), members in groups.items())


def _spread(part: str, stem: str) -> float:
    if stem in {"head-age", "head-fat"}:
        return 0.35
    if stem.startswith(("head-trans", "neck-trans")) or stem == "ear-shape":
        return 0.0
    if any(word in stem for word in ("eye-trans", "eye-scale", "eye-push")):
        return 0.15
    return SPREADS.get(part, 0.3)


def _features(face: Face) -> dict[str, float]:
    """Return the strengths of the features of an identity, half-normal, nearly symmetric."""
    draws = np.random.default_rng(face.identity)
    weights = {}
    for name in assets().target_names:
        if name.startswith("asym/"):
            weights[name] = abs(float(draws.normal(0, 0.06)))
    for part, stem, members in _opposites():
        features = sorted({feature for _, _, feature in members})
        chosen = features[int(draws.integers(len(features)))]
        strength = min(abs(float(draws.normal(0, _spread(part, stem)))) * face.distinctness, 1.0)
        for name, side, feature in members:
            if feature == chosen:
                weights[name] = strength * (float(draws.uniform(0.92, 1.08)) if side else 1.0)
    return weights


def head_turn(camera: Camera) -> F64:
    """Return the head's 3x3 rotation: roll, then pitch, then yaw."""
    pitch, yaw, roll = (math.radians(degrees) for degrees in camera.head)
    return rotation("y", yaw) @ rotation("x", -pitch) @ rotation("z", roll)


def pose(vertices: F32, turn: F64) -> F32:
    """Return the vertices with arms lowered and the head turned, the neck following."""
    head = assets()
    posed = vertices.astype(np.float64)
    for side, share in ((1, head.arm_left), (-1, head.arm_right)):
        moved = share > 0
        shoulder = np.array([side * 1.677, 5.2458, 0.146])
        down = rotation("z", -side * ARMS_DOWN)
        swung = (posed[moved] - shoulder) @ down.T + shoulder
        posed[moved] += share[moved, None] * (swung - posed[moved])
    steps = 32
    angle = Rotation.from_matrix(turn).as_rotvec()
    turns = Rotation.from_rotvec(angle * np.linspace(0, 1, steps + 1)[:, None]).as_matrix()
    step = np.clip((head.turning * steps + 0.5).astype(int), 0, steps)
    moved = step > 0
    posed[moved] = np.einsum("nij,nj->ni", turns[step[moved]], posed[moved] - NECK) + NECK
    return f32(posed)
