"""Weights brought to a network's places: every one that is wanted, and no other."""

from __future__ import annotations

from typing import TYPE_CHECKING

from limner_models.errors import WeightsRefused

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from torch import Tensor

SHOWN = 3
"""Names that a message lists."""


def matched(
    found: Mapping[str, Tensor],
    shapes: Mapping[str, Sequence[int]],
    optional: Collection[str] = (),
) -> dict[str, Tensor]:
    """Return the weights found, all in their places.

    Args:
        found: By the network's names.
        shapes: What the network wants, by name.
        optional: Names that may be missing.

    Raises:
        WeightsRefused: Some are missing, have no place, or have another shape.
    """
    missing = [name for name in shapes if name not in found and name not in optional]
    if missing:
        raise WeightsRefused(f"it lacks {_listed(missing)}")
    surplus = [name for name in found if name not in shapes]
    if surplus:
        raise WeightsRefused(f"it holds weights that have no place: {_listed(surplus)}")
    wrong = [
        f"{name} {list(tensor.shape)} instead of {list(shapes[name])}"
        for name, tensor in found.items()
        if list(tensor.shape) != list(shapes[name])
    ]
    if wrong:
        raise WeightsRefused(f"it has other shapes: {_listed(wrong)}")
    return dict(found)


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return ", ".join(names[:SHOWN]) + more
