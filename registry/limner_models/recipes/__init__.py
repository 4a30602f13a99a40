"""Every recipe there is, by name."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from limner_models.recipes import (
    animal_generator,
    animal_keypoints,
    animal_segmenter,
    animalizer,
    animalizer_unpaired,
    composer,
    conventional,
    dye_bank,
    dye_generator,
    hair_matter,
    hair_remover,
    hair_segmenter,
    hair_segmenter_rivals,
    portrait_generator,
    stylizer,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from limner_models.recipes.recipe import Recipe

RECIPES: Mapping[str, Recipe] = MappingProxyType(
    {
        recipe.name: recipe
        for recipe in (
            hair_segmenter.HAIR_SEGMENTER_RECIPE,
            hair_segmenter_rivals.HAIR_SEGMENTER_DENSE,
            hair_segmenter_rivals.HAIR_SEGMENTER_DISTILLED,
            hair_matter.HAIR_MATTER_RECIPE,
            hair_remover.HAIR_REMOVER_RECIPE,
            dye_generator.DYE_GENERATOR_RECIPE,
            dye_bank.DYE_BANK_RECIPE,
            stylizer.STYLIZER_RECIPE,
            composer.COMPOSER_RECIPE,
            composer.COMPOSER_APART,
            conventional.FACE_EXTRACTOR_RECIPE,
            conventional.COLOR_CORRECTOR_RECIPE,
            conventional.BACKGROUND_BLENDER_RECIPE,
            animal_keypoints.ANIMAL_KEYPOINTS_RECIPE,
            animal_segmenter.ANIMAL_SEGMENTER_RECIPE,
            animal_generator.ANIMAL_GENERATOR_RECIPE,
            animalizer.ANIMALIZER_RECIPE,
            animalizer.ANIMALIZER_GENERATED,
            animalizer.ANIMALIZER_CAT,
            animalizer_unpaired.ANIMALIZER_UNPAIRED,
            portrait_generator.PORTRAIT_GENERATOR_RECIPE,
        )
    }
)
"""What `limner train` can make; those with committed weights are also starters."""
