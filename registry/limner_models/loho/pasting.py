"""What a search begins with: the person with the wished hair laid on as it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from limner_models.loho.masks import band_of, dilated
from limner_models.loho.parsing import resized
from limner_models.networks.hair_remover import spread, widened

if TYPE_CHECKING:
    from torch import Tensor

    from limner_models.loho.search import Head


def pasted(person: Head, shape: Head, side: int) -> Tensor:
    """Return a person with a shape's hair, 1x3xSxS in [-1, 1]: no photo, but near the one sought.

    Where only the old hair was, the colors around it are spread.

    Args:
        person: Whose head.
        shape: Whose hair.
        side: Pixels of what is returned.
    """
    picture, wished = (resized(head.picture, side) for head in (person, shape))
    old, face, new = (
        (resized(mask, side) > 0.5).to(picture) for mask in (person.hair, person.face, shape.hair)
    )
    hole = dilated(old, band_of(side)) * (1 - face)
    bare = torch.lerp(picture, spread(picture, 1 - widened(hole)), hole)
    return torch.lerp(bare, wished, new)
