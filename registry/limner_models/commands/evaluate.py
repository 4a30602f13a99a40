"""`limner evaluate`: what a recipe's weights are worth, on drawings held out and on real photos."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click
from rich.table import Table

from limner_models.commands.options import (
    FILE,
    ModelCommand,
    device_of,
    made_of,
    material_of,
    shortened,
)
from limner_registry.commands.screen import Screen, plain, screened

if TYPE_CHECKING:
    from pathlib import Path

    from limner_models.recipes.recipe import Recipe

EVALUATED_JSON = """\b
--json: {"recipe": str, "weights": str, "scores": {str: float},
         "photos": [{"name": str, "iou": float|null, "missed": float|null,
                     "mistaken": float}]}
"""


@click.command(cls=ModelCommand, epilog=EVALUATED_JSON)
@made_of
@click.option("--weights", type=FILE, help="Else the last training's, else the starter's.")
@screened
def evaluate(
    screen: Screen,
    recipe: Recipe,
    data: Path | None,
    backgrounds: Path | None,
    photos: Path | None,
    weights: Path | None,
    **how: Any,
) -> None:
    """Score RECIPE's weights; with --photos alone, on real photos alone.

    A photo's score is the intersection over union of its hair at the photo's own size, the head
    cropped as the server crops it.
    """
    # --help need not wait for torch
    from limner_models import evaluate as measuring
    from limner_models.starters import load_weights

    device_of("cpu", 1)
    recipe = shortened(recipe, None, how["drawings"])
    weights = weights or _latest(screen, recipe)
    network = recipe.network()
    load_weights(network, weights)
    scores: dict[str, float] = {}
    if photos is None or data is not None:
        with screen.progress("scoring drawn portraits"):
            material = material_of(screen, recipe, data, backgrounds)
            scores |= recipe.scores(network, recipe, material)
    each = []
    if photos is not None:
        with screen.progress("scoring photos"):
            found = measuring.labelled_photos(photos)
            each = measuring.score_photos(network, found, recipe.data.size)
            scores |= measuring.summary(each)
    document = {
        "recipe": recipe.name,
        "weights": str(weights),
        "scores": scores,
        "photos": [asdict(score) for score in each],
    }
    tables = [_table(("score", "value"), scores.items())]
    if each:
        rows = [(score.name, score.iou, score.missed, score.mistaken) for score in each]
        tables.insert(0, _table(("photo", "IoU", "missed", "mistaken"), rows))
    screen.answer(document, *tables)


def _latest(screen: Screen, recipe: Recipe) -> Path:
    from limner_models.starters import weights_file
    from limner_models.train import WEIGHTS

    for file in (screen.state / "training" / recipe.name / WEIGHTS, weights_file(recipe)):
        if file.exists():
            return file
    raise click.UsageError(f"{recipe.name} has no weights yet; `limner train {recipe.name}`")


def _table(head: tuple[str, ...], rows: Any) -> Table:
    table = Table(*head)
    for name, *values in rows:
        table.add_row(*plain(name, *("-" if value is None else f"{value:.3f}" for value in values)))
    return table
