"""Draws the references that come with the server, each as a JPEG with its description in JSON.

They are portraits of the studio's, of people who do not exist: one face and one style each, from
the front and from aside, under the same lamps and before the same wall, with nothing on the mind
and nothing on the head but hair. Run by hand, `python server/draw_references.py [NAME ...]`, after
which the files are committed.

What is known of them, `references/features.json`, is measured by the networks: whoever changes a
portrait empties that file to `{}`, has a server recommend a reference to somebody, and copies
`features.json` from its state folder.
"""

from __future__ import annotations

import json
import sys
from dataclasses import fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from PIL import Image

from limner_models.studio.palette import NATURAL, SHADES
from limner_models.studio.params import Background, Camera, Develop, Dials, Hair, Lamp, Light
from limner_models.studio.portrait import draw
from limner_models.studio.sampling import sample

if TYPE_CHECKING:
    from collections.abc import Mapping

    from limner_models.studio.arrays import RGB
    from limner_models.studio.params import Params

FOLDER = Path(__file__).parent / "limner_server/references/shipped"
SHEET = Path(__file__).parents[1] / "docs/references.jpg"
SIZE = 640
CELL = 160
"""Pixels a side of each on the sheet."""
QUALITY = 90
LICENSE = "Apache-2.0"
WALL = 0
"""Seed of a light gray background."""

LIGHT = Light(
    kind="studio",
    lamps=(
        Lamp((-0.50, 0.55, 0.75), (1.60, 1.55, 1.50), 0.30),
        Lamp((0.60, 0.20, 0.75), (0.50, 0.50, 0.52), 0.35),
        Lamp((0.60, 0.45, -0.75), (1.00, 1.00, 1.05), 0.25),
    ),
    top=(0.35, 0.36, 0.38),
    bottom=(0.20, 0.19, 0.18),
    side=0.0,
    seed=7,
)
DEVELOP = Develop(
    seed=1,
    exposure=0.1,
    white=(1.0, 1.0, 1.0),
    contrast=1.0,
    saturation=1.0,
    film=0.4,
    vignette=0.1,
    blur=0.2,
    noise=0.002,
    quality=97,
    gray=False,
)
NEAT: Mapping[str, float] = {"mess": 0.0, "weight": 1.0, "sides": 0.7, "sweep": 0.0}
"""Dials of hair that was just combed; the others stand in the middle."""


class Sitting(NamedTuple):
    """What sets one portrait apart from the others."""

    title: str
    tags: str
    face: int
    """Seed of the face."""
    style: str
    shade: str
    part: float = 0.0
    bangs: bool = False
    seed: int = 0
    """Of the hair."""
    low: float = 0.02
    """How far the head is moved down, share of the picture's side; long hair needs room below."""
    framing: float = 0.54
    """Height of the head, share of the picture's; full hair needs room beside it."""
    exposure: float = 0.1
    """Stops; light hair burns out where dark hair shows its strands."""
    around: float = 30.0
    """Degrees around the person that the other view is seen from, whichever side looks better."""

    @property
    def views(self) -> dict[str, float]:
        """What follows the name of each view's file, and degrees around that it is seen from."""
        return {"": 0.0, ".turned": self.around}


SITTINGS: Mapping[str, Sitting] = {
    "afro-black": Sitting("Black afro", "short coily volume", 37, "afro", "soft_black"),
    "bob-black": Sitting(
        "Black bob with bangs", "chin straight bangs", 45, "bob", "black", bangs=True
    ),
    "bob-pink": Sitting("Pink bob", "chin straight dyed", 8, "bob", "pink", 0.2, exposure=-0.4),
    "coils-black": Sitting("Short black coils", "short coily", 31, "coily_short", "soft_black"),
    "crop-brown": Sitting("Dark brown crop", "short curly", 4, "crop", "dark_brown"),
    "curls-black": Sitting(
        "Long black curls", "long curly volume", 16, "curly", "black", 0.2, low=0.0, framing=0.48
    ),
    "curls-chestnut": Sitting(
        "Chestnut curls",
        "long curly volume",
        40,
        "curly",
        "chestnut",
        -0.2,
        seed=3,
        low=0.0,
        framing=0.48,
    ),
    "feathered-gray": Sitting("Feathered gray", "short wavy", 38, "feathered", "steel", 0.2),
    "lob-brown": Sitting("Light brown lob", "chin straight", 8, "mid_part", "light_brown"),
    "long-black": Sitting(
        "Long black hair", "long straight", 46, "long_part", "black", -0.2, seed=1, low=-0.05
    ),
    "long-blond": Sitting(
        "Long blond hair with bangs",
        "long straight bangs",
        29,
        "long",
        "golden",
        bangs=True,
        low=-0.05,
        exposure=-0.4,
    ),
    "long-chestnut": Sitting(
        "Long chestnut hair",
        "long straight",
        27,
        "long_part",
        "chestnut",
        0.2,
        seed=1,
        low=-0.05,
        around=-30.0,
    ),
    "pixie-brown": Sitting("Brown pixie", "short straight", 30, "pixie", "brown", 0.15),
    "quiff-chestnut": Sitting("Chestnut quiff", "short volume", 20, "quiff", "chestnut"),
    "shag-auburn": Sitting(
        "Auburn shag", "chin bangs layers", 30, "shag", "auburn", 0.1, bangs=True
    ),
    "side-blond": Sitting("Blond side part", "short", 34, "side_short", "dark_blond", 0.25),
    "waves-brown": Sitting(
        "Dark brown waves", "long wavy", 12, "wavy", "dark_brown", 0.2, low=-0.03
    ),
    "waves-copper": Sitting("Copper waves", "long wavy", 22, "wavy", "copper", 0.2, low=-0.03),
}


def params_of(sitting: Sitting, around: float = 0.0) -> Params:
    """Return what the studio draws for a sitting, seen from some degrees around."""
    someone = _somebody_plain(sitting.face)
    camera = Camera(
        head=(0.0, 0.0, 0.0),
        yaw=around,
        pitch=0.0,
        roll=0.0,
        distance=14.0,
        framing=sitting.framing,
        center=(0.0, sitting.low),
    )
    brows = replace(someone.beard, brow_albedo=_brows(sitting))
    develop = replace(DEVELOP, exposure=sitting.exposure)
    return replace(someone, camera=camera, hair=_combed(sitting), beard=brows, develop=develop)


def _somebody_plain(seed: int) -> Params:
    """Return one of the studio's people before the wall: at rest, shaven, nothing worn but a shirt.

    What is left of whoever it was is the shape of the face and the color of the skin.
    """
    someone = sample(seed)
    face = replace(
        someone.face,
        expression={},
        gaze=(0.0, 0.0),
        distinctness=0.5,
        weight=0.0,
        old=0.1,
        child=0.0,
        detail=1.0,
        freckles=0.0,
        blotches=0.3,
    )
    outfit = replace(
        someone.outfit,
        kind="crew",
        color=(0.10, 0.11, 0.13),
        stripes=0.0,
        plaid=0.0,
        wrinkle=0.25,
        weave=(40.0, 0.05),
        glasses="none",
        hat="none",
    )
    beard = replace(someone.beard, kind="none", brow_density=1.3, brow_height=1.0)
    wall = Background("plain", WALL)
    return replace(someone, face=face, outfit=outfit, beard=beard, light=LIGHT, background=wall)


def _combed(sitting: Sitting) -> Hair:
    """Return the hair of a sitting: of one color, gray only where the shade is."""
    middle = dict.fromkeys((field.name for field in fields(Dials)), 0.5)
    return Hair(
        style=sitting.style,
        albedo=SHADES[sitting.shade][1],
        shade=sitting.shade,
        contrast=1.0,
        roots=0.15,
        streaks=0.15,
        tips=None,
        graying=0.0,
        part=sitting.part,
        bangs=sitting.bangs,
        recede=0.0,
        line=0.0,
        roughness=0.3,
        gloss=0.9,
        dials=Dials(**(middle | dict(NEAT))),
        seed=sitting.seed,
    )


def _brows(sitting: Sitting) -> RGB:
    """Return the color of brows under such hair: darker, and never dyed."""
    shade = sitting.shade if sitting.shade in NATURAL else "dark_brown"
    red, green, blue = SHADES[shade][1]
    return min(0.4 * red + 0.004, 0.07), min(0.4 * green + 0.004, 0.045), min(0.4 * blue, 0.03)


def sheet() -> Image.Image:
    """Return all references, six in a row, each above its other view."""
    names = sorted(SITTINGS)
    together = Image.new("RGB", (6 * CELL, -(-len(names) // 6) * 2 * CELL), "white")
    for place, name in enumerate(names):
        for below, view in enumerate(SITTINGS[name].views):
            with Image.open(FOLDER / f"{name}{view}.jpg") as photo:
                small = photo.resize((CELL, CELL), Image.Resampling.LANCZOS)
            together.paste(small, (place % 6 * CELL, (place // 6 * 2 + below) * CELL))
    return together


def main() -> None:
    for name in sys.argv[1:] or SITTINGS:
        sitting = SITTINGS[name]
        for view, around in sitting.views.items():
            photo = Image.fromarray(draw(params_of(sitting, around), SIZE).photo)
            photo.save(FOLDER / f"{name}{view}.jpg", quality=QUALITY, optimize=True)
        described = {
            "title": sitting.title,
            "tags": sitting.tags.split(),
            "license": LICENSE,
            "products": [],
        }
        (FOLDER / f"{name}.json").write_text(json.dumps(described, indent=2) + "\n")
    sheet().save(SHEET, quality=QUALITY, optimize=True)


if __name__ == "__main__":
    main()
