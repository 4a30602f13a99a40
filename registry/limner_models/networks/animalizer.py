"""The animalizer: draws an animal's head in a person's pose, expression and light."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import accumulate
from typing import Final, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from limner_models.networks.composer import Step
from limner_models.networks.dye_generator import to_planes
from limner_models.networks.told import NUMBERS, numbers, shut, spots
from limner_models.networks.unrolled import Lids, Placer, laid
from limner_registry.animals import ANIMALS, TOLD

COATS: Final = tuple(len(animal.coats) for animal in ANIMALS.values())
FIRSTS: Final = tuple(accumulate(COATS, initial=0))[:-1]
"""Each animal's first coat among all animals' coats."""

BENT: Final = 0.2
"""How far, in [0, 2], a pixel's place on the unrolled head may be from where the points alone lay
it: what opens and what hides something else is seen in finer steps than a lattice's."""
GAIN: Final = 4.0
"""Factor on textures, so that they learn as quickly as what they show differs."""

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
    """Channels of each animal's fine learned texture."""
    coat: int = 12
    """Channels of each coat's learned texture, whose first three are sRGB's logits."""
    weave: int = 96
    """Pixels a side of a coat's texture."""
    lids: tuple[int, int, int] = (6, 24, 40)
    """Channels of what lids show, the first of a coat's, and its height and width."""
    places: int = 256
    """Numbers that points alone are condensed to."""
    told: int = 192
    """Numbers that pose, expression and kind are condensed to."""


class Animalizer(nn.Module):
    """Answers ANIMALIZER.

    The photo, at half its size, tells light and color; the points tell pose and expression, both
    as maps and as numbers. The head grows from a constant per animal, each step scaled and
    shifted by those numbers. Colors and fur come from textures of the unrolled head that are
    learned for each coat and each animal; they are laid where each pixel lies on the head, as the
    points say and as the network then bends it.

    Source: adaptive scales and shifts as in Huang and Belongie, Arbitrary Style Transfer, ICCV
        2017, behind batch norms; the textures as in Thies et al., Deferred Neural Rendering,
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
        given = NUMBERS + 64 + deep
        self.tell = nn.Sequential(
            nn.Linear(given, shape.told), nn.ReLU(), nn.Linear(shape.told, shape.told), nn.ReLU()
        )
        self.start = nn.Parameter(0.1 * torch.randn(len(COATS), deep, least, least))
        self.placer = Placer(shape.places)
        self.coats = nn.Parameter(
            torch.randn(sum(COATS), shape.coat, shape.weave, shape.weave) / (4 * GAIN)
        )
        self.lids = Lids(sum(COATS), shape.lids[0], shape.lids[1:])
        befores = (deep, *shape.widths[:1], *(width + shape.coat for width in shape.widths[1:-1]))
        self.steps = nn.ModuleList(
            Told(before, after, shape.told)
            for before, after in zip(befores, shape.widths, strict=True)
        )
        self.again = nn.ModuleList(Told(width, width, shape.told) for width in shape.widths)
        last = shape.widths[-1]
        self.coarse = nn.Conv2d(last, 4, 3, padding=1)
        self.bend = nn.Conv2d(last, 2, 3, padding=1)
        self.finish = Finish(shape)
        nn.init.normal_(self.bend.weight, std=1e-3)
        nn.init.zeros_(self.bend.bias)
        self.register_buffer("firsts", torch.tensor(FIRSTS), persistent=False)
        self.register_buffer("counts", torch.tensor(COATS), persistent=False)

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
        kind = self.firsts[animal] + torch.minimum(coat, self.counts[animal] - 1)
        said = torch.cat(
            (numbers(points), self.species(animal), self.kinds(kind), seen.mean((2, 3))), 1
        )
        told, coats = self.tell(said), GAIN * self.coats[kind]
        place, anchors = self.placer(points, animal, planes.shape[-1] // 2)
        # before it is bent: what bends it is whether an eye is seen there
        lids = GAIN * self.lids(shut(points), kind, place)
        lids = functional.pad(lids, (0, 0, 0, 0, 0, self.shape.coat - self.shape.lids[0]))
        head = seen + self.start[animal]
        for index, (step, again) in enumerate(zip(self.steps, self.again, strict=True)):
            if index:
                head = functional.interpolate(head, scale_factor=2, mode="nearest")
            if index > 1:
                wear = laid(coats, smaller(place, head)) + smaller(lids, head)
                head = torch.cat((head, wear.to(head.dtype)), 1)
            head = step(head, told)
            if index == 1:
                head = head + beside
            head = again(head, told)
        place = place + BENT * self.bend(head).float().tanh()
        colors = functional.pad(laid(coats[:, :3], place) + lids[:, :3], (0, 0, 0, 0, 0, 1))
        return Parts(head, self.coarse(head).float() + colors, place, anchors)

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
        self.pelts = nn.Parameter(torch.randn(len(COATS), shape.pelt, side, side) / (3 * GAIN))
        self.narrow = nn.Conv2d(shape.widths[-1], shape.fine, 1)
        self.first = nn.Conv2d(shape.fine + shape.pelt, shape.fine, 3, padding=1)
        self.second = nn.Conv2d(shape.fine, shape.fine, 3, padding=1)
        self.leave = nn.Conv2d(shape.fine, 16, 3, padding=1)
        nn.init.normal_(self.leave.weight, std=1e-2)
        nn.init.zeros_(self.leave.bias)

    def forward(self, features: Tensor, coarse: Tensor, place: Tensor, animal: Tensor) -> Tensor:
        """Return logits, Nx4x4Hx4W, for what lies at HxW."""
        half = functional.interpolate(self.narrow(features), scale_factor=2, mode="nearest")
        fur = laid(GAIN * self.pelts[animal], _finer(place, 2)).to(half.dtype)
        half = functional.relu(self.first(torch.cat((half, fur), 1)))
        half = half + functional.relu(self.second(half))
        detail = functional.pixel_shuffle(self.leave(half), 2).float()
        return _finer(coarse, 4) + detail


def smaller(place: Tensor, like: Tensor) -> Tensor:
    """Return places at the size of a map whose side divides theirs."""
    factor = place.shape[-1] // like.shape[-1]
    return functional.avg_pool2d(place, factor) if factor > 1 else place


def _finer(planes: Tensor, scale: int) -> Tensor:
    return functional.interpolate(planes, scale_factor=scale, mode="bilinear", align_corners=False)
