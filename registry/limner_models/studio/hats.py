"""Hats and hoods: shells over the skull, and what they do to the hair below."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from limner_models.studio.arrays import F32, F64, Array, f32, unit_vectors
from limner_models.studio.assets import CENTER, CLOTH, Assets, face_normals, head_point, summing
from limner_models.studio.kernels.noise import noise_at
from limner_models.studio.labels import Label
from limner_models.studio.pieces import Piece, cloth

if TYPE_CHECKING:
    from limner_models.studio.params import Params
    from limner_models.studio.strands import Strands

FLAT = {"bald": 0.05, "buzz": 0.06}
"""Room that hair needs under a hat, decimeters; 0.16 for other styles."""
PRESSED = 1.02
"""Decimeters from the skull's middle that hair under a hat is pressed to."""
LOWEST = 6.9
"""Height below which no hat but a hood reaches, decimeters."""
BRIM_STEPS = (25, 8)
HOOD_STEPS = (73, 28)


@dataclass(frozen=True)
class Worn:
    """A hat on a head: its surface, and the line on the head above which it covers."""

    pieces: list[Piece]
    kind: str
    height: float
    center: Array
    turn: F64

    def press(self, strands: Strands) -> Strands:
        """Return hair as it lies under the hat: what is covered is flat and unseen."""
        if self.kind in {"none", "band"}:
            return strands
        away = strands.points - self.center
        local = away @ self.turn
        azimuth = np.arctan2(local[..., 0], local[..., 2])
        elevation = np.degrees(np.arctan2(local[..., 1], np.hypot(local[..., 0], local[..., 2])))
        covered = elevation > rim(self.kind, azimuth, self.height) - 2
        radius = np.maximum(np.linalg.norm(away, axis=-1), 0.1)
        flat = self.center + away * np.minimum(1, PRESSED / radius)[..., None]
        return replace(
            strands,
            points=f32(np.where(covered[..., None], flat, strands.points)),
            widths=f32(np.where(covered, 0, strands.widths)),
        )


def rim(kind: str, azimuth: Array, height: float) -> Array:
    """Return the lowest elevation, degrees, that a hat covers at azimuths in radians."""
    around = np.abs(np.degrees(azimuth))
    lines = {
        "beanie": ([15, 10, 3, -18], 10),
        "cap": ([21, 14, 6, -8], 5),
        "band": ([32, 27, 22, 12], 0),
    }
    if kind in lines:
        line, play = lines[kind]
        return np.interp(around, [0, 50, 90, 180], line) + play * (height - 0.5)
    return np.interp(around, [0, 35, 52, 66, 80, 180], [36, 32, 18, -30, -75, -85]) + 4 * height


def hat(params: Params, head: Assets, vertices: F32, turn: F64) -> Worn:
    """Return the hat of a head, with no pieces where it wears none."""
    outfit = params.outfit
    center = head_point(CENTER, turn)
    pieces = []
    if outfit.hat == "hood":
        pieces.append(_hood(params, center, turn))
    elif outfit.hat != "none":
        pieces.append(_shell(params, head, vertices, center))
    if outfit.hat == "cap":
        pieces.append(_brim(params, center, turn))
    return Worn(pieces, outfit.hat, outfit.hat_height, center, turn)


def _shell(params: Params, head: Assets, vertices: F32, center: Array) -> Piece:
    """Return the skull's own surface, scaled about its middle and cut at the rim."""
    outfit, up = params.outfit, np.degrees(head.elevation)
    line = rim(outfit.hat, head.azimuth, outfit.hat_height)
    cut = (line - up) / 20
    if outfit.hat == "band":
        cut = np.maximum(cut, (up - line - 14) / 20)
    cut = np.where(head.rest[:, 1] < LOWEST, 1, cut)
    room = np.full(len(up), FLAT.get(params.hair.style, 0.16))
    if outfit.hat == "beanie":
        folds = 0.02 * noise_at(head.rest, 2.5, params.face.identity % 9999)
        room += (0.06 + 0.16 * outfit.hat_height) * np.clip((up - 40) / 45, 0, 1) + folds
        room += 0.035 * np.clip(1 - np.abs(up - line - 6) / 5, 0, 1)
    else:
        room += 0.03 * np.clip((up - 40) / 40, 0, 1) + 0.06 * (outfit.hat == "band")
    away = vertices - center
    radius = np.linalg.norm(away, axis=1)
    pushed = f32(center + away * (1 + room / radius)[:, None])
    corners = head.triangles[head.skin]
    high = head.rest[corners][..., 1].min(1) > LOWEST
    triangles = corners[high & (head.regions["ears"][corners].max(1) < 0.2)]
    piece = _covered(params, pushed, head.rest, triangles, Label.ACCESSORY)
    return replace(piece, cut=f32(cut))


def _covered(params: Params, points: Array, rest: Array, triangles: Array, label: Label) -> Piece:
    """Return a piece of the hat's color, its normals taken from its own triangles."""
    total = summing(triangles, len(points)) @ face_normals(points, triangles)
    color = np.clip(np.array(params.outfit.accent), 0.02, 0.8)
    return cloth(points, unit_vectors(total + 1e-9), rest, triangles, (color, CLOTH, label))


def _hood(params: Params, center: Array, turn: F64) -> Piece:
    """Return a hood: a dome over the skull that hangs down to the shoulders, open in front."""
    azimuth = np.radians(np.linspace(-180, 180, HOOD_STEPS[0]))[:, None]
    share = np.linspace(0, 1, HOOD_STEPS[1])[None, :]
    line = rim("hood", azimuth, params.outfit.hat_height)
    up = 90 + (line - 90) * share
    low = np.clip(-up / 80, 0, 1)
    flat = np.where(up > 0, np.cos(np.radians(up)), 1 + 0.18 * low)
    x = 1.04 * flat * np.sin(azimuth)
    z = flat * np.cos(azimuth) * np.where(np.cos(azimuth) > 0, 1.12, 1.30)
    y = np.where(up > 0, 1.24 * np.sin(np.radians(up)), -1.75 * low)
    rest = np.stack([x, y, z], -1).reshape(-1, 3)
    folds = noise_at(f32(rest), 2.5, params.face.identity % 9999)
    rest = rest * (1 + 0.035 * folds[:, None])
    triangles = _grid_triangles(*HOOD_STEPS)
    return _covered(params, center + rest @ turn.T, rest, triangles, Label.CLOTHES)


def _grid_triangles(rows: int, columns: int) -> Array:
    """Return the triangles between the points of a grid."""
    grid = np.arange(rows * columns).reshape(rows, columns)
    a, b, c, d = grid[:-1, :-1], grid[1:, :-1], grid[1:, 1:], grid[:-1, 1:]
    quads = np.stack([a, b, c, d], -1).reshape(-1, 4)
    return np.concatenate([quads[:, [0, 1, 2]], quads[:, [0, 2, 3]]])


def _brim(params: Params, center: Array, turn: F64) -> Piece:
    """Return the visor of a cap: a bent plate before the forehead."""
    across, out = BRIM_STEPS
    azimuth = np.radians(np.linspace(-58, 58, across))[:, None]
    share = np.linspace(0, 1, out)[None, :]
    up = np.radians(rim("cap", azimuth, params.outfit.hat_height) + 5)
    radius = 1.16 + 0 * share
    x, z = radius * np.cos(up) * np.sin(azimuth), radius * np.cos(up) * np.cos(azimuth)
    y = radius * np.sin(up)
    reach = (0.55 + 0.25 * params.outfit.hat_height) * np.cos(azimuth * 1.45) ** 0.7
    points = np.stack(
        [
            x + 0 * share,
            y - 0.22 * share * reach - 0.25 * np.abs(np.sin(azimuth)) * share * reach,
            z + reach * share,
        ],
        -1,
    )
    flat = center + points.reshape(-1, 3) @ turn.T
    triangles = _grid_triangles(across, out)
    up_side = np.tile(np.array([0, 1, 0.3]) @ turn.T, (len(flat), 1))
    color = np.clip(np.array(params.outfit.accent) * 0.8, 0.02, 0.8)
    return cloth(
        flat,
        unit_vectors(up_side),
        points.reshape(-1, 3),
        triangles,
        (color, CLOTH, Label.ACCESSORY),
    )
