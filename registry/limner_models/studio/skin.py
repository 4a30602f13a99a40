"""The color and the gloss of skin, vertex by vertex."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from limner_models.studio.arrays import F32, Array, f32
from limner_models.studio.assets import TEETH, TONGUE, Assets
from limner_models.studio.facial_hair import beard_share
from limner_models.studio.kernels.noise import noise_at
from limner_models.studio.palette import LIPSTICKS, SKINS

if TYPE_CHECKING:
    from limner_models.studio.params import Params


def skin(params: Params, head: Assets, scalp: F32) -> tuple[F32, F32]:
    """Return the albedo (n, 3) and the traits (n, 4) of the head's vertices.

    The traits are those of `Surface`: mirror, roughness, light under the skin, pores.

    Args:
        params: Whose skin.
        head: The mesh at rest.
        scalp: (n,) how much of each vertex looks like hair.
    """
    rest, face = head.rest, params.face
    albedo = _tone(params, head)
    lips = np.clip(head.regions["lips"] * 1.3, 0, 1)
    albedo = _painted_lips(albedo, params, lips)
    albedo = _shaved(albedo, params, head)
    inside = np.clip(head.regions["inside_mouth"], 0, 1) * (1 - lips)
    albedo = _over(albedo, (0.16, 0.035, 0.03), inside)
    albedo = _over(albedo, np.clip(np.array(params.hair.albedo) * 0.35, 0.004, 0.3), scalp)
    teeth = np.unique(head.triangles[head.materials == TEETH])
    albedo[teeth] = (0.66, 0.61, 0.52)
    albedo[np.unique(head.triangles[head.materials == TONGUE])] = (0.4, 0.12, 0.11)
    oily = np.clip(
        _spot(rest, (0, 7.8, 1.3), (0.4, 0.25, 0.4)) + _spot(rest, (0, 7.1, 1.6), (0.12, 0.3, 0.3)),
        0,
        1,
    )
    traits = np.empty((len(rest), 4), np.float32)
    traits[:, 0] = 0.75 * (1 - 0.95 * scalp) * (1 - 0.3 * inside)
    traits[:, 1] = (0.42 - 0.07 * oily) * (1 - lips) + 0.32 * lips
    traits[:, 2] = 1
    traits[:, 3] = (0.06 * face.detail + 0.10 * face.old) * (1 - 0.3 * lips)
    traits[teeth, :2] = (1.1, 0.22)
    return f32(np.clip(albedo, 0.003, 0.95)), traits


def _spot(rest: F32, center: tuple[float, float, float], size: tuple[float, float, float]) -> Array:
    """Return a soft spot around a point of the face, 1 in its middle."""
    return np.exp(-(((rest - np.array(center)) / size) ** 2).sum(1) / 2)  # type: ignore[no-any-return]


def _over(albedo: Array, color: Array | tuple[float, float, float], share: Array) -> Array:
    return albedo * (1 - share[:, None]) + np.asarray(color) * share[:, None]  # type: ignore[no-any-return]


def _tone(params: Params, head: Assets) -> Array:
    """Return bare skin: melanin, blotches, red cheeks, dark lids, freckles."""
    rest, face = head.rest, params.face
    seed = face.identity % 100000
    tones = np.array(SKINS)
    base = np.array([np.interp(face.melanin * 4, range(5), tones[:, c]) for c in range(3)])
    base = base * (1, 1 + 0.02 * face.hue, 1 - 0.03 * face.hue)
    albedo = np.tile(base, (len(rest), 1))
    mottled = noise_at(rest, 3.0, seed) * 0.5 + noise_at(rest, 8.0, seed + 1) * 0.35
    mottled = mottled + noise_at(rest, 17.0, seed + 2) * 0.3
    albedo *= 1 + face.blotches * mottled[:, None] * (0.05, 0.10, 0.11)
    red = 0.9 * _spot(rest, (0, 6.95, 1.6), (0.12, 0.12, 0.2)) + 0.7 * (head.regions["ears"] > 0.3)
    red = red + 0.35 * _spot(rest, (0, 6.3, 1.4), (0.2, 0.15, 0.3))
    shadow = np.zeros(len(rest))
    for side in (1, -1):
        red = red + _spot(rest, (side * 0.42, 6.95, 1.2), (0.2, 0.18, 0.3))
        shadow = shadow + _spot(rest, (side * 0.3, 7.14, 1.38), (0.14, 0.06, 0.3))
    red = red * face.blotches * (0.5 + 0.6 * (1 - face.melanin))
    albedo *= 1 - red[:, None] * (0.03, 0.20, 0.18)
    albedo *= 1 - shadow[:, None] * (0.10, 0.14, 0.10) * np.array(face.blotches)
    albedo *= 1 - np.clip(head.regions["eyelids"], 0, 1)[:, None] * (0.06, 0.12, 0.10)
    if face.freckles:
        dots = np.clip(noise_at(rest, 26.0, seed + 9) * 2.2 - 0.75, 0, 1) * face.freckles
        dots = dots * np.clip(_spot(rest, (0, 7.05, 1.4), (0.5, 0.3, 0.6)) * 1.6, 0, 1)
        albedo *= 1 - dots[:, None] * (0.35, 0.5, 0.6)
    return albedo


def _painted_lips(albedo: Array, params: Params, lips: Array) -> Array:
    face = params.face
    tint = (0.88, 0.60, 0.60) if face.melanin < 0.6 else (0.9, 0.72, 0.74)
    color = albedo * tint if face.lipstick < 0 else np.array(LIPSTICKS[face.lipstick])
    return _over(albedo, color, lips * face.lips)


def _shaved(albedo: Array, params: Params, head: Assets) -> Array:
    """Return skin with the shadow of what would grow on it."""
    face, kind = params.face, params.beard.kind
    if kind == "none" and (face.male <= 0.6 or face.child > 0):
        return albedo
    where = "full" if kind == "none" else kind
    grows = beard_share(head.rest, where) * (head.regions["lips"] < 0.3)
    dark = (0.22 if kind == "none" else 0.5) * (1 - 0.5 * face.melanin)
    return np.asarray(albedo * (1 - grows[:, None] * dark * np.array((0.75, 0.65, 0.55))))
