"""`limner train`: from a recipe to a version that waits to be trusted with traffic."""

from __future__ import annotations

import json
import os
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from limner_models.commands.options import (
    FILE,
    FOLDER,
    ModelCommand,
    compared_by,
    device_of,
    made_of,
    material_of,
    shortened,
)
from limner_registry.commands.screen import Screen, plain, screened
from limner_registry.contracts import CONTRACTS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from limner_models.cards import Facts
    from limner_models.recipes.recipe import Recipe
    from limner_models.train import Run, Trained, Watch
    from limner_registry.release import Release

INTERRUPTED = 130

TRAINED_JSON = """\b
--json: {"recipe": str, "steps": int, "seconds": float, "weights": str,
         "scores": {str: float}, "version": int|null}
"""


@click.command(cls=ModelCommand, epilog=TRAINED_JSON)
@made_of
@click.option("--steps", type=click.IntRange(1), help="Instead of the recipe's own number.")
@click.option("--workers", type=click.IntRange(0), default=1, help="Processes composing batches.")
@click.option("--device", default="auto", help="cpu, cuda or cuda:N; auto takes a GPU if there.")
@click.option("--threads", type=click.IntRange(1), default=1, help="Of the CPU, for the network.")
@click.option(
    "--vgg",
    type=FILE,
    help="Weights of torchvision's vgg19 to compare pictures by; only the stylizer uses it.",
)
@click.option("--first", type=FILE, help="Weights to begin with, such as a starter's.")
@click.option(
    "--publish/--no-publish",
    default=None,
    help="Register the outcome as a version; done unless told otherwise, where a model is of use "
    "to the server.",
)
@click.option("--starter", type=FOLDER, help="Also write half-precision weights and card here.")
@screened
def train(
    screen: Screen,
    recipe: Recipe,
    data: Path | None,
    backgrounds: Path | None,
    photos: Path | None,
    *,
    publish: bool | None,
    starter: Path | None,
    **how: Any,
) -> None:
    """Train a network by RECIPE, or go on where an earlier call was stopped.

    The state lies in STATE/training/RECIPE; ctrl-C saves it and ends. At the end the network is
    scored on portraits it never saw, exported, compared with the original and published.
    """
    # --help need not wait for torch
    from limner_models import train as training
    from limner_models.commands.record import recorded
    from limner_models.data import learned, portraits
    from limner_registry.publish import publish as into

    publish = publishes(recipe, wished=publish)
    recipe = compared_by(shortened(recipe, how["steps"], how["drawings"]), how["vgg"])
    material = replace(material_of(screen, recipe, data, backgrounds), vgg=how["vgg"])
    with screen.progress("listing what is learned from") as said:
        files = learned.files(recipe, material)
        said(f"digesting {len(files)} files")
        digest = portraits.digest(files)
    device = device_of(how["device"], how["threads"])
    folder = screen.state / "training" / recipe.name
    run = training.Run(recipe, material, digest, folder, device, how["workers"], how["first"])

    registry = screen.open()
    with shown(recipe) as bar, recorded(run, registry) as record:
        trained = training.train(run, _both(bar, record))
        record.done = trained.progress.step == recipe.steps
    if trained.weights is None:
        click.echo(f"stopped at step {trained.progress.step}; the same call goes on", err=True)
        raise click.exceptions.Exit(INTERRUPTED)

    with screen.progress("scoring") as said:
        facts = outcome(run, trained, photos)
        _keep(run, trained.weights, facts, starter)
        version = None
        if publish:
            said("exporting and publishing")
            version = into(registry, released(recipe, trained.weights, facts)).number
    _answer(screen, run, trained, facts, version)


def publishes(recipe: Recipe, *, wished: bool | None) -> bool:
    """Return whether a recipe's outcome becomes a version; tell where none can.

    Args:
        recipe: Which.
        wished: None leaves it to whether the server has a use for it.

    Raises:
        click.UsageError: It is wished, but of a network that only teaches others.
    """
    from limner_models.starters import SEARCHED

    if recipe.contract in CONTRACTS or recipe.name == SEARCHED:
        return wished is not False
    said = f"no model is served by {recipe.name}: it only teaches other networks"
    if wished:
        raise click.UsageError(f"{said}; train it without --publish")
    if wished is None:
        click.echo(f"{said}, and is not published", err=True)
    return False


def outcome(run: Run, trained: Trained, photos: Path | None) -> Facts:
    """Return what is to be said of a finished training: its scores, and what it was made of."""
    from limner_models import evaluate
    from limner_models.cards import Facts
    from limner_models.starters import load_weights
    from limner_registry.publish import code_commit

    recipe, data = run.recipe, run.recipe.data
    network = recipe.network()
    load_weights(network, trained.weights or run.folder)
    scores = dict(recipe.scores(network, recipe, run.material))
    scored_on = recipe.scored_on(recipe, run.material)
    if photos is not None:
        found = evaluate.labelled_photos(photos)
        scores |= evaluate.summary(evaluate.score_photos(network, found, data.size))
        scored_on += f" `photo_*`: {len(found)} real photos with hair drawn by hand."
    return Facts(
        trained_on=recipe.trained_on(recipe, run.material) + begun(run),
        steps=trained.progress.step,
        seconds=trained.progress.seconds,
        machine=machine(run),
        data_sha256=run.data_sha256,
        commit=code_commit() or "unknown",
        scores=scores,
        scored_on=scored_on,
        license=recipe.license,
        notices=recipe.notices,
    )


def begun(run: Run) -> str:
    """Return which weights a training began with, as a card says it; nothing if with none."""
    if run.first is None:
        return ""
    return f" It began with weights of before, whose SHA-256 is `{run.first_sha256}`."


def machine(run: Run) -> str:
    """Return what a training ran on, as a card says it."""
    import torch

    if run.device.type == "cuda":
        return f"one {torch.cuda.get_device_name(run.device)}, bfloat16"
    threads = torch.get_num_threads()
    return f"{threads} of {os.cpu_count()} CPU cores for the network, bfloat16"


@contextmanager
def shown(recipe: Recipe) -> Iterator[Watch]:
    """Show a training's progress on a terminal; the function given takes its steps."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[losses]}"),
    )
    console = Console(stderr=True)
    with Progress(*columns, console=console, disable=not console.is_terminal) as progress:
        task = progress.add_task(recipe.name, total=recipe.steps, losses="")

        def show(step: int, values: Mapping[str, float]) -> None:
            losses = " ".join(
                f"{name} {value:.3g}"
                for name, value in values.items()
                if name not in {"rate", "seconds"}
            )
            progress.update(task, completed=step, losses=losses)

        yield show


def _both(one: Watch, other: Watch) -> Watch:
    def watch(step: int, values: Mapping[str, float]) -> None:
        one(step, values)
        other(step, values)

    return watch


def _keep(run: Run, weights: Path, facts: Facts, starter: Path | None) -> None:
    """Write what is known beside the weights, and all of it as a starter where asked to."""
    from limner_models import starters

    text = json.dumps(facts.to_json(), indent=2)
    weights.with_name("facts.json").write_text(f"{text}\n", encoding="utf-8")
    if starter is not None:
        starter.mkdir(parents=True, exist_ok=True)
        starters.commit(run.recipe, weights, facts, starter)


def released(recipe: Recipe, weights: Path, facts: Facts) -> Release:
    """Return a training's outcome as a release: of its own model, or of the searches."""
    from limner_models import starters
    from limner_models.loho.release import release

    if recipe.name == starters.SEARCHED:
        return release(weights, facts)
    return starters.release_from(recipe, weights, facts)


def _answer(screen: Screen, run: Run, trained: Trained, facts: Facts, version: int | None) -> None:
    document = {
        "recipe": run.recipe.name,
        "steps": trained.progress.step,
        "seconds": round(trained.progress.seconds, 1),
        "weights": str(trained.weights),
        "scores": dict(facts.scores),
        "version": version,
    }
    table = Table("score", "value", title=f"{run.recipe.name}: {trained.weights}")
    for name, value in facts.scores.items():
        table.add_row(*plain(name, f"{value:.3f}"))
    screen.answer(document, table)
