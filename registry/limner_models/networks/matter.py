"""The hair matter: a Tiramisu that says how much of each pixel is hair, given a trimap."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import torch
from torch import nn
from torch.nn import functional

from limner_models.networks.tiramisu import DenseBlock, TransitionDown, TransitionUp

if TYPE_CHECKING:
    from torch import Tensor

FOLD: Final = 4
"""Pixels a side that are folded into channels, so that the trunk need not run at full size."""

PLANES: Final = 4
"""What the network sees of a pixel: color and trimap."""

INSIDE: Final = 192
OUTSIDE: Final = 64
"""Bytes of a trimap from which, and up to which, a pixel is known."""


REACHES: Final = (5, 19)
"""Folded pixels a side of the squares whose sure pixels a pixel is compared with."""

FAINT: Final = 0.02
"""How much of a square must be sure for its own color to count rather than that of a wider one."""

ALIKE: Final = 0.03
"""Square of the distance of two colors in [-1, 1] at which they hardly can be told apart."""


class HairMatter(nn.Module):
    """Answers HAIR_MATTER: a photo and its trimap in, alpha out.

    Source: the patent's matting network has the Tiramisu of Jegou et al. (CVPRW 2017) as its
        backbone, and compares pixels with what surely is hair and surely is not. Ours runs the
        Tiramisu at a quarter of the size, on pixels folded into channels: every pixel is still
        seen, and the strands are unfolded from channels at the end, but nothing has to be
        computed at full size. It is given the comparison, and corrects it.
    """

    def __init__(self, first: int = 48, growth: int = 24) -> None:
        super().__init__()
        folded = (PLANES + len(REACHES)) * FOLD**2 + len(REACHES)
        self.stem = nn.Conv2d(folded, first, 3, padding=1)
        self.fine = DenseBlock(first, 2, growth, keeps=True)
        self.down = TransitionDown(self.fine.channels)
        self.middle = DenseBlock(self.fine.channels, 3, growth, keeps=True)
        self.further = TransitionDown(self.middle.channels)
        self.coarse = DenseBlock(self.middle.channels, 4, growth)
        self.up = TransitionUp(self.coarse.channels, 2 * growth)
        self.rising = DenseBlock(self.middle.channels + 2 * growth, 2, growth)
        self.higher = TransitionUp(self.rising.channels, 2 * growth)
        self.risen = DenseBlock(self.fine.channels + 2 * growth, 1, 2 * growth)
        self.head = nn.Conv2d(self.risen.channels + first, FOLD**2, 3, padding=1)
        nn.init.normal_(self.head.weight, std=0.01)

    def forward(self, image: Tensor, trimap: Tensor) -> Tensor:
        """Return alpha, NxHxW float32 in [0, 1].

        Args:
            image: NxHxWx3 uint8 sRGB; H and W multiples of 16.
            trimap: NxHxW uint8: 0 not hair, 128 unknown, 255 hair.
        """
        return self.matte(planes_of(image, trimap)).clamp(0, 1)[:, 0]

    def matte(self, planes: Tensor) -> Tensor:
        """Return Nx1xHxW alpha that may leave [0, 1], of Nx4xHxW."""
        folded = functional.pixel_unshuffle(planes, FOLD)
        shares, contrasts = compared(folded)
        stem = torch.relu(self.stem(torch.cat([folded, *shares, *contrasts], 1)))
        fine = self.fine(stem)
        middle = self.middle(self.down(fine))
        coarse = self.coarse(self.further(middle))
        rising = self.rising(torch.cat([self.up(coarse), middle], 1))
        risen = self.risen(torch.cat([self.higher(rising), fine], 1))
        correction = self.head(torch.cat([risen, stem], 1)).float()
        alpha: Tensor = functional.pixel_shuffle(shares[0] + correction, FOLD)
        return alpha


def compared(folded: Tensor) -> tuple[list[Tensor], list[Tensor]]:
    """Return how much of each pixel is like the sure hair around rather than what is no hair.

    Args:
        folded: Nx64xhxw: color and trimap of FOLD x FOLD pixels, as `pixel_unshuffle` folds them.

    Returns:
        For each of REACHES: shares in [0, 1], Nx16xhxw, a half where hair and what is around it
        look alike; and how far apart the two are, Nx1xhxw.
    """
    count, _, height, width = folded.shape
    pixels = folded.float().view(count, PLANES, FOLD**2, height, width)
    color, known = pixels[:, :3], pixels[:, 3:]
    sides = []
    for sure in ((known > 0.5).float(), (known < -0.5).float()):
        sums = torch.cat([(color * sure).mean(2), sure.mean(2)], 1)
        sides.append(_around(sums))
    shares, contrasts = [], []
    for hair, behind in zip(*sides, strict=True):
        way = (hair - behind)[:, :, None]
        along = ((color - behind[:, :, None]) * way).sum(1)
        length = way.square().sum(1)
        shares.append(((along + 0.5 * ALIKE) / (length + ALIKE)).clamp(0, 1))
        contrasts.append(length.sqrt())
    return shares, contrasts


def _around(sums: Tensor) -> list[Tensor]:
    """Return the mean color of what is sure around, Nx3xhxw, for each of REACHES.

    Args:
        sums: Nx4xhxw, color times how much is sure, and how much is.
    """
    wider = sums.mean(dim=(2, 3), keepdim=True)
    color = (wider[:, :3] / wider[:, 3:].clamp_min(1e-4)).expand(-1, -1, *sums.shape[2:])
    means: list[Tensor] = []
    for reach in reversed(REACHES):
        half = reach // 2
        rows = functional.avg_pool2d(sums, (reach, 1), stride=1, padding=(half, 0))
        square = functional.avg_pool2d(rows, (1, reach), stride=1, padding=(0, half))
        color = (square[:, :3] + FAINT * color) / (square[:, 3:] + FAINT)
        means.insert(0, color)
    return means


def planes_of(image: Tensor, trimap: Tensor) -> Tensor:
    """Return what the network sees, Nx4xHxW float in [-1, 1], of bytes as `forward` takes them."""
    color = image.permute(0, 3, 1, 2).float() / 127.5 - 1
    known = (trimap >= INSIDE).float() - (trimap <= OUTSIDE).float()
    return torch.cat((color, known[:, None]), dim=1)
