"""Hats put on people who were drawn without: caps, knitted ones, and ones with a brim."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np

from limner_models.data.filters import blurred
from limner_models.data.scene import Layers

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]

EDGE = 0.6
"""Pixels that a hat's edge is blurred by."""
BEHIND = 0.25
"""Share of caps that are worn the wrong way round, or whose peak is not seen."""


@dataclass(frozen=True)
class Seat:
    """Where a hat sits on a head: pixels in the hat's own directions, both SxS."""

    across: Floats
    """From the middle to the side, in half widths of the crown."""
    up: Floats
    """From the band, in the crown's heights; below the band it is negative."""
    tall: float
    """The crown's height in half widths."""

    def crown(self, corner: float) -> NDArray[np.bool_]:
        """Return where the crown is; `corner` is 2 for a round one, more for a boxy one."""
        beside, over = np.abs(self.across) ** corner, np.abs(self.up) ** corner
        inside: NDArray[np.bool_] = (beside + over < 1) & (self.up > 0)
        return inside

    def meridian(self) -> Floats:
        """Return on which line from the band to the top a pixel is, in [-1, 1]."""
        wide = np.sqrt(np.maximum(1 - self.up**2, 1e-3))
        return np.asarray(np.clip(self.across / wide, -1, 1), np.float32)

    def below(self, wide: float, deep: float) -> NDArray[np.bool_]:
        """Return a crescent that hangs from the band, `deep` half widths at its middle."""
        fall = self.up * np.float32(self.tall)
        rim = -deep * (1 - (self.across / wide) ** 2)
        inside: NDArray[np.bool_] = (fall <= 0) & (fall > rim)
        return inside

    def ellipse(self, wide: float, high: float) -> NDArray[np.bool_]:
        """Return an ellipse about the band's middle, both in half widths."""
        over = self.up * np.float32(self.tall) / high
        inside: NDArray[np.bool_] = (self.across / wide) ** 2 + over**2 < 1
        return inside


@dataclass(frozen=True)
class Hat:
    """What a hat hides and how it is lit."""

    shape: Floats
    """SxS in [0, 1]: its share of a pixel."""
    light: Floats
    """SxSx3: what its cloth is multiplied with."""
    shade: Floats
    """SxS in [0, 1]: what its shadow leaves of the light on the person."""
    opening: NDArray[np.bool_]
    """SxS: where the person is seen above the band."""


def knitted(rng: np.random.Generator, size: int) -> Floats:
    """Return cloth of one color, more often dark than light, with a fine weave: SxSx3, linear."""
    color = np.exp(rng.uniform(np.log(0.006), np.log(0.6))) * rng.uniform(0.5, 1.3, 3)
    if rng.random() < 0.5:
        color[:] = color.mean()
    rough = rng.standard_normal((size, size), np.float32)
    weave = blurred(rough, float(rng.uniform(0.3, 1.2)), float(rng.uniform(0.3, 2.5)))
    weave *= np.float32(rng.uniform(0, 0.35)) / max(float(weave.std()), 1e-3)
    lit = np.maximum(1 + weave, 0)[..., None] * color.astype(np.float32)
    return np.asarray(lit, np.float32)


def hatted(
    layers: Layers, points: NDArray[np.float64], cloth: Floats, rng: np.random.Generator
) -> Layers:
    """Return people with a hat on.

    Hair above the band is under the hat, wherever it stood out; below the band it is seen, in the
    hat's shadow, and falls away to the sides.

    Args:
        layers: The person.
        points: 4x2 pixels: eye and eye, mouth corner and mouth corner.
        cloth: SxSx3 in linear light, what the hat is made of.
        rng: Decides its kind and its shape.
    """
    seat = seated(layers, points, rng)
    kinds = list(KINDS)
    hat = kinds[rng.choice(len(kinds), p=[*KINDS.values()])](seat, rng)
    beside = np.maximum(np.abs(seat.across) - 1, 0) * np.float32(rng.uniform(0.6, 2) / seat.tall)
    seen = ((seat.up <= -beside) | hat.opening).astype(np.float32)
    bare = (1 - hat.shape) * blurred(seen, EDGE)
    lit = cloth * hat.light * _lamp(seat, rng)[..., None]
    return Layers(
        lit * hat.shape[..., None] + (bare * hat.shade)[..., None] * layers.light,
        hat.shape + bare * layers.coverage,
        bare * layers.hair,
        bare * layers.face,
        hat.shape + bare * layers.body,
    )


def seated(layers: Layers, points: NDArray[np.float64], rng: np.random.Generator) -> Seat:
    """Return where a hat sits whose band is above the brows, seen from somewhat below or above.

    A head that looks aside lies mostly to one side of its face: what is seen of it at the band
    says where, and how wide it is.
    """
    eyes, mouth = points[:2].mean(0), points[2:].mean(0)
    high = max(float(np.hypot(*(mouth - eyes))), 1e-6)
    wide = max(float(np.hypot(*(points[1] - points[0]))), 0.85 * high)  # eyes of a turned head
    up = (eyes - mouth) / high
    up = up + rng.normal(0, 0.06) * np.array([-up[1], up[0]])
    band = eyes + up * high * rng.uniform(0.35, 0.85)
    size = layers.coverage.shape[0]
    rows, columns = np.indices((size, size), np.float32) - np.float32(band[::-1, None, None])
    raised = columns * np.float32(up[0]) + rows * np.float32(up[1])
    aside = columns * np.float32(-up[1]) + rows * np.float32(up[0])

    head = (layers.face + layers.hair) * (np.abs(raised) < 0.25 * high)
    head *= np.abs(aside) < 2.5 * wide
    weight = max(float(head.sum()), 1e-6)
    middle = float((head * aside).sum()) / weight
    spread = np.sqrt(3 * float((head * (aside - middle) ** 2).sum()) / weight)
    broad = float(np.clip(spread, 1.1 * wide, 1.6 * wide)) * rng.uniform(1.0, 1.15)
    tall = high * rng.uniform(1.0, 1.9)
    across = (aside - np.float32(middle)) / np.float32(broad)
    bow = np.float32(rng.uniform(-0.2, 0.3) * broad) * (1 - np.minimum(across**2, 1))
    return Seat(across, (raised - bow) / np.float32(tall), tall / broad)


def cap(seat: Seat, rng: np.random.Generator) -> Hat:
    """Return a cap: panels that are sewn together, often a sign in front, and mostly a peak."""
    crown = seat.crown(rng.uniform(1.9, 2.6))
    light = np.ones((*crown.shape, 3), np.float32)
    turn, line = rng.uniform(-0.5, 0.5), rng.uniform(0.012, 0.04)
    for seam in (-0.9, 0.0, 0.9):
        at = np.sin(np.clip(seam + turn, -1.5, 1.5))
        light[np.abs(seat.meridian() - at) < line] *= np.float32(rng.uniform(0.5, 1.3))
    if rng.random() < 0.6:
        _signed(light, seat, rng)
    peak = opening = np.zeros_like(crown)
    if rng.random() > BEHIND:
        peak = seat.below(rng.uniform(0.7, 1.15), rng.uniform(0.1, 0.55))
        light[peak] = np.float32(rng.uniform(0.3, 1.6))
        if rng.random() < 0.3:
            light[peak] *= rng.uniform(0.2, 2.5, 3).astype(np.float32)
    elif rng.random() < 0.6:
        opening = crown & seat.ellipse(rng.uniform(0.3, 0.55), rng.uniform(0.3, 0.5))
    return _made((crown & ~opening) | peak, light, seat, rng, opening)


def knitted_hat(seat: Seat, rng: np.random.Generator) -> Hat:
    """Return a hat of ribs or rows, often with a cuff, sometimes with a bobble."""
    crown = seat.crown(rng.uniform(1.8, 2.4))
    where = np.arcsin(seat.meridian()) if rng.random() < 0.6 else seat.up * np.float32(seat.tall)
    fine = np.sin(where * np.float32(rng.uniform(15, 70)))
    rows = 1 + np.float32(rng.uniform(0, 0.4)) * fine
    light = np.repeat(rows[..., None], 3, 2)
    if rng.random() < 0.6:
        fold = rng.uniform(0.15, 0.4)
        cuff = (np.abs(seat.across) < rng.uniform(1.0, 1.08)) & (seat.up > -0.02)
        cuff &= seat.up < fold
        light[cuff] *= np.float32(rng.uniform(0.8, 1.25))
        light[crown & (np.abs(seat.up - fold) < 0.03)] *= np.float32(0.5)
        crown |= cuff
        if rng.random() < 0.3:
            light[seat.up < fold] *= rng.uniform(0.3, 2, 3).astype(np.float32)
    if rng.random() < 0.25:
        away = np.hypot(seat.across, (seat.up - 1.1) * np.float32(seat.tall))
        crown |= away < rng.uniform(0.15, 0.4)
    return _made(crown, light, seat, rng)


def brimmed(seat: Seat, rng: np.random.Generator) -> Hat:
    """Return a hat with a brim all around, often with a ribbon above it."""
    crown = seat.crown(rng.uniform(2, 5))
    light = np.ones((*crown.shape, 3), np.float32)
    if rng.random() < 0.6:
        ribbon = seat.up < rng.uniform(0.12, 0.35)
        light[ribbon] *= rng.uniform(0.1, 1.8, 3).astype(np.float32)
    brim = seat.ellipse(rng.uniform(1.2, 2.4), rng.uniform(0.08, 0.4))
    if rng.random() < 0.5:  # from above its front hides the brow, from below the crown
        brim &= seat.up > rng.uniform(-0.12, 0.05)
    light[brim] = np.float32(rng.uniform(0.4, 1.3))
    return _made(crown | brim, light, seat, rng)


KINDS = {cap: 0.45, knitted_hat: 0.33, brimmed: 0.22}
"""What makes a hat, and how often. None is of fur: curls would be taken for it."""


def _made(
    shape: NDArray[np.bool_],
    light: Floats,
    seat: Seat,
    rng: np.random.Generator,
    opening: NDArray[np.bool_] | None = None,
) -> Hat:
    """Return a hat of a shape, with soft edges and a shadow below it."""
    depth = np.float32(rng.uniform(0.05, 0.35))
    away = np.minimum(seat.up * np.float32(seat.tall), 0)
    shade = 1 - np.float32(rng.uniform(0, 0.8)) * np.exp(away / depth)
    none = np.zeros_like(shape) if opening is None else opening
    soft = blurred(shape.astype(np.float32), EDGE)
    return Hat(soft, light, np.asarray(shade, np.float32), none)


def _lamp(seat: Seat, rng: np.random.Generator) -> Floats:
    """Return how much light a round thing on the seat gets, and reflects where it is smooth."""
    aside, up = np.clip(seat.across, -1, 1), np.clip(seat.up, -0.2, 1)
    ahead = np.sqrt(np.maximum(1 - aside**2 - up**2, 0))
    lamp = rng.normal(size=3) * [1, 0.7, 0.5] + [0, 0.5, 0.9]
    lamp /= max(float(np.linalg.norm(lamp)), 1e-6)
    toward = aside * np.float32(lamp[0]) + up * np.float32(lamp[1]) + ahead * np.float32(lamp[2])
    around = np.float32(rng.uniform(0.15, 1))
    lit = around + (1 - around) * np.maximum(toward, 0)
    if rng.random() < 0.2:
        lit += np.float32(rng.uniform(0.5, 4)) * np.maximum(toward, 0) ** np.float32(30)
    return np.asarray(lit, np.float32)


def _signed(light: Floats, seat: Seat, rng: np.random.Generator) -> None:
    """Lay letters or a badge of another color on a crown's front, in place."""
    sign = _letters(rng) if rng.random() < 0.6 else _badge(rng)
    width = rng.uniform(0.35, 1.0)
    height = min(width * sign.shape[0] / sign.shape[1], 0.6)
    left, top = rng.normal(0, 0.15) - width / 2, rng.uniform(0.3, 0.6) * seat.tall + height / 2
    columns = (seat.across - np.float32(left)) * np.float32(sign.shape[1] / width)
    rows = (np.float32(top) - seat.up * np.float32(seat.tall)) * np.float32(sign.shape[0] / height)
    laid = cv2.remap(
        sign,
        columns.astype(np.float32),
        rows.astype(np.float32),
        cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_CONSTANT,
    )
    color = np.exp(rng.uniform(np.log(0.1), np.log(20))) * rng.uniform(0.4, 1.6, 3)
    light += laid[..., None] * (color.astype(np.float32) - 1) * light


def _letters(rng: np.random.Generator) -> Floats:
    """Return one to five letters, HxW in [0, 1]."""
    word = "".join(rng.choice(list("ABCDEGHKLMNORSTXYZ2578"), int(rng.integers(1, 6))))
    face = int(rng.choice([cv2.FONT_HERSHEY_DUPLEX, cv2.FONT_HERSHEY_COMPLEX]))
    (wide, high), _ = cv2.getTextSize(word, face, 1, 2)
    sign = np.zeros((high + 8, wide + 8), np.float32)
    cv2.putText(sign, word, (4, high + 4), face, 1, (1.0,), int(rng.integers(2, 5)))
    return sign


def _badge(rng: np.random.Generator) -> Floats:
    """Return an ellipse, maybe with a hole in it, HxW in [0, 1]."""
    sign = np.zeros((64, 64), np.float32)
    wide, high = (float(value) for value in rng.uniform(30, 60, 2))
    cv2.ellipse(sign, ((32.0, 32.0), (wide, high), 0.0), (1.0,), -1)
    if rng.random() < 0.5:
        cv2.circle(sign, (32, 32), int(rng.integers(6, 14)), (0.0,), -1)
    return sign
