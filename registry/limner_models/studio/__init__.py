"""The portrait studio: seeded portraits of people who do not exist, with the truth about them.

`sample(seed)` draws a portrait's parameters, `draw(params, size)` the portrait; `variants` has the
same head with other hair, bald, elsewhere or as an animal; `store` draws many.
"""

from limner_models.studio.params import Params
from limner_models.studio.portrait import Portrait, draw
from limner_models.studio.sampling import sample

__all__ = ["Params", "Portrait", "draw", "sample"]
