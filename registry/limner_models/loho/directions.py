"""Which way a step goes: down all losses, those kept from harm that others would do to them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import torch

from limner_models.loho.gradients import cosines, orthogonal

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from torch import Tensor

PROTECTED: Final = ("shape_appearance", "shape_style")
"""Losses of the second stage that the search for structure shall not lower, and that nothing else
looks at."""


def directions(
    weighted: Mapping[str, Tensor], sought: Sequence[Tensor], *, orthogonalized: bool
) -> tuple[list[Tensor], tuple[float, float] | None]:
    """Return the gradient for each tensor that is sought, and the cosines of the shape's structure.

    In the second stage, where there are losses to protect, noise does not follow the structure, as
    published; styles do, orthogonal to what would bring the shape's own colors and strands along.
    All but the mask's own gradient is followed orthogonal to that, so that nothing changes the
    hair's outline.

    Args:
        weighted: Losses by name; each may depend on what is sought.
        sought: Styles, 1xLxW, each row of which numbers for itself; then noises, each as a whole.
        orthogonalized: Whether anything is kept from harm; else gradients are added up.

    Returns:
        The gradients. The largest magnitudes of any row's cosine between the structure's gradient
        and what it is to leave alone, before and after; None in the first stage.

    Source: LOHO, CVPR 2021, section 3.3, for the structure; that the outline is protected is ours.
    """
    if PROTECTED[0] not in weighted:
        return _gradients(sum(weighted.values()), sought), None
    (kept,) = _gradients(sum(weighted[name] for name in PROTECTED), sought[:1])
    (structure,) = _gradients(weighted["structure"], sought[:1])
    free = orthogonal(structure, [kept])
    rest = [name for name in weighted if name not in {*PROTECTED, "structure", "mask"}]
    gradients = _gradients(sum(weighted[name] for name in rest), sought)
    gradients[0] = gradients[0] + (free if orthogonalized else structure)
    if "mask" in weighted:
        outline = _gradients(weighted["mask"], sought)
        if orthogonalized:
            gradients = [_aside(*pair) for pair in zip(gradients, outline, strict=True)]
        gradients = [one + other for one, other in zip(gradients, outline, strict=True)]
    return gradients, (_largest(cosines(structure, kept)), _largest(cosines(free, kept)))


def _gradients(loss: Tensor | float, sought: Sequence[Tensor]) -> list[Tensor]:
    """Return the gradient of a loss for each tensor; 0 where it does not depend on it."""
    if not isinstance(loss, torch.Tensor) or not loss.requires_grad:
        return [torch.zeros_like(tensor) for tensor in sought]
    return list(torch.autograd.grad(loss, sought, retain_graph=True, materialize_grads=True))


def _aside(gradient: Tensor, protected: Tensor) -> Tensor:
    """Return a gradient without its part along another: of styles row by row, of a noise in all."""
    if gradient.dim() == 3:
        return orthogonal(gradient, [protected])
    return orthogonal(gradient.flatten()[None], [protected.flatten()[None]]).view_as(gradient)


def _largest(values: Tensor) -> float:
    return float(values.abs().max())
