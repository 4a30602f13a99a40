"""Portraits that several tests look at, each drawn once."""

from __future__ import annotations

from dataclasses import replace

import pytest

from limner_models.studio import sample
from limner_models.studio.portrait import sit

SIZE = 64
LONG_HAIRED = 8


@pytest.fixture(scope="session")
def params():
    """A bareheaded person with long hair."""
    drawn = sample(LONG_HAIRED)
    outfit = replace(drawn.outfit, hat="none", glasses="none")
    hair = replace(drawn.hair, style="long", bangs=False)
    return replace(drawn, outfit=outfit, hair=hair)


@pytest.fixture(scope="session")
def exposure(params):
    """The same person before the camera."""
    return sit(params, SIZE)
