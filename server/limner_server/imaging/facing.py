"""How differently two heads are turned, and whether one's mirror image is turned more alike."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from limner_server.imaging.pose import HeadPose

TURNED: Final = 12.0
"""Degrees of yaw up to which hair looks right as it is: it is not mirrored, and nobody is told."""

WORTH: Final = 5.0
"""Degrees of yaw by which a mirror image has to be nearer, unless nothing else would do."""

MAX_TURN: Final = 25.0
"""Degrees, of yaw or pitch, by which two heads may differ."""


@dataclass(frozen=True)
class Facing:
    """How a reference's head stays turned from a person's, once mirrored if it is."""

    mirrored: bool
    """Whether its mirror image is used."""
    yaw: float
    """Degrees, at least 0."""
    pitch: float
    """Degrees, at least 0."""
    gap: float
    """Degrees between the two directions, in [0, 180]; leaning aside is none."""

    @property
    def is_too_far(self) -> bool:
        """Whether the reference's hair cannot be that head's."""
        return max(self.yaw, self.pitch) > MAX_TURN


def facing(person: HeadPose, reference: HeadPose, *, may_mirror: bool = True) -> Facing:
    """Return how a reference is turned from a person, mirrored where that brings it nearer.

    A mirror image has its parting on the other side, so it is used only where the reference as it
    is would be more than TURNED degrees of yaw away, and WORTH more than the mirror image.

    Args:
        person: How the person's head is turned.
        reference: How the reference's is.
        may_mirror: Whether its mirror image would do.
    """
    as_it_is = _apart(person, reference)
    if not may_mirror:
        return as_it_is
    other = _apart(person, mirrored(reference))
    nearest = MAX_TURN if as_it_is.yaw > MAX_TURN else as_it_is.yaw - WORTH
    if as_it_is.yaw > TURNED and other.yaw < nearest:
        return replace(other, mirrored=True)
    return as_it_is


def mirrored(pose: HeadPose) -> HeadPose:
    """Return how a head is turned in its mirror image."""
    return replace(pose, yaw=-pose.yaw, roll=-pose.roll)


def _apart(one: HeadPose, other: HeadPose) -> Facing:
    yaw, pitch = abs(one.yaw - other.yaw), abs(one.pitch - other.pitch)
    up, also_up = math.radians(one.pitch), math.radians(other.pitch)
    along = math.cos(up) * math.cos(also_up) * math.cos(math.radians(yaw))
    along += math.sin(up) * math.sin(also_up)
    return Facing(False, yaw, pitch, math.degrees(math.acos(max(-1.0, min(1.0, along)))))
