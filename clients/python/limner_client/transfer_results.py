"""What calls that transfer hair return: frozen values, free of protobuf."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from limner_client.results import Progress

if TYPE_CHECKING:
    from limner_client.pictures import Picture, Plane
    from limner_client.values import Caution, Face, ModelUse, Timings


@dataclass(frozen=True)
class TransferProgress(Progress):
    """How far a transfer is; an optimization tells its steps and losses and sends more previews."""

    step: int = 0
    """Steps done."""
    steps: int = 0
    """There will be at most; 0 before the first and in a fast transfer."""
    losses: dict[str, float] = field(default_factory=dict)
    """What is made smaller, by name, such as `identity`; `total` is the weighted sum."""


@dataclass(frozen=True)
class UsedReference:
    """A reference as it was used."""

    name: str | None
    """None for a photo of the caller's."""
    sha256: str
    """Of the photo's data."""
    mirrored: bool
    """Whether its mirror image was used, because the head is turned to the other side."""
    pose_gap: float
    """Degrees between the two heads' directions, mirrored if it was."""
    face: Face
    """Whose hair it is, in pixels of the reference."""


@dataclass(frozen=True)
class TransferHairResult:
    """A person with other hair."""

    width: int
    """Of the upright photo, in pixels."""
    height: int
    image: Picture
    """The photo with the new hair; all else as it was."""
    hair_alpha: Plane | None
    """How much of each pixel is the new hair, as 255ths; None if not wanted."""
    mask: Plane | None
    """How much of each pixel is not the photo's, as 255ths; None if not wanted."""
    mode: str
    """How the hair was brought over: `fast` or `optimize`."""
    face: Face
    """The person's, as it was found."""
    references: dict[str, UsedReference]
    """Where the `shape` and the `look` come from; no `shape` where it is the person's own."""
    steps: int
    """Of the optimization; 0 in a fast transfer."""
    losses: dict[str, float]
    """What it made smaller, at its last step, by name; none in a fast transfer."""
    identity_similarity: float | None
    """Cosine of the two faces' embeddings, in [-1, 1]; None where nothing can tell."""
    shape_iou: float | None
    """Overlap of the hair with what was wanted, in [0, 1]; None where nothing can tell."""
    served_by: tuple[ModelUse, ...]
    timings: Timings
    warnings: tuple[Caution, ...]
    request_id: str


@dataclass(frozen=True)
class ProductLink:
    """Where something that such hair needs can be had."""

    title: str
    url: str


@dataclass(frozen=True)
class StoredReference:
    """Hair worth having, stored with the server as one photo or as several views."""

    name: str
    title: str
    """One line for people."""
    tags: tuple[str, ...]
    length: str | None
    """`short`, `medium` or `long`; None where nobody knows."""
    texture: str | None
    """`straight`, `wavy`, `curly` or `coily`; None where nobody knows."""
    color: str | None
    """The nearest shade's name; None where nobody knows."""
    yaw: float
    """Degrees; positive turns the nose to the image's right. Of the view that `preview` shows."""
    source: str
    """Who stored it: `studio`, whose heads are drawn, or the server's `operator`."""
    license: str | None
    """Of the photo, as SPDX names it; None where nobody said."""
    products: tuple[ProductLink, ...]
    """What such hair needs, as whoever stored it says."""
    preview: Picture | None
    """Its head, in the first view or the one that would be used; None if not wanted."""


@dataclass(frozen=True)
class RecommendationReason:
    """One thing that speaks for a reference, or against it."""

    code: str
    """A stable name in UPPER_SNAKE."""
    message: str


@dataclass(frozen=True)
class Recommendation:
    """A reference, and how well it suits."""

    reference: StoredReference
    score: float
    """In [0, 1]; 1 is best."""
    reasons: tuple[RecommendationReason, ...]
    """What weighs most first."""
    pose_gap: float
    """Degrees there would be between the two heads' directions, mirrored if it were."""
    mirrored: bool
    """Whether its mirror image would be used."""
