"""Which references suit a person: what will succeed, and what stylists would say."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from limner_registry.color import ciede2000
from limner_server.imaging.facing import facing
from limner_server.imaging.hairstyle import covered
from limner_server.references.face_rules import suits, traits

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from limner_server.imaging.facing import Facing
    from limner_server.imaging.hairstyle import Texture
    from limner_server.imaging.pose import HeadPose
    from limner_server.references.features import Features, HairFeatures

POSE_WEIGHT: Final = 0.30
"""Hair fits best on a head that is turned alike."""
COVER_WEIGHT: Final = 0.25
"""What new hair does not cover of the old has to be painted anew."""
FACE_WEIGHT: Final = 0.20
"""What stylists say."""
COLOR_WEIGHT: Final = 0.15
"""Where old and new hair meet, close colors hide it; and they change somebody less."""
LENGTH_WEIGHT: Final = 0.10
"""The same of its length. The weights sum to 1."""

FAR_DEGREES: Final = 36.0
"""Between two heads from which on their poses count as nothing alike: the most that is used."""

FAR_COLOR: Final = 40.0
"""CIEDE2000 between two colors from which on they count as nothing alike."""

FAR_LENGTH: Final = 1.5
"""Face lengths between two reaches from which on they count as nothing alike."""

GOOD: Final = 0.7
POOR: Final = 0.45
"""Shares from which on something speaks for a reference, and below which against it."""


@dataclass(frozen=True)
class Candidate:
    """A reference as far as ranking is concerned."""

    name: str
    features: Features
    texture: Texture | None
    """How its hair falls, as far as anybody knows."""


@dataclass(frozen=True)
class Reason:
    """One thing that speaks for a reference, or against it."""

    code: str
    """UPPER_SNAKE."""
    message: str
    """To people."""
    effect: float
    """By how much it moves the score from that of a middling reference."""


@dataclass(frozen=True)
class Ranked:
    """A reference and how well it suits."""

    name: str
    score: float
    """In [0, 1]."""
    facing: Facing
    reasons: tuple[Reason, ...]
    """What moves the score most comes first."""


def rank(person: Features, candidates: Iterable[Candidate]) -> list[Ranked]:
    """Return the references that could be used, those that suit best first.

    The score is the weighted mean of five shares in [0, 1], each falling evenly with what it
    measures: pose, hair covered, face, color, length. References without hair, or turned too far
    from the person, are left out.
    """
    ranked = []
    for candidate in candidates:
        hair = candidate.features.hair
        turned = facing(person.pose, candidate.features.pose)
        if hair and not turned.is_too_far:
            shares = _shares(person, candidate, hair, turned)
            score = sum(share.weight * share.value for share in shares)
            ranked.append(Ranked(candidate.name, min(1.0, score), turned, _reasons(shares)))
    return sorted(ranked, key=lambda one: (-one.score, one.name))


def nearest(person: HeadPose, others: Sequence[HeadPose]) -> int:
    """Return which of some heads, one at least, is turned most like a person's, mirrored or not.

    Of two that are equally near it is the first.
    """
    gaps = [facing(person, other).gap for other in others]
    return gaps.index(min(gaps))


@dataclass(frozen=True)
class _Share:
    """One term of the score, with what is said where it is good and where it is poor."""

    weight: float
    value: float
    good: tuple[str, str]
    poor: tuple[str, str]
    """Code and message; no message, nothing said."""


def _shares(
    person: Features, candidate: Candidate, hair: HairFeatures, turned: Facing
) -> list[_Share]:
    as_used = "once mirrored, " if turned.mirrored else ""
    suit, said = suits(person.face_shape, traits(hair.style, candidate.texture))
    said = f"stylists say that {said}" if said else ""
    pose = _Share(
        POSE_WEIGHT,
        _near(turned.gap, FAR_DEGREES),
        ("POSE_NEAR", f"{as_used}turned as you are, {turned.gap:.0f} degrees apart"),
        ("POSE_FAR", f"{as_used}turned {turned.gap:.0f} degrees away from you"),
    )
    face = _Share(FACE_WEIGHT, suit, ("FACE_SHAPE", said), ("FACE_SHAPE_OTHER", said))
    return [pose, face, *_beside(person.hair, hair, mirrored=turned.mirrored)]


def _beside(own: HairFeatures | None, other: HairFeatures, *, mirrored: bool) -> list[_Share]:
    """Return what depends on the hair that the person has."""
    if own is None:
        nothing = ("", "")
        covers = ("HAIR_COVERS", "there is no hair of yours that it would have to cover")
        whole = COLOR_WEIGHT + LENGTH_WEIGHT
        return [_Share(COVER_WEIGHT, 1.0, covers, covers), _Share(whole, 1.0, nothing, nothing)]
    share = covered(own.style.outline, other.style.outline, mirrored=mirrored)
    difference = float(ciede2000(np.array(own.lab), np.array(other.lab)))
    reach = abs(own.style.reach - other.style.reach)
    return [
        _Share(
            COVER_WEIGHT,
            share,
            ("HAIR_COVERS", f"it covers {share:.0%} of the hair you have"),
            (
                "HAIR_UNCOVERED",
                f"it covers {share:.0%} of the hair you have; what was behind the rest is painted",
            ),
        ),
        _Share(
            COLOR_WEIGHT,
            _near(difference, FAR_COLOR),
            ("COLOR_CLOSE", "its color is close to yours"),
            ("COLOR_OTHER", "its color is quite different from yours"),
        ),
        _Share(
            LENGTH_WEIGHT,
            _near(reach, FAR_LENGTH),
            ("LENGTH_CLOSE", "it is about as long as yours"),
            ("LENGTH_OTHER", "its length is quite different from yours"),
        ),
    ]


def _near(distance: float, far: float) -> float:
    return max(0.0, 1.0 - distance / far)


def _reasons(shares: Iterable[_Share]) -> tuple[Reason, ...]:
    reasons = []
    for share in shares:
        if POOR <= share.value < GOOD:
            continue
        code, message = share.good if share.value >= GOOD else share.poor
        if message:
            reasons.append(Reason(code, message, share.weight * (share.value - 0.5)))
    return tuple(sorted(reasons, key=lambda reason: -abs(reason.effect)))
