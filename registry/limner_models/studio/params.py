"""Everything that decides a portrait, as plain numbers that JSON can hold."""

from __future__ import annotations

import dataclasses
import typing
from dataclasses import dataclass
from typing import Any, TypeVar

from limner_models.studio.arrays import RGB  # noqa: TC001 - from_json reads the fields' types

Part = TypeVar("Part")


class ParamsUnreadable(ValueError):
    """A JSON object is no portrait's parameters; the message names the field."""


@dataclass(frozen=True)
class Face:
    """Whose face: the identity, the expression and the skin."""

    races: tuple[float, float, float]
    """Shares of the African, Asian and Caucasian shapes; they sum to 1."""
    male: float
    """In [0, 1]."""
    old: float
    """In [0, 1]."""
    child: float
    """In [0, 1]; 0 is grown up."""
    weight: float
    """-1 slim, 1 heavy."""
    identity: int
    """Seed of the features."""
    distinctness: float
    """Scale of the features, about [0.4, 1]."""
    expression: dict[str, float]
    """Strengths of face units, by their ARKit names."""
    gaze: tuple[float, float]
    """Radians: to the person's left, up."""
    melanin: float
    """0 the lightest skin, 1 the darkest."""
    hue: float
    """Normal deviate: redder below 0, yellower above."""
    detail: float
    """Contrast of pores, 1 on average."""
    freckles: float
    blotches: float
    lips: float
    """How much the lips differ from the skin, in [0, 1]."""
    lipstick: int
    """Index into the lipsticks, -1 for none."""
    iris: RGB


@dataclass(frozen=True)
class Camera:
    """Where the head turns and where it is seen from; degrees and decimeters."""

    head: tuple[float, float, float]
    """Pitch, yaw, roll of the head."""
    yaw: float
    pitch: float
    roll: float
    distance: float
    framing: float
    """Height of a head as a share of the picture's, about [0.3, 0.9]."""
    center: tuple[float, float]
    """Shift of the head, shares of the picture's side: right, down."""


@dataclass(frozen=True)
class Dials:
    """What styles leave open, each in [0, 1]; a style reads those that mean something to it."""

    length: float
    sides: float
    lift: float
    volume: float
    sweep: float
    cut: float
    tuck: float
    tie: float
    mess: float
    weight: float
    waves: float
    turns: float
    clumps: float
    fringe_side: float
    fringe_low: float
    hairline: float
    rim: float
    shoulder: float


@dataclass(frozen=True)
class Hair:
    """A style and its color."""

    style: str
    albedo: RGB
    """Of a typical strand."""
    shade: str
    """Name of the color, such as dark_brown."""
    contrast: float
    """How much clumps differ in brightness, 1 on average."""
    roots: float
    """How much darker the roots are, in [0, 1]."""
    streaks: float
    """How much lighter a third of the clumps is, in [0, 1]."""
    tips: RGB | None
    """Another color at the tips of long hair."""
    graying: float
    """Share of gray strands, in [0, 1]."""
    part: float
    """Where the parting lies, decimeters to the person's left; 0 is the middle."""
    bangs: bool
    recede: float
    """How far the hairline has receded, 0 to about 2."""
    line: float
    """Normal deviate of the hairline's height."""
    roughness: float
    gloss: float
    dials: Dials
    seed: int


@dataclass(frozen=True)
class Beard:
    """Hair of the lower face."""

    kind: str
    length: float
    """Decimeters."""
    albedo: RGB
    brow_density: float
    brow_height: float
    brow_albedo: RGB
    seed: int


@dataclass(frozen=True)
class Outfit:
    """Clothes, glasses and hats."""

    kind: str
    color: RGB
    under: RGB
    """Of the shirt under a suit, and of stripes."""
    third: RGB
    stripes: float
    """Radians per decimeter, 0 for none."""
    across: bool
    plaid: float
    wrinkle: float
    weave: tuple[float, float]
    """Threads per decimeter, contrast."""
    glasses: str
    hat: str
    accent: RGB
    """Of the hat and of colored frames."""
    hat_height: float
    """In [0, 1]: how low a hat sits and how high it stands."""


@dataclass(frozen=True)
class Lamp:
    """One far light."""

    toward: tuple[float, float, float]
    color: RGB
    spread: float
    """How soft it is: deviation of its parts' directions."""


@dataclass(frozen=True)
class Light:
    """Lamps and surroundings."""

    kind: str
    lamps: tuple[Lamp, ...]
    top: RGB
    bottom: RGB
    side: float
    """How much brighter the surroundings are on the person's left."""
    seed: int


@dataclass(frozen=True)
class Background:
    """What is behind: a kind, a seed, and the photo where one was taken."""

    kind: str
    seed: int
    photo: str | None = None
    """Path below the folder of photos."""


@dataclass(frozen=True)
class Develop:
    """What the camera makes of light: exposure, tone, grain, compression."""

    seed: int
    exposure: float
    """Stops."""
    white: RGB
    contrast: float
    saturation: float
    film: float
    """Share of a film's curve against a plain one."""
    vignette: float
    blur: float
    """Pixels at 256."""
    noise: float
    quality: int
    """JPEG quality, 1 to 100."""
    gray: bool


@dataclass(frozen=True)
class Params:
    """A whole portrait; equal params draw equal pictures."""

    seed: int
    species: str
    """human, cat, dog, fox or bear."""
    face: Face
    camera: Camera
    hair: Hair
    beard: Beard
    outfit: Outfit
    light: Light
    background: Background
    develop: Develop

    def to_json(self) -> dict[str, Any]:
        """Return an object that JSON can hold and `from_json` reads back."""
        return dataclasses.asdict(self)

    @classmethod
    def from_json(cls, document: object) -> Params:
        """Return the params written by `to_json`.

        Raises:
            ParamsUnreadable: A field is missing, unknown or of another type.
        """
        return _read(cls, document, "params")


def _read(kind: type[Part], document: object, path: str) -> Part:
    if not isinstance(document, dict):
        raise ParamsUnreadable(f"{path} is no object")
    hints = typing.get_type_hints(kind)
    unknown = set(document) - set(hints)
    missing = set(hints) - set(document)
    if unknown or missing:
        raise ParamsUnreadable(f"{path} lacks {sorted(missing)} and knows no {sorted(unknown)}")
    return kind(
        **{name: _value(hint, document[name], f"{path}.{name}") for name, hint in hints.items()}
    )


def _value(hint: Any, value: object, path: str) -> Any:
    """Return one value of a field as its type has it."""
    arguments = typing.get_args(hint)
    if dataclasses.is_dataclass(hint) and isinstance(hint, type):
        return _read(hint, value, path)
    if type(None) in arguments:
        return None if value is None else _value(arguments[0], value, path)
    if typing.get_origin(hint) is tuple and isinstance(value, (list, tuple)):
        return _items(arguments, list(value), path)
    if typing.get_origin(hint) is dict and isinstance(value, dict):
        return {str(key): _value(arguments[1], item, path) for key, item in value.items()}
    if hint is float and isinstance(value, (int, float)) and not isinstance(value, bool):
        return float(value)
    if hint in (int, str, bool) and type(value) is hint:
        return value
    raise ParamsUnreadable(f"{path} is {value!r}")


def _items(kinds: tuple[Any, ...], values: list[object], path: str) -> tuple[Any, ...]:
    if Ellipsis in kinds:
        kinds = (kinds[0],) * len(values)
    if len(kinds) != len(values):
        raise ParamsUnreadable(f"{path} has {len(values)} values, {len(kinds)} are needed")
    return tuple(_value(kind, value, path) for kind, value in zip(kinds, values, strict=True))
