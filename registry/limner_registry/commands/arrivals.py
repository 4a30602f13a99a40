"""`import` and `publish`: how versions come into the registry."""

from __future__ import annotations

import shutil
import tempfile
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.table import Table

from limner_registry import golden
from limner_registry.commands.screen import RegistryCommand, Screen, plain, screened
from limner_registry.contracts import CONTRACTS, contract_of
from limner_registry.errors import InputRefused
from limner_registry.release import Release

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from limner_registry.store import Version

MODELS = [contract.model for contract in CONTRACTS]
FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


VERSIONS_JSON = """\b
--json: {"versions": [{"model": str, "version": int, "manifest_sha256": str}]}
"""


class Imports(click.Group):
    """A group whose later commands take files over, and come with the extra that makes models."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of all that is installed."""
        return [*super().list_commands(ctx), *_from_files()]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return a command by its name."""
        return super().get_command(ctx, cmd_name) or _from_files().get(cmd_name)


def _from_files() -> Mapping[str, click.Command]:
    try:
        from limner_models.commands.importing import IMPORTS
    except ModuleNotFoundError:
        return {}
    return IMPORTS


@click.group("import", cls=Imports)
def import_models() -> None:
    """Bring in networks that are there already: MediaPipe's, our own starters, or from a file.

    MediaPipe's and the starters become versions in the registry; `limner models place` makes them
    serve. What a file of yours holds is checked and written as safetensors with a manifest.
    """


@import_models.command("mediapipe", cls=RegistryCommand, epilog=VERSIONS_JSON)
@screened
def import_mediapipe(screen: Screen) -> None:
    """Publish MediaPipe's networks, fetched from the package index.

    They are checked against pinned digests, converted and proven. Importing again changes nothing.
    """
    _import(screen, "mediapipe")


@import_models.command("starter", cls=RegistryCommand, epilog=VERSIONS_JSON)
@screened
def import_starters(screen: Screen) -> None:
    """Publish our own starters, whose weights come with Limner.

    They are exported and proven. Importing again changes nothing.
    """
    _import(screen, "starter")


def _import(screen: Screen, source: str) -> None:
    # --help need not wait for onnx, onnxruntime, torch and MLflow
    from limner_registry.publish import publish

    registry = screen.open()
    versions = []
    with screen.progress(f"importing {source}") as said:
        for release in _releases(source, screen, said):
            said(f"publishing {release.contract.model}")
            versions.append(publish(registry, release))
    _answer(screen, versions)


def _releases(source: str, screen: Screen, said: Callable[[str], None]) -> Iterable[Release]:
    if source == "mediapipe":
        from limner_registry.importers import mediapipe

        return mediapipe.releases(screen.state / "downloads", said)
    try:
        from limner_models import starters
    except ModuleNotFoundError as error:
        raise InputRefused(
            f"starters need more than is installed ({error}): pip install 'limner[train]'"
        ) from error
    return starters.releases(said)


def score(
    _context: click.Context, _option: click.Parameter, texts: Sequence[str]
) -> dict[str, float]:
    """Return `name=value` options as a mapping."""
    scores = {}
    for text in texts:
        name, _, value = text.partition("=")
        try:
            scores[name] = float(value)
        except ValueError as error:
            raise click.BadParameter(f"{text!r} is not NAME=VALUE") from error
    return scores


@click.command("publish", cls=RegistryCommand, epilog=VERSIONS_JSON)
@click.argument("model", type=click.Choice(MODELS), metavar="MODEL")
@click.option("--network", type=FILE, required=True, help="The ONNX file, normalization inside.")
@click.option("--golden", "answers", type=FILE, required=True, help="Its golden answers, .npz.")
@click.option("--card", type=FILE, required=True, help="Its model card, Markdown.")
@click.option("--license", required=True, help="License of the weights, as SPDX names it.")
@click.option("--data-sha256", required=True, help="Digest of the data it was trained on.")
@click.option("--origin", required=True, help="Where it comes from: a recipe and its commit.")
@click.option(
    "--score",
    "scores",
    multiple=True,
    callback=score,
    metavar="NAME=VALUE",
    help="A metric on data it never saw, in [0, 1], higher better. May be repeated.",
)
@click.option("--parent", type=click.IntRange(1), help="The version it was made from.")
@screened
def publish_model(
    screen: Screen,
    model: str,
    network: Path,
    answers: Path,
    card: Path,
    scores: dict[str, float],
    parent: int | None,
    **facts: str,
) -> None:
    """Publish a network as the next version of MODEL.

    It is run first: its tensors must be the contract's, its answers the golden ones. The first
    version of a model becomes its stable one; later ones wait to be chosen.
    """
    # --help need not wait for onnxruntime and MLflow
    from limner_registry.publish import publish

    release = Release(
        contract=contract_of(model),
        network=network.read_bytes(),
        golden=_golden(answers),
        scores=scores,
        card=card.read_text(encoding="utf-8"),
        license=facts["license"],
        data_sha256=facts["data_sha256"],
        origin=facts["origin"],
    )
    registry = screen.open()
    with screen.progress(f"proving and publishing {model}"):
        version = publish(registry, release, parent)
    _answer(screen, [version])


def _golden(file: Path) -> golden.Golden:
    with tempfile.TemporaryDirectory(prefix="limner-") as scratch:
        shutil.copyfile(file, Path(scratch, golden.FILE))
        try:
            return golden.Golden.read(Path(scratch))
        except (ValueError, OSError, zipfile.BadZipFile) as error:
            raise InputRefused(f"{file} holds no golden answers") from error


def _answer(screen: Screen, versions: Sequence[Version]) -> None:
    table = Table("model", "version", "manifest")
    rows = []
    for version in versions:
        table.add_row(*plain(version.model, version.number, version.manifest_sha256[:12]))
        rows.append(
            {
                "model": version.model,
                "version": version.number,
                "manifest_sha256": version.manifest_sha256,
            }
        )
    screen.answer({"versions": rows}, table)
