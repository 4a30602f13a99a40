"""Fields to picture: each pixel takes its nearest color, and ink goes over it, with gradients."""

from __future__ import annotations

from typing import Final

import numpy as np
import torch
from torch import Tensor

from limner_models.networks.lab import lab_to_srgb, srgb_to_lab
from limner_registry.color import srgb_to_lab as lab_of
from limner_registry.styles import STYLES

SOFT: Final = 10.0
"""By how many squares of CIELAB the second color must be farther to count for a quarter."""

PAPERS: Final = lab_of(np.array([style.paper for style in STYLES], np.float32)).tolist()
INKS: Final = [style.ink for style in STYLES]
TONES: Final = [(style.chroma, style.lift, style.cover) for style in STYLES]


def laid_on(fields: Tensor, palette: Tensor, style: Tensor) -> Tensor:
    """Return what fields look like in their colors and lines, Nx3xHxW sRGB in [0, 1].

    Args:
        fields: Nx4xHxW, sRGB and line, clamped here to [0, 1].
        palette: NxKx3 CIELAB, as found in the photo.
        style: N int64, places in STYLES.
    """
    if palette.shape[1] == 1:
        palette = palette.repeat(1, 2, 1)  # the nearest and the next are then the same
    drawn = fields.float().clamp(0, 1)
    ink = palette.new_tensor(INKS)[style][:, :, None, None]
    chroma, lift, cover = palette.new_tensor(TONES)[style][:, :, None, None].unbind(1)
    tinted = palette * torch.cat((torch.ones_like(chroma), chroma, chroma), 2)
    lifted = tinted + lift * (palette.new_tensor(PAPERS)[style][:, None] - tinted)
    tones = lab_to_srgb(lifted.transpose(1, 2)[..., None])[..., 0].transpose(1, 2)

    lab = srgb_to_lab(drawn[:, :3])
    distances = (lab[:, None] - palette[:, :, :, None, None]).square().sum(2)
    nearest, which = distances.topk(2, dim=1, largest=False)
    share = torch.sigmoid((nearest[:, 1:] - nearest[:, :1]) / SOFT)
    flat = share * _taken(tones, which[:, 0]) + (1 - share) * _taken(tones, which[:, 1])
    return flat + drawn[:, 3:] * cover[:, None] * (ink - flat)


def _taken(tones: Tensor, which: Tensor) -> Tensor:
    """Return the colors, Nx3xHxW of NxKx3, whose places are NxHxW."""
    count, height, width = which.shape
    places = which.flatten(1)[..., None].expand(-1, -1, 3)
    rows = torch.gather(tones, 1, places)
    return rows.transpose(1, 2).reshape(count, 3, height, width)
