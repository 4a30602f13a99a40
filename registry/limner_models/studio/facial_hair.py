"""Brows, lashes and beards."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from limner_models.studio.arrays import F32, F64, Array, f32, tangent, unit_vectors
from limner_models.studio.assets import Assets, mean_corners
from limner_models.studio.kernels.growth import Traits, grow
from limner_models.studio.labels import Label
from limner_models.studio.scalp import scatter
from limner_models.studio.strands import Strands, plain_strands

if TYPE_CHECKING:
    from limner_models.studio.kernels.field import Field
    from limner_models.studio.params import Beard, Params

SIDES = (1, -1)
BEARDS = {
    "stubble": (0.03, 4500, 5),
    "short": (0.10, 7000, 5),
    "full": (0.0, 8500, 10),
    "moustache": (0.14, 1700, 5),
    "goatee": (0.25, 2800, 10),
}
"""Length in decimeters, strands, points; a full beard's length is its own."""


def facial_hair(
    params: Params, head: Assets, posed: tuple[F32, F32, F64], field: Field
) -> list[Strands]:
    """Return the brows, the lashes and the beard of a face, those that there are."""
    grown = [_brow(params, head, posed, side) for side in SIDES]
    grown += [_lashes(params, head, posed, side) for side in SIDES]
    if params.beard.kind != "none":
        grown.append(_beard(params.beard, head, posed, field))
    return [strands for strands in grown if strands is not None]


def _brow(params: Params, head: Assets, posed: tuple[F32, F32, F64], side: int) -> Strands | None:
    """Return one brow: upright near the nose, then lying outward."""
    draws = np.random.default_rng(params.face.identity + 7 + (side < 0))
    vertices, normals, turn = posed
    triangles = head.triangles[head.skin]
    x, y, z = (head.rest[triangles].mean(1) * (side, 1, 1)).T
    near = (x > 0.06) & (x < 0.68) & (y > 7.36) & (y < 7.66) & (z > 0.9)
    count = int(720 * params.beard.brow_density)
    spots = scatter(draws, triangles[near], vertices, count * 6)
    rest = spots.at(head.rest)
    along = (rest[:, 0] * side - 0.13) / 0.48
    middle = 7.49 + 0.05 * np.sin(np.clip(along, 0, 1) ** 0.9 * 2.3)
    thick = 0.043 * params.beard.brow_height * np.clip(1.10 - 0.75 * along, 0.2, 1)
    thick = thick * np.clip(along * 6 + 0.3, 0, 1)
    off = np.abs(rest[:, 1] - middle) / np.maximum(thick, 1e-3)
    inside = (along > 0) & (along < 1) & (off < 0.5 + 0.5 * draws.random(len(along)))
    kept = np.flatnonzero(inside)[:count]
    if len(kept) < 5:
        return None
    along, root = along[kept], spots.at(vertices)[kept]
    normal = unit_vectors(spots.at(normals)[kept])
    way = np.stack([side * (0.35 + 0.8 * along), 0.75 - 1.0 * along, 0.15 + 0 * along], -1) @ turn.T
    way = tangent(way, normal) + 0.10 * normal + draws.normal(0, 0.13, way.shape)
    length = 0.062 * (0.6 + 0.6 * draws.random(len(kept)))
    share = np.linspace(0, 1, 4)
    points = root[:, None] + unit_vectors(way)[:, None] * (share * length[:, None])[..., None]
    points = points + normal[:, None] * (0.004 + 0.006 * share[:, None])
    color = np.array(params.beard.brow_albedo) * np.exp(draws.normal(0, 0.15, (len(kept), 1, 1)))
    widths = 0.0034 * (0.7 + 0.4 * draws.random((len(kept), 1))) * (1 - 0.6 * share)
    return plain_strands(points, widths, color, normal, Label.BROWS_LASHES, 0.25)


def _lashes(params: Params, head: Assets, posed: tuple[F32, F32, F64], side: int) -> Strands | None:
    """Return the upper lashes of one eye, fanned out and bent up."""
    draws = np.random.default_rng(params.face.identity + 11 + (side < 0))
    vertices, _, turn = posed
    rest = head.rest
    lid = np.flatnonzero((head.regions["eyelids"] > 0.5) & (rest[:, 0] * side > 0))
    distance = np.linalg.norm(rest[lid] - (side * 0.30775, 7.28415, 1.24535), axis=1)
    rim = lid[distance < np.percentile(distance, 30)]
    upper = rim[rest[rim, 1] > 7.275]
    if len(upper) < 4:
        return None
    upper = upper[np.argsort(rest[upper, 0])]
    count = 150
    at = draws.uniform(0, len(upper) - 1.001, count)
    first = at.astype(int)
    share = (at - first)[:, None]
    root = vertices[upper[first]] * (1 - share) + vertices[upper[first + 1]] * share
    fan = unit_vectors(root - vertices[rim].mean(0))
    way = unit_vectors(
        fan * 0.7 + np.array([0, 0.45, 0.9]) @ turn.T + draws.normal(0, 0.12, fan.shape)
    )
    length = (0.045 if params.face.male > 0.5 else 0.07) * (0.5 + 0.6 * draws.random(count))
    steps = np.linspace(0, 1, 4)
    bend = (np.array([0, 0.022, 0]) @ turn.T) * (steps**2)[:, None]
    points = root[:, None] + way[:, None] * (steps * length[:, None])[..., None] + bend
    widths = 0.0022 * (1 - 0.75 * steps)
    color = np.array([0.012, 0.010, 0.009])
    return plain_strands(points, widths, color, way, Label.BROWS_LASHES, 0.1)


def beard_region(rest: Array, kind: str) -> Array:
    """Return which points of the face at rest, (n, 3), a beard of some kind grows on."""
    x, y, z = np.abs(rest[:, 0]), rest[:, 1], rest[:, 2]
    cheek = 6.62 + 0.75 * np.clip(x - 0.3, 0, 0.5) * 1.4
    full = (y < cheek) & (y > 6.08) & (x < 0.78) & (z > 0.3)
    upper = (x < 0.30) & (y > 6.70) & (y < 6.83) & (z > 1.2)
    if kind == "moustache":
        return upper  # type: ignore[no-any-return]
    if kind == "goatee":
        return upper | ((x < 0.26) & (y < 6.56) & (y > 6.15) & (z > 1.0))  # type: ignore[no-any-return]
    burns = (x > 0.6) & (y > 6.6) & (y < 7.25) & (z > 0.62) & (z < 0.9)
    return full | upper | burns  # type: ignore[no-any-return]


def beard_share(rest: Array, kind: str) -> Array:
    """Return how densely a beard grows at points of the face at rest, in [0, 1], edges soft."""
    shifts = np.array([(0, 0, 0), (1, 1, 0), (-1, 1, 0), (1, -1, 0), (-1, -1, 0), (0, 0, 1)])
    inside = [beard_region(rest + 0.05 * shift, kind) for shift in shifts]
    inside += [beard_region(rest + 0.025 * shift, kind) for shift in shifts[1:]]
    return np.mean(inside, 0) ** 2  # type: ignore[no-any-return]


def _beard(beard: Beard, head: Assets, posed: tuple[F32, F32, F64], field: Field) -> Strands | None:
    """Return a beard, combed down and out."""
    draws = np.random.default_rng(beard.seed)
    vertices, normals, turn = posed
    triangles = head.triangles[head.skin]
    dense = beard_share(head.rest[triangles].mean(1), beard.kind)
    for region in ("lips", "inside_mouth", "ears"):
        dense *= mean_corners(head.regions[region], triangles) < 0.2
    if np.count_nonzero(dense) <= 10:
        return None
    length, count, points = BEARDS[beard.kind]
    length = length or beard.length * 2 + 0.15
    spots = scatter(draws, triangles, vertices, count, dense)
    root, normal = spots.at(vertices), unit_vectors(spots.at(normals))
    down = np.array([0, -1, 0.25]) @ turn.T
    comb = f32(unit_vectors(down + draws.normal(0, 0.25, (count, 3)) + normal * 0.5))
    one = np.ones(count)
    lengths = length * (0.6 + 0.5 * draws.random(count))
    traits = Traits(
        *map(f32, (lengths, 2 * one, 0 * one, one, 0 * one, 0.02 * one)),
        *map(f32, (2.5 * one, 3 * one, -99 * one, 0.6 * one, 5 * one)),
    )
    grown = grow(field, f32(root), f32(normal), comb, traits, points)
    taper = 0.0045 * (1 - 0.5 * np.linspace(0, 1, points))
    # stubble shows the skin between; as bright as a long beard it would look like dots
    brightest = 0.22 if beard.kind == "stubble" else 1.0
    color = np.minimum(beard.albedo, brightest) * np.exp(draws.normal(0, 0.25, (count, 1, 1)))
    return plain_strands(grown, taper, color, normal, Label.BEARD, 0.4)
