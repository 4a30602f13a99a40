"""How much a network computes: its multiply-accumulates, counted and not timed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch.utils.flop_counter import FlopCounterMode

if TYPE_CHECKING:
    from torch import Tensor, nn


def multiplications(network: nn.Module, *inputs: Tensor) -> int:
    """Return how many multiply-accumulates a network's convolutions and products of matrices take.

    What is cheap beside them, as norms, rectifiers and enlarging, is not counted.

    Args:
        network: What is counted; it runs once, in evaluation.
        inputs: What it is called with; on the `meta` device nothing is computed.
    """
    network = network.eval()
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        network(*inputs)
    return int(counter.get_total_flops()) // 2
