"""How far a composite is from the truth: on the face, at its border, and behind it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import torch
from torch.nn import functional

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch import Tensor

INSIDE: Final = 64
"""The face is only face this far within its outline: a side of the crop over it."""

OUTSIDE: Final = 32
"""The scene is only scene this far beyond the outline."""

BETWEEN: Final = 0.1
"""Weight of a transition on the border, beside 1 for face and scene where these are plain."""

LEVELS: Final = 3
"""Of the Laplacian pyramid."""


class Zones(NamedTuple):
    """Where what is held to what; each Nx1xHxW, 0 or 1."""

    face: Tensor
    """Nothing but the converted face can be shown here."""
    scene: Tensor
    """Nothing but the original."""
    border: Tensor
    """What lies between the two."""
    known: Tensor
    """The truth is the truth here: elsewhere the face is another's, or its photo has ended."""


def zones_of(batch: Mapping[str, Tensor]) -> Zones:
    """Return where a batch of `Composites` is face, scene and border."""
    size = batch["face"].shape[-1]
    shares = [batch[name][:, None].float() / 255 for name in ("face", "original_face", "valid")]
    face, original_face, valid = ((share > 0.5).float() for share in shares)
    both = face * original_face
    within = eroded(both, max(1, size // INSIDE))
    around = dilated(both, max(1, size // OUTSIDE))
    crossed = batch["crossed"][:, :, None, None].float()
    beyond = (1 - valid) * dilated(original_face, max(1, size // OUTSIDE))
    known = crossed * (1 - around) + (1 - crossed) * (1 - beyond)
    return Zones(within, 1 - around, around - within, known)


def mean_over(error: Tensor, where: Tensor) -> Tensor:
    """Return the mean of NxCxHxW over where Nx1xHxW counts, a scalar; 0 where nothing does."""
    return (error * where).sum() / (where.sum() * error.shape[1]).clamp_min(1)


def detail_error(picture: Tensor, truth: Tensor, where: Tensor) -> Tensor:
    """Return the error of details of LEVELS sizes, a scalar; those of each size count alike.

    Args:
        picture: NxCxHxW, sides multiples of 8.
        truth: The same.
        where: Nx1xHxW, what counts.
    """
    error = picture - truth
    total = error.new_zeros(())
    for _ in range(LEVELS):
        smaller = functional.avg_pool2d(error, 2)
        wider = functional.interpolate(smaller, scale_factor=2, mode="bilinear")
        total = total + mean_over((error - wider).abs(), where)
        error, where = smaller, functional.avg_pool2d(where, 2)
    return total


def border_error(picture: Tensor, truth: Tensor, where: Tensor) -> Tensor:
    """Return how differently two pictures change from pixel to pixel, a scalar.

    Args:
        picture: NxCxHxW.
        truth: The same.
        where: Nx1xHxW, what counts.
    """
    error = picture - truth
    across = mean_over((error[..., 1:] - error[..., :-1]).abs(), where[..., 1:])
    down = mean_over((error[..., 1:, :] - error[..., :-1, :]).abs(), where[..., 1:, :])
    return across + down


def choice_error(masks: Tensor, zones: Zones) -> Tensor:
    """Return the cross entropy of masks where it is plain what must be shown, a scalar.

    Args:
        masks: Nx3xHxW, shares of face, scene and transition.
        zones: What is plain; the border is nearly open.
    """
    face, scene, transition = masks.clamp_min(1e-6).log().neg().split(1, dim=1)
    plain = face * zones.face + scene * zones.scene
    return (plain + BETWEEN * transition * zones.border).mean()


def found_error(found: Tensor, face: Tensor, skin: Tensor) -> Tensor:
    """Return how badly a face was found, the mean cross entropy, a scalar.

    Args:
        found: Nx2xhxw, scores of face and bare skin.
        face: NxHxW uint8 of 255, sides a multiple of h and w.
        skin: The same.
    """
    wanted = torch.stack((face, skin), 1).float() / 255
    side = face.shape[-1] // found.shape[-1]
    return functional.binary_cross_entropy_with_logits(found, functional.avg_pool2d(wanted, side))


def mean_color_error(
    picture: Tensor, truth: Tensor, share: Tensor, its_share: Tensor | None = None
) -> Tensor:
    """Return how far mean colors under a share are apart, a scalar.

    Args:
        picture: Nx3xHxW.
        truth: Nx3xHxW.
        share: Nx1xHxW; samples with nearly nothing of it do not count.
        its_share: What counts in the truth; as in the picture where None.
    """
    its_share = share if its_share is None else its_share
    amounts = [each.sum((2, 3)) for each in (share, its_share)]
    enough = (torch.minimum(*amounts) > 16).float()
    one, other = (
        (planes * each).sum((2, 3)) / amount.clamp_min(1)
        for planes, each, amount in zip((picture, truth), (share, its_share), amounts, strict=True)
    )
    return ((one - other).abs() * enough).mean()


def dilated(mask: Tensor, radius: int) -> Tensor:
    """Return Nx1xHxW grown by a square of `radius` pixels each way."""
    return functional.max_pool2d(mask, 2 * radius + 1, stride=1, padding=radius)


def eroded(mask: Tensor, radius: int) -> Tensor:
    """Return Nx1xHxW shrunk by a square of `radius` pixels each way; the edges do not shrink it."""
    return 1 - dilated(1 - mask, radius)
