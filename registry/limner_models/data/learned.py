"""What a training learns from, all of it: portraits, photos behind them, and its teachers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from limner_models.data import portraits
from limner_models.studio.backgrounds import Photos

if TYPE_CHECKING:
    from pathlib import Path

    from limner_models.recipes.recipe import Material, Recipe


def files(recipe: Recipe, material: Material) -> tuple[Path, ...]:
    """Return every file that a training's outcome depends on, in an order of its own.

    Photos held out are among them: which those are depends on all that lie in the folder.

    Raises:
        MaterialMissing: Portraits are not there, or a network it builds on is not trained yet.
    """
    drawn = portraits.files(material.portraits, recipe.data.trained)
    return drawn + _photos(material.backgrounds) + recipe.teachers(recipe, material)


def _photos(folder: Path | None) -> tuple[Path, ...]:
    if folder is None:
        return ()
    return tuple(folder / name for name in Photos.listed(folder).names)
