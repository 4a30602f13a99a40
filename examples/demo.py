"""Brings Limner up, edits a real portrait with its commands, shows what happened, stops it all.

It finds the person and the faces, cuts the person out, dyes the hair in six shades, draws the
portrait in three styles, lays a face back that was lit and colored otherwise, turns the person
into four animals, and gives her three hairstyles.

The pictures land in `demo/`. The portrait is NASA's of Eileen Collins, in the public domain.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageDraw
from rich.console import Console
from rich.table import Table
from sheet import Card, head, lay_out
from skimage import data

ROOT = Path(__file__).parents[1]
OUT = ROOT / "demo"
STATE = ROOT / ".limner/demo"
PHOTO = OUT / "astronaut.png"
RELIT = OUT / "relit.png"
BACKDROP = (196, 78, 56)
SHADES = ("jet-black", "auburn", "copper", "blond", "burgundy", "blue")
STYLES = ("illustration", "ink-and-wash", "print")
ENGINES = ("network", "conventional")
ANIMALS = {"cat": (), "dog": ("bow",), "fox": ("hat",), "bear": ("glasses",)}
"""And what each wears."""
HAIRSTYLES = {"bob-black": None, "shag-auburn": None, "lob-brown": "bob-pink"}
"""References that the server stores, and whose look each takes, where it is not its own."""
HEAD = (97, 0, 353, 256)
"""Where the astronaut's head is: left, top, right, bottom."""
PORTRAIT = (64, 0, 404, 340)
"""Head and shoulders."""

screen = Console()


def main() -> None:
    """Do all of it, and stop the stack whatever happens."""
    started = time.monotonic()
    OUT.mkdir(exist_ok=True)
    PHOTO.write_bytes(Path(data.__file__).with_name("astronaut.png").read_bytes())
    try:
        stack = limner("up", "--detach", "--port", "0", "--state", STATE)
        screen.print(f"up at {stack['address']} after {time.monotonic() - started:.1f} s")
        address = ("--address", stack["address"])
        edits = {
            "segment": limner("segment", PHOTO, "-o", OUT, *address)[0],
            "matte": limner("matte", PHOTO, "-o", OUT, *address)[0],
        }
        for shade in SHADES:
            edits[shade] = limner("dye", PHOTO, "--shade", shade, "-o", OUT, *address)[0]
        for style in STYLES:
            files = ("-o", OUT / f"{style}.png")
            edits[style] = limner("stylize", PHOTO, "--style", style, *files, *address)[0]
        relight()
        for engine in ENGINES:
            files = ("-o", OUT / f"{engine}.png", "--engine", engine)
            edits[engine] = limner("composite", PHOTO, RELIT, *files, *address)[0]
        for animal, worn in ANIMALS.items():
            files = ("-o", OUT / f"{animal}.jpg")
            told = ("--animal", animal, *(word for one in worn for word in ("--sticker", one)))
            edits[animal] = limner("animalize", PHOTO, *told, *files, *address)[0]
        for style, look in HAIRSTYLES.items():
            told = ("--shape", style, *(("--look", look) if look else ()))
            files = ("-o", OUT / f"{style}.jpg")
            edits[style] = limner("transfer-hair", PHOTO, *told, *files, *address)[0]
    finally:
        limner("down", "--state", STATE)
    lay_out_sheet()
    lay_out_shades([edits[shade] for shade in SHADES])
    lay_out_styles([edits[style] for style in STYLES])
    lay_out_composites([edits[engine] for engine in ENGINES])
    lay_out_animals([edits[animal] for animal in ANIMALS])
    lay_out_hairstyles([edits[style] for style in HAIRSTYLES])
    for name in ("segment", "matte", SHADES[-1], STYLES[0], ENGINES[0], "fox", "bob-black"):
        show(name, edits[name])
    screen.print(
        f"pictures: {', '.join(str(file.relative_to(ROOT)) for file in sorted(OUT.iterdir()))}"
    )
    screen.print(f"everything stopped; {time.monotonic() - started:.1f} s in all")


def limner(*arguments: object) -> Any:
    """Run the command and return its JSON answer; its progress goes straight to the terminal."""
    command = [str(Path(sys.executable).with_name("limner")), *map(str, arguments), "--json"]
    done = subprocess.run(command, stdout=subprocess.PIPE, check=False)
    if done.returncode:
        sys.exit(f"`{' '.join(command)}` ended with {done.returncode}: {done.stdout.decode()}")
    return json.loads(done.stdout)


def show(name: str, edit: dict[str, Any]) -> None:
    """Print which version did what in one edit, and where its time went."""
    table = Table("step", "ms", "version", title=name, title_justify="left")
    versions = {use["model"]: str(use["version"]) for use in edit["models"]}
    for stage, seconds in edit["timings"].items():
        table.add_row(stage, f"{seconds * 1000:.1f}", versions.get(stage, ""))
    screen.print(table)


def lay_out_sheet() -> None:
    """Lay photo, faces, alpha and cut-out side by side, for a quick look."""
    photo = Image.open(PHOTO).convert("RGB")
    overlay = Image.open(OUT / "astronaut.overlay.jpg")
    alpha = Image.open(OUT / "astronaut.cutout.alpha.png").convert("RGB")
    cut_out = Image.open(OUT / "astronaut.cutout.png")
    laid = Image.new("RGB", cut_out.size, BACKDROP)
    laid.paste(cut_out, mask=cut_out.getchannel("A"))
    width, height = photo.size
    sheet = Image.new("RGB", (4 * width, height))
    for place, picture in enumerate((photo, overlay, alpha, laid)):
        sheet.paste(picture, (place * width, 0))
    sheet.save(OUT / "sheet.jpg", quality=90)


def lay_out_shades(dyes: list[dict[str, Any]]) -> None:
    """Lay the hair as it was, its alpha and every shade side by side."""
    found = dyes[0]["found"]
    cards = [
        Card(
            head(Image.open(dye["files"][0]), HEAD),
            shade,
            "CIEDE2000 {before:.0f} to {after:.0f}".format(**dye["difference"]),
            dye["wanted"]["hex"],
        )
        for shade, dye in zip(SHADES, dyes, strict=True)
    ]
    original = Card(
        head(Image.open(PHOTO), HEAD), "as she is", f"{found['class']} hair", found["hex"]
    )
    share = f"{found['share']:.0%} of the picture"
    alpha = Card(head(Image.open(dyes[0]["files"][1]), HEAD), "her hair", share)
    lay_out([[original, *cards[:3]], [alpha, *cards[3:]]], OUT / "shades.jpg")


def lay_out_styles(drawings: list[dict[str, Any]]) -> None:
    """Lay the portrait and each drawing of it side by side."""
    cards = [
        Card(
            head(Image.open(drawing["files"][0]), PORTRAIT),
            style,
            f"{len(drawing['palette'])} colors",
        )
        for style, drawing in zip(STYLES, drawings, strict=True)
    ]
    original = Card(head(Image.open(PHOTO), PORTRAIT), "the photo", "512 x 512 pixels")
    lay_out([[original, *cards]], OUT / "styles.jpg")


def relight() -> None:
    """Write the portrait as if by another lamp: warm, from the left."""
    light = (np.asarray(Image.open(PHOTO).convert("RGB")) / 255) ** 2.2
    lamp = np.linspace(1.9, 0.35, light.shape[1])[None, :, None] * (1.1, 0.85, 0.6)
    relit = np.clip(light * lamp, 0, 1) ** (1 / 2.2)
    Image.fromarray(np.rint(relit * 255).astype(np.uint8)).save(RELIT)


def lay_out_composites(edits: list[dict[str, Any]]) -> None:
    """Lay photo, converted photo, its face pasted and each engine's answer side by side."""
    photo, relit = (Image.open(file).convert("RGB") for file in (PHOTO, RELIT))
    box = edits[0]["faces"]["converted"]["box"]
    face = Image.new("L", photo.size)
    edges = (box["left"], box["top"], box["right"], box["bottom"])
    ImageDraw.Draw(face).ellipse(edges, fill=255)
    pasted = photo.copy()
    pasted.paste(relit, mask=face)
    cards = [
        Card(head(photo, HEAD), "the photo", "512 x 512 pixels"),
        Card(head(relit, HEAD), "converted", "another lamp, another color"),
        Card(head(pasted, HEAD), "pasted", "its face as it is"),
        *(
            Card(head(Image.open(edit["files"][0]), HEAD), edit["engine"], _milliseconds(edit))
            for edit in edits
        ),
    ]
    lay_out([cards], OUT / "composites.jpg")


def _milliseconds(edit: dict[str, Any]) -> str:
    return f"{edit['timings']['total'] * 1000:.0f} ms"


def lay_out_animals(edits: list[dict[str, Any]]) -> None:
    """Lay the portrait and every animal side by side, each under its name and its coat's."""
    cards = [
        Card(
            head(Image.open(edit["files"][0]), PORTRAIT),
            animal,
            f"{edit['animals'][0]['coat']} coat",
        )
        for animal, edit in zip(ANIMALS, edits, strict=True)
    ]
    original = Card(head(Image.open(PHOTO), PORTRAIT), "the photo", "512 x 512 pixels")
    lay_out([[original, *cards]], OUT / "animals.jpg")


def lay_out_hairstyles(edits: list[dict[str, Any]]) -> None:
    """Lay the portrait and every hairstyle side by side, each under its reference's name."""
    cards = [
        Card(head(Image.open(edit["files"][0]), PORTRAIT), style, _whose_look(edit, look))
        for (style, look), edit in zip(HAIRSTYLES.items(), edits, strict=True)
    ]
    original = Card(head(Image.open(PHOTO), PORTRAIT), "the photo", "512 x 512 pixels")
    lay_out([[original, *cards]], OUT / "hairstyles.jpg")


def _whose_look(edit: dict[str, Any], look: str | None) -> str:
    apart = edit["references"]["shape"]["pose_gap"]
    return f"in {look}'s look" if look else f"heads {apart:.0f} degrees apart"


if __name__ == "__main__":
    main()
