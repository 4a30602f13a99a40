"""The faces of a stream: which is which from frame to frame, each shown steady."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from limner_server.imaging.steadying import Ease, Steady, steadied

if TYPE_CHECKING:
    from collections.abc import Sequence

    from limner_registry.face_template import Points

HEAD: Final = Ease(hertz=1.0, gain=1.75)
"""Of a head's five points, in distances of the eyes. Landmarks that tremble by a pixel of a crop of
512 then move an animal by 0.47 from frame to frame instead of 1.5, and it follows a head that
looks from side to side in two seconds 1.5 frames late."""

EXPRESSION: Final = Ease(hertz=1.0, gain=6.0)
"""Of points within the head, in the same measure: they rest steadier, and a blink is let through
within two frames."""

NEAR: Final = 1.0
"""Distances of the eyes that a face may move between two frames."""

FORGOTTEN_SECONDS: Final = 0.5
"""After so long out of sight, or without a frame, a face is a new one."""

LEAST_SECONDS: Final = 0.001
"""Between two frames, whatever their numbers say."""


@dataclass(eq=False)
class Followed:
    """One face of a stream."""

    head: Steady
    """Its five points, in pixels of the photo."""
    seen: float
    """When, in seconds of the stream's own time."""
    seconds: float = 1.0
    """Between the last two times it was seen."""
    expression: Steady | None = None
    coat: int | None = None
    """The coat that was chosen for it; chosen once."""

    def steady_expression(self, points: Points, unit: float) -> Points:
        """Return points within the head, Nx2 and as many each time, steadied."""
        self.expression = steadied(self.expression, points, self.seconds, EXPRESSION, unit)
        return self.expression.points


class Follower:
    """Keeps the faces of one stream apart."""

    def __init__(self) -> None:
        """Begin with none."""
        self._known: list[Followed] = []

    def follow(self, faces: Sequence[Points], now: float) -> list[Followed]:
        """Return each of a frame's faces with what is known of it; its head is steadied.

        Args:
            faces: Five points each, 5x2 pixels, as `face_template` has them.
            now: When the frame was taken, in seconds of the stream's own time.
        """
        known = [one for one in self._known if now - one.seen <= FORGOTTEN_SECONDS]
        pairs = sorted(
            (away, place, n)
            for place, face in enumerate(faces)
            for n, one in enumerate(known)
            if (away := _apart(face, one.head.points)) <= NEAR
        )
        found: dict[int, int] = {}
        for _, place, n in pairs:
            if place not in found and n not in found.values():
                found[place] = n
        followed = []
        for place, face in enumerate(faces):
            if place in found:
                one = known[found[place]]
                one.seconds = max(now - one.seen, LEAST_SECONDS)
                unit = _eyes(face)
                one.head = steadied(one.head, face, one.seconds, HEAD, unit, together=True)
                one.seen = now
            else:
                one = Followed(steadied(None, face, 1.0, HEAD), now)
            followed.append(one)
        hidden = [one for n, one in enumerate(known) if n not in found.values()]
        self._known = [*followed, *hidden]
        return followed


def _apart(one: Points, other: Points) -> float:
    """Return how far two faces are from each other, in distances of the first one's eyes."""
    return math.hypot(*(one.mean(0) - other.mean(0))) / _eyes(one)


def _eyes(five: Points) -> float:
    return max(float(np.hypot(*(five[1] - five[0]))), 1.0)
