"""`limner models import KIND FILE`: other people's weights from a file of one's own."""

from __future__ import annotations

from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click
from rich.table import Table

from limner_models.commands.options import FILE, ModelCommand
from limner_registry.commands.screen import Screen, plain, screened

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import nn

    from limner_models.importers.files import Found
    from limner_models.importers.imported import Manifest
    from limner_registry.release import Release

    Taken = tuple[nn.Module, Manifest]

PUBLISH = click.option(
    "--publish", is_flag=True, help="Also register it as a version of hair_optimizer."
)

IMPORTED_JSON = """\b
--json: {"file": str, "manifest": {"arch": str, "arch_args": {}, "source_sha256": str,
         "license": str, "range": [float], "mean": [float]|null, "std": [float]|null,
         "labels": [str], "probe": {"seed": int, "mean": float, "std": float}},
         "version": int|null}
"""


def taken(
    command: Callable[..., Taken], release: Callable[[Path], Release] | None = None
) -> click.Command:
    """Make a command of what takes a network over from the weights in a file.

    Args:
        command: Takes it over.
        release: Makes a release of the file written, where a model can serve it; else None.
    """

    @click.command(cls=ModelCommand, epilog=IMPORTED_JSON, help=command.__doc__)
    @click.argument("file", type=FILE)
    @click.option("--license", required=True, help="License of the weights, as SPDX names it.")
    @click.option(
        "-o",
        "--output",
        type=click.Path(dir_okay=False, path_type=Path),
        required=True,
        help="The .safetensors to write; its manifest goes beside it as .json.",
    )
    @screened
    def run(
        screen: Screen,
        file: Path,
        output: Path,
        license: str,  # noqa: A002
        *,
        publish: bool = False,
    ) -> None:
        # --help need not wait for torch
        from limner_models.importers import files, imported

        with screen.progress(f"importing {file.name}") as said:
            found = files.read(file)
            said("asking it")
            network, manifest = command(found)
            try:
                known = imported.save(network, replace(manifest, license=license), output)
            except OSError as error:
                where = error.filename or output
                raise click.UsageError(f"{where} cannot be written: {error.strerror}") from error
        version = _published(screen, release(output)) if release and publish else None
        document: dict[str, Any] = {"file": str(output), "manifest": asdict(known)}
        document["version"] = version
        table = Table("file", str(output), show_header=True)
        for name, value in document["manifest"].items():
            table.add_row(*plain(name, value))
        if version is not None:
            table.add_row(*plain("version", version))
        screen.answer(document, table)

    return run if release is None else PUBLISH(run)


def _published(screen: Screen, release: Release) -> int:
    from limner_registry.publish import publish

    registry = screen.open()
    with screen.progress(f"publishing {release.contract.model}"):
        return publish(registry, release).number


def stylegan2(found: Found) -> Taken:
    """Take over a StyleGAN2 generator: rosinality's .pt, or a .pkl of NVIDIA's PyTorch code.

    The file is read as data; nothing in it is run. With --publish, it becomes a version that hair
    can be searched with, placed and rolled out as all are: `limner transfer-hair --mode optimize`.
    """
    from limner_models.importers.stylegan2 import generator

    built, network = generator(found)
    return network, _manifest("stylegan2", asdict(built), found, (-1.0, 1.0))


def searched(file: Path) -> Release:
    """Return an imported generator as a release of the searches."""
    from limner_models.importers.searched import release

    return release(file)


def face_parsing(found: Found) -> Taken:
    """Take over a BiSeNet that parses faces, by face-parsing.PyTorch's names.

    Files with the same number of classes order them differently. Three portraits are drawn to find
    out which class is hair; where that is not sure, the file is refused.
    """
    from limner_models.importers import face_parsing as importer
    from limner_models.networks.eyes import DEVIATION, MEAN

    labels, network = importer.parser(found, importer.drawn_probes())
    manifest = _manifest("bisenet", {"classes": len(labels)}, found, (0.0, 1.0))
    return network, replace(manifest, mean=MEAN, std=DEVIATION, labels=labels)


def vgg(found: Found) -> Taken:
    """Take over torchvision's VGG16 or VGG19, to compare pictures by."""
    from limner_models.importers import vgg as importer
    from limner_models.networks.eyes import DEVIATION, MEAN

    depth, network = importer.vgg(found)
    manifest = _manifest("vgg", {"depth": depth}, found, (0.0, 1.0))
    return network, replace(manifest, mean=MEAN, std=DEVIATION)


def lpips(found: Found) -> Taken:
    """Take over LPIPS 0.1's weights of VGG16's channels."""
    from limner_models.importers import vgg as importer

    return importer.lpips(found), _manifest("lpips", {}, found, (0.0, 1.0))


def _manifest(
    arch: str, arguments: dict[str, Any], found: Found, extent: tuple[float, float]
) -> Manifest:
    from limner_models.importers.imported import Manifest

    return Manifest(arch, arguments, found.sha256, license="", range=extent)


IMPORTS: Final = {
    "stylegan2": taken(stylegan2, searched),
    "face-parsing": taken(face_parsing),
    "vgg": taken(vgg),
    "lpips": taken(lpips),
}
"""By the kind of network."""
