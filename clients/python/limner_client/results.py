"""What calls return: frozen values in pixels of the upright photo, free of protobuf."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from os import PathLike

    from limner.errors import LimnerError
    from limner_client.pictures import Picture, Plane
    from limner_client.values import Caution, Color, Face, Hint, ModelUse, Timings

Result = TypeVar("Result")


@dataclass(frozen=True)
class SegmentResult:
    """Who and what is where in a photo."""

    width: int
    """Of the upright photo, in pixels."""
    height: int
    masks: dict[str, Plane]
    """255 where the pixel is of the class; keyed by the class, such as `person`."""
    areas: dict[str, float]
    """Each mask's share of the picture, in [0, 1]."""
    faces: tuple[Face, ...]
    """From the image's left to its right."""
    selected: Face | None
    """The face that was asked for; None if faces were not looked for."""
    hints: tuple[Hint, ...]
    """What would make a better portrait of the selected face."""
    served_by: tuple[ModelUse, ...]
    timings: Timings
    warnings: tuple[Caution, ...]
    request_id: str


@dataclass(frozen=True)
class MatteResult:
    """A subject, cut out."""

    width: int
    """Of the upright photo, in pixels."""
    height: int
    alpha: Plane
    """How much of each pixel is the subject, as 255ths."""
    trimap: Plane
    """What was solved: 255 inside, 0 outside, 128 unknown before."""
    unknown: float
    """The unknown pixels' share of the picture, in [0, 1]."""
    foreground: Picture | None
    """The subject in its own colors, with the alpha if the format has one; None if not wanted."""
    served_by: tuple[ModelUse, ...]
    timings: Timings
    warnings: tuple[Caution, ...]
    request_id: str


@dataclass(frozen=True)
class FoundHair:
    """The hair of a photo as it was."""

    color: Color
    """The commonest, where a pixel is nothing but hair and does not gleam."""
    name: str
    """The nearest class of hair color, such as `brown`."""
    margin: float
    """How much nearer that class is than the next, in CIEDE2000; under 3 it is not sure."""
    share: float
    """The hair's share of the photo, in [0, 1]."""


@dataclass(frozen=True)
class DyeResult:
    """A photo with its hair dyed."""

    width: int
    """Of the upright photo, in pixels."""
    height: int
    image: Picture
    """The photo, dyed; where there is no hair, as it was."""
    alpha: Plane | None
    """How much of each pixel was taken for hair, as 255ths; None if not wanted."""
    found: FoundHair
    wanted: Color
    generator: str
    """What made the color: `pair`, `conditional`, `closed_form`, or `none` where none had to."""
    pair: tuple[str, str] | None
    """The classes that a pair's generator leads from and to."""
    difference_before: float
    """Mean difference of the hair from the color wanted, in CIEDE2000."""
    difference_after: float
    """The same once dyed; about 1 is the least that eyes notice."""
    served_by: tuple[ModelUse, ...]
    timings: Timings
    warnings: tuple[Caution, ...]
    request_id: str


@dataclass(frozen=True)
class CompositeResult:
    """A photo with a converted face in it."""

    width: int
    """Of the upright original, in pixels."""
    height: int
    image: Picture
    """The original, its face replaced; all else as it was."""
    mask: Plane | None
    """How much of each pixel is not the original's, as 255ths; None if not wanted."""
    original_face: Face
    """The face that was replaced, in pixels of the original."""
    converted_face: Face
    """The face that was taken, in pixels of the converted photo."""
    misfit: float
    """How far the faces stay apart once aligned, as a share of the distance of the eyes."""
    scale: float
    """Pixels of the converted photo for each of the original."""
    visible: float
    """Share of the converted face that its photo shows, in [0, 1]."""
    engine: str
    """What decided which pixel comes from where: `network` or `conventional`."""
    served_by: tuple[ModelUse, ...]
    timings: Timings
    warnings: tuple[Caution, ...]
    request_id: str


@dataclass(frozen=True)
class AnimalizedFace:
    """A person who became an animal."""

    face: Face
    """The person's, as it was found."""
    index: int
    """Its place among all faces of the photo, from the image's left."""
    animal: str
    coat: str
    points: dict[str, tuple[float, float]]
    """Where the animal's points lie, (x, y) in pixels, by name, such as `nose`."""
    visible: float
    """Share of the person's face that the photo shows, in [0, 1]."""


@dataclass(frozen=True)
class AnimalizeResult:
    """A photo with animals' heads."""

    width: int
    """Of the upright photo, in pixels."""
    height: int
    image: Picture
    """The photo, heads replaced; all else as it was."""
    mask: Plane | None
    """How much of each pixel is not the photo's, as 255ths; None if not wanted."""
    faces: tuple[AnimalizedFace, ...]
    """From the image's left."""
    served_by: tuple[ModelUse, ...]
    timings: Timings
    warnings: tuple[Caution, ...]
    request_id: str


@dataclass(frozen=True)
class PackagedSticker:
    """A sticker that comes with the server."""

    name: str
    anchor: str
    """The point that usually holds it."""
    preview: Picture | None
    """It, with its alpha; None if pictures were not wanted."""


@dataclass(frozen=True)
class AnimalList:
    """The animals there are, and what they can wear."""

    animals: dict[str, tuple[str, ...]]
    """Each one's coats, by its name."""
    stickers: tuple[PackagedSticker, ...]
    anchors: tuple[str, ...]
    """Every point that can hold one."""


@dataclass(frozen=True)
class ExportedModel:
    """A network to be run elsewhere."""

    model: str
    version: int
    contract: str
    """Which tensors it takes and gives, such as `animalizer/1`."""
    license: str
    """Of the weights, as SPDX names it."""
    sha256: str
    """Of the network; what came was held to it."""
    manifest: str = field(repr=False)
    """All of this as JSON, and more: every tensor, and where faces lie in what it sees."""
    network: bytes = field(repr=False)
    """The ONNX file."""

    def save(self, folder: str | PathLike[str]) -> None:
        """Write `model.onnx` and `manifest.json` to a folder, made if need be."""
        place = Path(folder)
        place.mkdir(parents=True, exist_ok=True)
        (place / "model.onnx").write_bytes(self.network)
        (place / "manifest.json").write_text(self.manifest, encoding="utf-8")


@dataclass(frozen=True)
class Shade:
    """A hair color with a name."""

    name: str
    color: Color
    family: str | None
    """The class of hair color it belongs to, such as `red`; None where none is near."""
    preview: Picture | None
    """A strand of it; None if pictures were not wanted."""


@dataclass(frozen=True)
class Progress:
    """How far a long call is."""

    stage: str
    """What is being done, such as `draw`."""
    fraction: float
    """Share of the work that is done, in [0, 1]; it never falls."""
    remaining_seconds: float | None
    """Until the result, as far as can be told; None where nothing can be."""
    preview: Picture | None
    """What it may come to look like, 256 pixels at most; sent once, early, by most calls."""


@dataclass(frozen=True)
class PaletteColor:
    """One color of a picture."""

    color: Color
    share: float
    """Of the pixels that have it, in [0, 1]."""


@dataclass(frozen=True)
class StylizeResult:
    """A photo, drawn in a style."""

    width: int
    """Of the upright photo, in pixels."""
    height: int
    image: Picture
    style: str
    palette: tuple[PaletteColor, ...]
    """From dark to light: the picture's colors where they were limited; else what was laid on
    before lines and blending."""
    drawn_width: int
    """In pixels, at which lines and colors were drawn."""
    drawn_height: int
    tiles: int
    """That the network drew."""
    served_by: tuple[ModelUse, ...]
    timings: Timings
    warnings: tuple[Caution, ...]
    request_id: str


@dataclass(frozen=True)
class Style:
    """One way of drawing photos."""

    name: str
    title: str
    """One line for people."""
    colors: int
    """How many are laid on."""
    preview: Picture | None
    """A portrait drawn in it; None if pictures were not wanted or could not be drawn."""


@dataclass(frozen=True)
class FrameResult(Generic[Result]):
    """What became of one frame of a stream: a result, or an error that concerns it alone."""

    number: int
    """The frame's place among those sent, counted from 0."""
    skipped: int
    """How many frames were passed over for this one, since newer ones had come."""
    result: Result | None
    error: LimnerError | None
