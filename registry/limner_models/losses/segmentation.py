"""How far a map of classes is from the truth, where pixels may be several things in shares."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from torch import Tensor


def cross_entropy(logits: Tensor, shares: Tensor, weights: Tensor | None = None) -> Tensor:
    """Return the mean cross entropy between scores and true shares.

    Args:
        logits: NxCxHxW, unbounded.
        shares: NxCxHxW in [0, 1], they sum to 1 over C.
        weights: NxHxW, how much each pixel counts, at least 0. None counts all alike.
    """
    each = -(shares * torch.log_softmax(logits.float(), 1)).sum(1)
    if weights is None:
        return each.mean()
    return (each * weights).sum() / weights.sum()


def tversky(probability: Tensor, share: Tensor, missed: float = 0.5) -> Tensor:
    """Return one minus the overlap of one class, over the whole batch; 0 when they are equal.

    Args:
        probability: NxHxW in [0, 1].
        share: NxHxW in [0, 1].
        missed: How much a missed pixel costs, in [0, 1]; a false one costs the rest. At 0.5 it
            is the Dice loss.

    Source: Salehi et al., Tversky Loss Function for Image Segmentation, MLMI 2017. For shares
        that are not 0 or 1 the overlap is the smaller of the two, not the product: only then is
        the truth its own best answer.
    """
    found = torch.minimum(probability, share).sum()
    lost = torch.relu(share - probability).sum()
    false = torch.relu(probability - share).sum()
    return 1 - (found + 1) / (found + missed * lost + (1 - missed) * false + 1)


def boundary(alpha: Tensor, width: int) -> Tensor:
    """Return where a share changes within `width` pixels: NxHxW, 1 near an edge, else 0."""
    stacked = alpha.unsqueeze(1)
    most = torch.nn.functional.max_pool2d(stacked, 2 * width + 1, 1, width)
    least = -torch.nn.functional.max_pool2d(-stacked, 2 * width + 1, 1, width)
    return (most - least > 0.5).squeeze(1).float()
