"""What the commands that make models take, and how their errors end."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from limner_models.errors import MaterialMissing, ModelError, PretrainedMissing, WeightsRefused
from limner_registry.commands.screen import Failed, Refused, RegistryCommand, Screen, Unavailable

if TYPE_CHECKING:
    from collections.abc import Callable

    import torch

    from limner_models.recipes.recipe import Material, Recipe

FOLDER = click.Path(file_okay=False, path_type=Path)
EXISTING = click.Path(exists=True, file_okay=False, path_type=Path)
FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


class RecipeName(click.ParamType["Recipe"]):
    """The name of a recipe; --help imports none of them."""

    name = "recipe"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> Recipe:
        """Return the recipe of that name."""
        from limner_models.recipes import RECIPES

        if value not in RECIPES:
            self.fail(f"no recipe is named {value!r}; there are {', '.join(RECIPES)}", param, ctx)
        return RECIPES[value]


class ModelCommand(RegistryCommand):
    """A command whose errors of making a model, too, become one line and an exit code."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command."""
        try:
            return super().invoke(ctx)
        except (MaterialMissing, WeightsRefused) as error:
            raise Refused(str(error)) from error
        except PretrainedMissing as error:
            raise Unavailable(str(error)) from error
        except ModelError as error:
            raise Failed(str(error)) from error


def made_of(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the options that say what batches are composed of, and of which recipe."""
    for option in (
        click.option(
            "--photos",
            type=EXISTING,
            help="Also score on real photos: NAME.jpg, NAME_hair.png, NAME.json with eyes, mouth.",
        ),
        click.option("--drawings", type=click.IntRange(1), help="Train on fewer portraits."),
        click.option(
            "--backgrounds",
            type=EXISTING,
            envvar="LIMNER_BACKGROUNDS",
            show_envvar=True,
            help="Photos without people to lay portraits over; else Debian's wallpapers where "
            "installed, else patterns are drawn.",
        ),
        click.option(
            "--data",
            type=FOLDER,
            help="The portraits `limner studio draw` wrote; else STATE/portraits/SIZE.",
        ),
        click.argument("recipe", type=RecipeName()),
    ):
        command = option(command)
    return command


def shortened(recipe: Recipe, steps: int | None, drawings: int | None) -> Recipe:
    """Return a recipe with other numbers of steps and portraits than its author chose.

    Fewer portraits to train on also means fewer to measure on: one in ten.
    """
    data = recipe.data
    if drawings is not None:
        held_out = min(data.held_out, max(1, drawings // 10))
        data = replace(data, count=drawings, held_out=held_out)
    return replace(recipe, data=data, steps=steps or recipe.steps)


def compared_by(recipe: Recipe, vgg: Path | None) -> Recipe:
    """Return a recipe that compares pictures by a file's weights, which its fingerprint tells."""
    if vgg is None:
        return recipe
    if not recipe.compares:
        raise click.UsageError(f"{recipe.name} compares no pictures: --vgg is not for it")
    with vgg.open("rb") as opened:
        digest = hashlib.file_digest(opened, "sha256").hexdigest()
    return replace(recipe, facts={**recipe.facts, "vgg": digest})


def material_of(
    screen: Screen, recipe: Recipe, data: Path | None, backgrounds: Path | None
) -> Material:
    """Return where a recipe's material lies in Limner's folder, unless said otherwise."""
    from limner_models.recipes.recipe import Material
    from limner_models.studio.backgrounds import debian_photos

    drawn = recipe.data
    beside = next((kind for kind in ("animals", "beneath") if kind in drawn.variants), None)
    name = f"{drawn.size}-{beside}" if beside else str(drawn.size)
    portraits = data or screen.state / "portraits" / name
    if not portraits.is_dir():
        total = drawn.count + drawn.held_out
        raise click.UsageError(
            f"there are no portraits in {portraits}; draw them first: limner studio draw "
            f"--layers{f' --{beside}' if beside else ''} --n {total} --size {drawn.size} "
            f"--seed {drawn.first} --out {portraits}"
        )
    return Material(
        portraits,
        backgrounds or debian_photos(),
        screen.state / "downloads",
        trained=screen.state / "training",
    )


def device_of(name: str, threads: int) -> torch.device:
    """Return the device of that name; `auto` is the GPU if there is one.

    More threads than are free cost more than they give: they spin while they wait.
    """
    import torch

    torch.set_num_threads(threads)
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    try:
        device = torch.device(name)
        torch.empty(0, device=device)
    except (RuntimeError, AssertionError) as error:
        raise click.BadParameter(f"{name} cannot be used: {error}") from error
    return device
