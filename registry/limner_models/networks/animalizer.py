"""The animalizer: draws an animal's head in a person's pose, expression and light."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import accumulate
from typing import TYPE_CHECKING, Final, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from limner_models.networks.composer import Step
from limner_models.networks.dye_generator import to_planes
from limner_registry.animals import ANCHORS, ANIMALS, TOLD

if TYPE_CHECKING:
    from collections.abc import Sequence

COATS: Final = tuple(len(animal.coats) for animal in ANIMALS.values())
FIRSTS: Final = tuple(accumulate(COATS, initial=0))[:-1]
"""Each animal's first coat among all animals' coats."""

APART: Final = (
    *(("eye_top_r", "eye_bottom_r"), ("eye_top_l", "eye_bottom_l"), ("lip_top", "lip_bottom")),
    *(("pupil_r", "eye_inner_r"), ("pupil_l", "eye_inner_l"), ("pupil_r", "eye_outer_r")),
    *(("pupil_l", "eye_outer_l"), ("mouth_r", "mouth_l"), ("brow_r0", "eye_inner_r")),
    *(("brow_l0", "eye_inner_l"), ("nose_tip", "nose_bridge"), ("nose_tip", "chin")),
)
"""Points whose distances say what a face does: small against where they lie."""
NEAR: Final = 12.0
"""Factor on those distances, to make them about as large as the rest."""

BENT: Final = 0.6
"""How far, in [0, 2], a pixel's place on the unrolled head may be from where it would lie were
the head neither turned nor tipped."""


LEAST: Final = 0.01
"""Alphas no farther from 0 and 1 are taken for these: the photo is not touched where none is."""


class Parts(NamedTuple):
    """What an animalizer makes of a batch at a quarter of full size, HxW, and in its bottleneck."""

    features: Tensor
    """NxCxHxW."""
    coarse: Tensor
    """Nx4xHxW, logits of sRGB and alpha."""
    place: Tensor
    """Nx2xHxW, where on the unrolled head pixels lie, right and down, in about [-1, 1]."""
    anchors: Tensor
    """Nx9x2, shares of the side."""


class Window(NamedTuple):
    """A square of the picture, in pixels of a quarter of full size."""

    left: int
    top: int
    side: int

    def of(self, planes: Tensor, scale: int = 1) -> Tensor:
        """Return the square out of NxCxHxW, which are `scale` times as fine."""
        left, top, side = (scale * number for number in self)
        return planes[:, :, top : top + side, left : left + side]


@dataclass(frozen=True)
class Shape:
    """How large an animalizer is."""

    side: int = 256
    """Pixels a side of the photo it takes, a multiple of 16; it draws twice as many."""
    widths: tuple[int, ...] = (128, 96, 96, 64)
    """Channels at 1/16 of the photo's side, 1/8, 1/4 and 1/2."""
    fine: int = 32
    """Channels at the photo's side."""
    pelt: int = 16
    """Channels of each animal's learned texture; 0 has none."""
    told: int = 192
    """Numbers that pose, expression and kind are condensed to."""


class Animalizer(nn.Module):
    """Answers ANIMALIZER.

    The photo, at half its size, tells light and color; the points tell pose and expression, both
    as maps and as numbers. The head grows from a constant per animal, each step scaled and
    shifted by those numbers. Fur comes from a texture of the unrolled head that is learned for
    each animal, and is laid where the network says that each pixel lies on it.

    Source: adaptive scales and shifts as in Huang and Belongie, Arbitrary Style Transfer, ICCV
        2017, behind batch norms; the texture as in Thies et al., Deferred Neural Rendering,
        SIGGRAPH 2019, but with places that are predicted.
    """

    def __init__(self, shape: Shape = Shape()) -> None:
        """Build it untrained."""
        super().__init__()
        self.shape = shape
        deep, least = shape.widths[0], shape.side // 16
        self.encoder = Encoder(deep, shape.widths[1])
        self.kinds = nn.Embedding(sum(COATS), 32)
        self.species = nn.Embedding(len(COATS), 32)
        given = 2 * len(TOLD) + 2 * len(APART) + 64 + deep
        self.tell = nn.Sequential(
            nn.Linear(given, shape.told), nn.ReLU(), nn.Linear(shape.told, shape.told), nn.ReLU()
        )
        self.start = nn.Parameter(0.1 * torch.randn(len(COATS), deep, least, least))
        befores = (deep, *shape.widths[:-1])
        self.steps = nn.ModuleList(
            Told(before, after, shape.told)
            for before, after in zip(befores, shape.widths, strict=True)
        )
        self.again = nn.ModuleList(Told(width, width, shape.told) for width in shape.widths)
        last = shape.widths[-1]
        self.coarse = nn.Conv2d(last, 4, 3, padding=1)
        self.bend = nn.Conv2d(last, 2, 3, padding=1)
        self.anchor = nn.Linear(shape.told, 2 * len(ANCHORS))
        self.finish = Finish(shape)
        for layer in (self.bend, self.anchor):
            nn.init.normal_(layer.weight, std=1e-3)
            nn.init.zeros_(layer.bias)
        firsts = torch.tensor(FIRSTS), torch.tensor(COATS)
        self.register_buffer("firsts", firsts[0], persistent=False)
        self.register_buffer("coats", firsts[1], persistent=False)

    def forward(
        self, image: Tensor, points: Tensor, animal: Tensor, coat: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Answer the contract of `animalizer`.

        Args:
            image: NxSxSx3 uint8 sRGB.
            points: Nx23x2 float32, shares of the side.
            animal: Nx1 uint8, index into ANIMALS.
            coat: Nx1 uint8, index into the animal's coats; beyond them it is the last.

        Returns:
            Nx2Sx2Sx4 uint8, sRGB, not premultiplied, then alpha; and Nx9x2 float32.
        """
        which = animal[:, 0].long().clamp(max=len(COATS) - 1)
        parts = self.parts(to_planes(image), points, which, coat[:, 0].long())
        color, alpha = self.fine(parts, which).sigmoid().split((3, 1), 1)
        drawn = torch.cat((color, ((alpha - LEAST) / (1 - 2 * LEAST)).clamp(0, 1)), 1)
        return (drawn * 255 + 0.5).permute(0, 2, 3, 1).to(torch.uint8), parts.anchors

    def parts(self, planes: Tensor, points: Tensor, animal: Tensor, coat: Tensor) -> Parts:
        """Return what there is before the fine picture.

        Args:
            planes: Nx3xSxS sRGB in [0, 1].
            points: Nx23x2, shares of the side.
            animal: N int64.
            coat: N int64.
        """
        seen, beside = self.encoder(functional.avg_pool2d(planes, 2), points)
        kind = self.firsts[animal] + torch.minimum(coat, self.coats[animal] - 1)
        said = torch.cat(
            (numbers(points), self.species(animal), self.kinds(kind), seen.mean((2, 3))), 1
        )
        told = self.tell(said)
        head = seen + self.start[animal]
        for index, (step, again) in enumerate(zip(self.steps, self.again, strict=True)):
            if index:
                head = functional.interpolate(head, scale_factor=2, mode="nearest")
            head = step(head, told)
            if index == 1:
                head = head + beside
            head = again(head, told)
        coarse, bend = self.coarse(head).float(), self.bend(head).float()
        anchors = self.anchor(told).float().view(-1, len(ANCHORS), 2) + 0.5
        return Parts(head, coarse, flat_place(bend) + BENT * bend.tanh(), anchors)

    def fine(self, parts: Parts, animal: Tensor, window: Window | None = None) -> Tensor:
        """Return logits of sRGB and alpha at full size, Nx4x4Hx4W, or of a window of it."""
        features, coarse, place = parts.features, parts.coarse, parts.place
        if window is not None:
            features, coarse, place = (window.of(each) for each in (features, coarse, place))
        return self.finish(features, coarse, place, animal)


class Encoder(nn.Module):
    """Looks at a photo, knowing where the points of the face lie."""

    def __init__(self, deep: int, beside: int) -> None:
        super().__init__()
        self.to_half = Step(3, 32, stride=2)
        self.to_quarter = Step(32, 64, stride=2)
        self.to_eighth = Step(64 + len(TOLD), deep, stride=2)
        self.deepest = nn.Sequential(Step(deep, deep), Step(deep, deep))
        self.beside = nn.Conv2d(64, beside, 1)

    def forward(self, planes: Tensor, points: Tensor) -> tuple[Tensor, Tensor]:
        """Return features of Nx3xHxW at an eighth, and at a quarter of its size."""
        quarter = self.to_quarter(self.to_half(2 * planes - 1))
        maps = spots(points, quarter.shape[-1]).to(quarter.dtype)
        eighth = self.to_eighth(torch.cat((quarter, maps), 1))
        return eighth + self.deepest(eighth), self.beside(quarter)


class Told(nn.Module):
    """A convolution whose outcome is scaled and shifted by what was told."""

    def __init__(self, entering: int, leaving: int, told: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(entering, leaving, 3, padding=1, bias=False)
        self.norm = nn.BatchNorm2d(leaving)
        self.how = nn.Linear(told, 2 * leaving)
        nn.init.normal_(self.how.weight, std=0.02)
        nn.init.zeros_(self.how.bias)

    def forward(self, planes: Tensor, told: Tensor) -> Tensor:
        """Return NxCxHxW of the same size."""
        scale, shift = self.how(told)[:, :, None, None].chunk(2, 1)
        return functional.relu(self.norm(self.conv(planes)) * (1 + scale) + shift)


class Finish(nn.Module):
    """From a quarter of full size to the whole, with fur."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        side = max(8, shape.side)
        self.pelts = nn.Parameter(0.3 * torch.randn(len(COATS), shape.pelt, side, side))
        self.narrow = nn.Conv2d(shape.widths[-1], shape.fine, 1)
        self.first = nn.Conv2d(shape.fine + shape.pelt, shape.fine, 3, padding=1)
        self.second = nn.Conv2d(shape.fine, shape.fine, 3, padding=1)
        self.leave = nn.Conv2d(shape.fine, 16, 3, padding=1)
        nn.init.normal_(self.leave.weight, std=1e-2)
        nn.init.zeros_(self.leave.bias)

    def forward(self, features: Tensor, coarse: Tensor, place: Tensor, animal: Tensor) -> Tensor:
        """Return logits, Nx4x4Hx4W, for what lies at HxW."""
        half = functional.interpolate(self.narrow(features), scale_factor=2, mode="nearest")
        if self.pelts.shape[1]:
            fur = laid(self.pelts[animal], _finer(place, 2)).to(half.dtype)
            half = torch.cat((half, fur), 1)
        half = functional.relu(self.first(half))
        half = half + functional.relu(self.second(half))
        detail = functional.pixel_shuffle(self.leave(half), 2).float()
        return _finer(coarse, 4) + detail


def laid(pelts: Tensor, place: Tensor) -> Tensor:
    """Return textures, NxCxHxW, as they look where pixels lie on them: NxCxhxw of Nx2xhxw."""
    grid = place.permute(0, 2, 3, 1)
    return functional.grid_sample(
        pelts.float(), grid, mode="bilinear", padding_mode="border", align_corners=False
    )


def numbers(points: Tensor) -> Tensor:
    """Return what points say, NxK: where they are and how far apart, about in [-1, 1]."""
    pairs = _pairs(APART)
    apart = points[:, pairs[0]] - points[:, pairs[1]]
    return torch.cat((4 * (points - 0.5).flatten(1), NEAR * apart.flatten(1)), 1)


def spots(points: Tensor, side: int) -> Tensor:
    """Return a soft spot for each point, NxKxSxS for NxKx2 shares of the side."""
    middle = (torch.arange(side, device=points.device, dtype=points.dtype) + 0.5) / side
    near = torch.exp(-(((points[..., None] - middle) * side) ** 2) / 2)
    return near[:, :, 1, :, None] * near[:, :, 0, None, :]


def flat_place(like: Tensor) -> Tensor:
    """Return where pixels of Nx2xHxW would lie on the unrolled head were they spread evenly."""
    rows, columns = (
        (2 * torch.arange(side, device=like.device, dtype=like.dtype) + 1) / side - 1
        for side in like.shape[2:]
    )
    height, width = like.shape[2:]
    across = columns[None, :].expand(height, width)
    down = rows[:, None].expand(height, width)
    return torch.stack((across, down))[None].expand(like.shape[0], 2, height, width)


def _finer(planes: Tensor, scale: int) -> Tensor:
    return functional.interpolate(planes, scale_factor=scale, mode="bilinear", align_corners=False)


def _pairs(names: Sequence[tuple[str, str]]) -> tuple[list[int], list[int]]:
    known = list(TOLD)
    one, other = zip(*((known.index(a), known.index(b)) for a, b in names), strict=True)
    return list(one), list(other)
