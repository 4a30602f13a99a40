"""The coats that animals' heads have, and the one that is most like a person's hair."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Final

import cv2
import numpy as np

from limner_server.imaging.hair_color import color_among

if TYPE_CHECKING:
    from collections.abc import Mapping

    from limner_server.imaging.arrays import Photo
    from limner_server.pipelines.hair import Hair

    Lab = tuple[float, float, float]

COATS: Final[Mapping[str, Mapping[str, tuple[Lab, ...]]]] = MappingProxyType(
    {
        "cat": MappingProxyType(
            {
                "ginger": ((51.0, 9.0, 24.0),),
                "dark tabby": ((36.0, 1.0, 2.0),),
                "orange": ((58.0, 13.0, 37.0),),
                "black": ((10.0, 1.0, 0.0),),
                "white": ((85.0, 0.0, 5.0),),
                "gray": ((50.0, 1.0, -2.0),),
                "tuxedo": ((16.0, 0.0, 0.0),),
            }
        ),
        "dog": MappingProxyType(
            {
                "brown": ((56.0, 10.0, 31.0),),
                "black and tan": ((21.0, 5.0, 8.0),),
                "cream": ((82.0, 0.0, 8.0),),
                "brown and white": ((35.0, 11.0, 22.0),),
                "golden": ((65.0, 7.0, 30.0),),
                "black and white": ((16.0, 0.0, 0.0),),
            }
        ),
        "fox": MappingProxyType(
            {
                "red": ((55.0, 23.0, 45.0),),
                "dark red": ((47.0, 20.0, 38.0),),
                "arctic": ((84.0, 0.0, 3.0),),
            }
        ),
        "bear": MappingProxyType(
            {
                "brown": ((29.0, 9.0, 16.0),),
                "black": ((17.0, 2.0, 4.0),),
                "polar": ((85.0, -1.0, 8.0),),
                "cinnamon": ((44.0, 8.0, 24.0),),
            }
        ),
    }
)
"""The color that most of each coat has, in CIELAB, by the animal's name and the coat's.

They are what the studio dyes the fur with that the network has learnt to draw.
"""


def coat_like(photo: Photo, hair: Hair, animal: str) -> int:
    """Return the place among an animal's coats of the one whose color is nearest to the hair's.

    Args:
        photo: HxWx3 uint8, sRGB.
        hair: Of one of its heads; some of it.
        animal: Its name.

    Raises:
        KeyError: There is no such animal.
    """
    coats = COATS[animal]
    high, wide = hair.inside.shape
    part = cv2.resize(photo[hair.rows, hair.columns], (wide, high), interpolation=cv2.INTER_AREA)
    nearest = color_among(np.asarray(part, np.uint8)[hair.inside], coats)
    return list(coats).index(nearest.name)
