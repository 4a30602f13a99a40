"""The loops over pixels of drawn pictures; imported when needed, as `loops` is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from limner_registry.color import KNEE, LIGHT_OF_BYTE, SLOPE, TO_RATIOS, srgb_to_linear
from limner_server.imaging.compiled import compiled

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from limner_server.imaging.arrays import Floats, Photo

    Fields = NDArray[np.int16]
    Placed = tuple[Floats, Floats]
    """Where rows and columns lie in something smaller, in its pixels."""
    Paint = tuple[Floats, Floats, Floats, float]
    """Centers in CIELAB, what they are laid on as, ink, and how much of it a full line is."""

ZERO, ONE, BYTE = np.float32(0), np.float32(1), np.float32(255)
LARGEST = 32767
"""What a field of 1 is."""
FAR = np.float32(1e9)
"""More than the squared distance of any two colors."""
UNKNOWN = 255
"""In a table of colors: not looked up yet."""
ENLARGED = 2
"""Times that a picture is enlarged from which near centers are looked up for each of its pixels:
it is done once for four of the photo's then, or more."""
NOWHERE = -1
"""Where several colors meet."""
SURE = np.float32(8)
"""Times the softness by which one color is nearer than all others where it stands alone; what
is left of the next is a tenth of a step of 255."""

LIGHT_OF_FIELD = srgb_to_linear(np.arange(LARGEST + 1, dtype=np.float32) / np.float32(LARGEST))
RATIOS = TO_RATIOS.astype(np.float32)
RATIO_KNEE, RATIO_SLOPE = np.float32(KNEE), np.float32(SLOPE)


def warm() -> None:
    """Compile every loop, or read the machine code that an earlier run left."""
    photo, fields = np.zeros((2, 2, 3), np.uint8), np.zeros((2, 2, 4), np.int16)
    places, colors = np.zeros(2, np.float32), np.zeros((2, 3), np.float32)
    paint, counts = (colors, colors, colors[0], 1.0), np.zeros(2, np.int64)
    lay_rows(photo, fields, (places, places), paint, (30.0, 1.0), photo.copy(), counts)
    table = np.full(1 << 24, UNKNOWN, np.uint8)
    limit_rows(photo, colors, np.zeros((2, 3), np.uint8), table, photo.copy(), counts)
    mark_rows(photo, table)


@compiled
def lay_rows(
    photo: Photo,
    fields: Fields,
    places: Placed,
    paint: Paint,
    manner: tuple[float, float],
    drawn: Photo,
    counts: NDArray[np.int64],
) -> None:
    """Write some rows of a drawn photo; see `laying.lay_on`.

    `fields` are the rows of them that `places` tell of. `manner` is softness and strength.
    `counts` gets how many pixels each color is nearest to.
    """
    centers, tones, ink, cover = paint
    softness, strength = np.float32(manner[0]), np.float32(manner[1])
    y, x = places
    across = fields.shape[1]
    lab = np.empty((fields.shape[0], across, 4), np.float32)
    nearest = np.empty(fields.shape[:2], np.int16)
    _told(fields, lab)
    enlarged = ENLARGED * across <= drawn.shape[1]
    if enlarged:
        _owned(lab, centers, SURE * softness, nearest)
    row, some = np.empty((across, 4), np.float32), np.empty((across, len(centers)), np.int16)
    some[:], many, above = np.arange(len(centers)), np.full(across, len(centers), np.int16), -1
    color, mixed = np.empty(3, np.float32), np.empty(3, np.float32)
    for i in range(drawn.shape[0]):
        top = int(y[i])
        if enlarged and top != above:
            _near_each(lab, nearest, top, centers, some, many)
            above = top
        _between(lab, y[i], row)
        for j in range(drawn.shape[1]):
            left = int(x[j])
            u, right = x[j] - np.float32(left), min(left + 1, across - 1)
            first = some[left, 0]
            if many[left] == 1:
                for k in range(3):
                    mixed[k] = tones[first, k]
            else:
                for k in range(3):
                    color[k] = row[left, k] * (ONE - u) + row[right, k] * u
                first = _mix(color, centers, some[left, : many[left]], tones, softness, mixed)
            counts[first] += 1
            line = (row[left, 3] * (ONE - u) + row[right, 3] * u) * np.float32(cover)
            for k in range(3):
                value = mixed[k] + line * (ink[k] - mixed[k])
                before = np.float32(photo[i, j, k])
                value = before + strength * (BYTE * value - before)
                drawn[i, j, k] = np.uint8(min(max(value, ZERO), BYTE) + np.float32(0.5))


@compiled
def _between(lab: Floats, y: np.float32, row: Floats) -> None:
    """Write what lies between two rows."""
    top = int(y)
    v, below = y - np.float32(top), min(top + 1, lab.shape[0] - 1)
    for n in range(lab.shape[1]):
        for k in range(4):
            row[n, k] = lab[top, n, k] * (ONE - v) + lab[below, n, k] * v


@compiled
def _told(fields: Fields, lab: Floats) -> None:
    """Write the CIELAB and the line of fields."""
    light = np.empty(3, np.float32)
    for i in range(fields.shape[0]):
        for j in range(fields.shape[1]):
            for k in range(3):
                light[k] = LIGHT_OF_FIELD[max(fields[i, j, k], 0)]
            _to_lab(light, lab[i, j])
            lab[i, j, 3] = np.float32(fields[i, j, 3]) / np.float32(LARGEST)


@compiled
def _owned(lab: Floats, centers: Floats, sure: np.float32, nearest: NDArray[np.int16]) -> None:
    """Write the one center that is near each pixel, if only one is.

    How much nearer one center is than another is linear in color. So between pixels that only
    one is near, only it is.
    """
    every = np.arange(len(centers))
    for i in range(lab.shape[0]):
        for j in range(lab.shape[1]):
            first, _, near, next_near = _nearest_two(lab[i, j], centers, every)
            nearest[i, j] = first if next_near - near > sure else NOWHERE


@compiled
def _near_each(
    lab: Floats,
    nearest: NDArray[np.int16],
    top: int,
    centers: Floats,
    some: NDArray[np.int16],
    many: NDArray[np.int16],
) -> None:
    """Write which centers may be one of the nearest two between four pixels, and how many.

    That is one where all four are surely its own. Else, what lies between them is nowhere farther
    from their middle than the farthest of them; what is beyond the middle's second center by twice
    that cannot come before it.
    """
    below, middle = min(top + 1, lab.shape[0] - 1), np.empty(3, np.float32)
    every = np.arange(len(centers))
    for n in range(lab.shape[1]):
        right = min(n + 1, lab.shape[1] - 1)
        one = nearest[top, n]
        same = one == nearest[top, right] == nearest[below, n] == nearest[below, right]
        if same and one != NOWHERE:
            some[n, 0], many[n] = one, 1
            continue
        for k in range(3):
            sides = lab[top, n, k] + lab[top, right, k] + lab[below, n, k] + lab[below, right, k]
            middle[k] = sides / np.float32(4)
        wide = max(_apart(lab[top, n], middle), _apart(lab[top, right], middle))
        wide = max(wide, _apart(lab[below, n], middle), _apart(lab[below, right], middle))
        next_near = _nearest_two(middle, centers, every)[3]
        reach = np.sqrt(next_near) + np.float32(2.01) * np.sqrt(wide) + np.float32(0.01)
        count = 0
        for m in every:
            if _apart(centers[m], middle) <= reach * reach:
                some[n, count] = m
                count += 1
        many[n] = count


@compiled
def _apart(one: Floats, other: Floats) -> np.float32:
    """Return the squared distance of two colors."""
    a, b, c = one[0] - other[0], one[1] - other[1], one[2] - other[2]
    squared: np.float32 = a * a + b * b + c * c
    return squared


@compiled
def _mix(
    color: Floats,
    centers: Floats,
    some: NDArray[np.int16],
    tones: Floats,
    softness: np.float32,
    mixed: Floats,
) -> int:
    """Write what is laid on for a color, mixed where two centers are as near; return the nearest.

    Softness is the difference of squared distances at which the farther has 27 %.
    """
    first, second, near, next_near = _nearest_two(color, centers, some)
    share = ONE
    if next_near - near <= SURE * softness:
        share = ONE / (ONE + np.exp((near - next_near) / softness))
    for k in range(3):
        mixed[k] = share * tones[first, k] + (ONE - share) * tones[second, k]
    return first


@compiled
def _nearest_two(
    color: Floats, centers: Floats, some: NDArray[np.integer[Any]]
) -> tuple[int, int, np.float32, np.float32]:
    """Return the nearest of some centers and the next, and both squared distances."""
    first, second = some[0], some[0]
    near, next_near = FAR, FAR
    for m in some:
        apart = _apart(color, centers[m])
        if apart < near:
            second, next_near = first, near
            first, near = m, apart
        elif apart < next_near:
            second, next_near = m, apart
    return first, second, near, next_near


@compiled
def _to_lab(light: Floats, lab: Floats) -> None:
    """Write the CIELAB of linear sRGB."""
    x = _bent(RATIOS[0, 0] * light[0] + RATIOS[0, 1] * light[1] + RATIOS[0, 2] * light[2])
    y = _bent(RATIOS[1, 0] * light[0] + RATIOS[1, 1] * light[1] + RATIOS[1, 2] * light[2])
    z = _bent(RATIOS[2, 0] * light[0] + RATIOS[2, 1] * light[1] + RATIOS[2, 2] * light[2])
    lab[0] = np.float32(116) * y - np.float32(16)
    lab[1] = np.float32(500) * (x - y)
    lab[2] = np.float32(200) * (y - z)


@compiled
def _bent(ratio: np.float32) -> np.float32:
    """Return CIELAB's f of a share of white's light."""
    if ratio > RATIO_KNEE:
        return np.float32(np.cbrt(ratio))
    return RATIO_SLOPE * ratio + np.float32(4 / 29)


@compiled
def limit_rows(
    picture: Photo,
    centers: Floats,
    palette: Photo,
    table: NDArray[np.uint8],
    limited: Photo,
    counts: NDArray[np.int64],
) -> None:
    """Write some rows of a picture in the palette's colors; see `limiting.limit`.

    `table` keeps the index of each color that was met; several threads may share it.
    """
    light, lab = np.empty(3, np.float32), np.empty(3, np.float32)
    every = np.arange(len(centers))
    for i in range(picture.shape[0]):
        for j in range(picture.shape[1]):
            code = _code(picture, i, j)
            index = int(table[code])
            if index == UNKNOWN:
                for k in range(3):
                    light[k] = LIGHT_OF_BYTE[picture[i, j, k]]
                _to_lab(light, lab)
                index = _nearest_two(lab, centers, every)[0]
                table[code] = index
            counts[index] += 1
            for k in range(3):
                limited[i, j, k] = palette[index, k]


@compiled
def mark_rows(picture: Photo, table: NDArray[np.uint8]) -> None:
    """Set in a table of all colors those that a picture has."""
    for i in range(picture.shape[0]):
        for j in range(picture.shape[1]):
            table[_code(picture, i, j)] = 1


@compiled
def _code(picture: Photo, i: int, j: int) -> int:
    red, green, blue = picture[i, j, 0], picture[i, j, 1], picture[i, j, 2]
    return (int(red) << 16) | (int(green) << 8) | int(blue)
