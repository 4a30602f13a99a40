"""How much a network computes: its multiply-accumulates, counted and not timed."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import torch
from torch import nn

if TYPE_CHECKING:
    from torch import Tensor


def multiplications(network: nn.Module, *inputs: Tensor) -> int:
    """Return how many multiply-accumulates a network's convolutions and linear layers take.

    What is cheap beside them, as norms, rectifiers and enlarging, is not counted.

    Args:
        network: What is counted; it runs once, in evaluation.
        inputs: What it is called with; on the `meta` device nothing is computed.
    """
    total = 0

    def count(layer: nn.Module, _given: Any, made: Tensor) -> None:
        nonlocal total
        each = layer.weight[0].numel()
        total += each * made.numel()

    network = network.eval()
    with ExitStack() as hooks, torch.inference_mode():
        for layer in network.modules():
            if isinstance(layer, nn.Conv2d | nn.Linear):
                hooks.callback(layer.register_forward_hook(count).remove)
        network(*inputs)
    return total
