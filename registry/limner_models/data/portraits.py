"""Layered portraits as the studio writes them: read, listed and digested."""

from __future__ import annotations

import hashlib
import json
import zipfile
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

import cv2
import numpy as np

from limner_models.errors import MaterialDamaged, MaterialMissing

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    Floats = NDArray[np.float32]
    Labels = NDArray[np.uint8]

BACKGROUND, HAIR, FACE_SKIN, BODY_SKIN, CLOTHES, EYES, BROWS, LIPS, EARS, BEARD = range(10)
MOUTH, ACCESSORY, FUR, NOSE = range(10, 14)
"""The studio's labels."""

MAX_SIDE = 2048
"""Pixels; a larger array is refused before it is read."""


@dataclass(frozen=True)
class Portrait:
    """One drawn head without its background, and what is exactly known about it."""

    foreground: Floats
    """SxSx3, linear light, premultiplied by coverage, from 0 to about 6."""
    coverage: Floats
    """SxS in [0, 1]: share of a pixel that shows the person."""
    hair: Floats
    """SxS in [0, 1]: share of a pixel that shows hair; at most the coverage."""
    labels: Labels
    """SxS: what most of a pixel shows."""
    points: Mapping[str, tuple[float, float]]
    """Landmarks by name, (x, y) in pixels; left is the person's own."""
    params: Mapping[str, Any]
    """What it was drawn from."""
    shades: Mapping[str, Floats] = field(default_factory=lambda: MappingProxyType({}))
    """The foreground with the hair in other colors, by the color's name."""


@dataclass(frozen=True)
class Bald:
    """A drawn head as it is beneath its hair."""

    foreground: Floats
    """SxSx3, as the portrait's."""
    coverage: Floats
    """SxS in [0, 1]."""
    skull: Floats
    """SxS of 0 and 1: what skull and face would hide were they convex."""


SKULL: Final = (FACE_SKIN, EYES, BROWS, LIPS, BEARD, MOUTH, NOSE)
"""Labels of what a skull's outline goes around."""


def read(path: Path, *shades: str) -> Portrait:
    """Read one portrait; nothing in the file is unpickled.

    Args:
        path: NNNNNN.npz.
        shades: Which recolored foregrounds to read too; `*` reads all there are.

    Raises:
        MaterialMissing: There is no such file.
        MaterialDamaged: It is not what the studio writes, or lacks a shade.
    """
    try:
        with np.load(path, allow_pickle=False) as file:
            _check_sizes(path)
            offered = {
                name.removeprefix("foreground_"): name
                for name in file.files
                if name.startswith("foreground_")
            }
            wanted = offered if "*" in shades else {shade: offered[shade] for shade in shades}
            return Portrait(
                foreground=file["foreground"].astype(np.float32),
                coverage=_shares(file["coverage"]),
                hair=_shares(file["hair"]),
                labels=file["labels"],
                points=_named(file),
                params=json.loads(str(file["params"])),
                shades={shade: file[name].astype(np.float32) for shade, name in wanted.items()},
            )
    except FileNotFoundError as error:
        raise MaterialMissing(f"there is no {path}") from error
    except (KeyError, ValueError, OSError, zipfile.BadZipFile) as error:
        raise MaterialDamaged(f"{path} is no layered portrait: {error}") from error


def read_bald(path: Path) -> tuple[Portrait, Bald]:
    """Read a portrait that was drawn with what is beneath its hair.

    Raises:
        MaterialMissing: There is no such file.
        MaterialDamaged: It is not what the studio writes, or the head is not drawn bald as well.
    """
    portrait = read(path)
    try:
        with np.load(path, allow_pickle=False) as file:
            light, labels = file["bald_foreground"].astype(np.float32), file["bald_labels"]
            bald = Bald(light, _shares(file["bald_coverage"]), _skull(labels))
    except (KeyError, ValueError) as error:
        raise MaterialDamaged(f"{path} does not show what is beneath hair: {error}") from error
    if bald.foreground.shape != portrait.foreground.shape:
        raise MaterialDamaged(f"{path} shows another size beneath its hair")
    return portrait, bald


def _skull(labels: Labels) -> Floats:
    """Return 1 within the convex hull of a bald head without its ears and neck, else 0."""
    whole = np.zeros(labels.shape, np.float32)
    places = np.argwhere(np.isin(labels, SKULL))[:, ::-1].astype(np.int32)
    if len(places):
        cv2.fillConvexPoly(whole, cv2.convexHull(places), (1.0,))
    return whole


def files(folder: Path, numbers: Iterable[int]) -> tuple[Path, ...]:
    """Return the files of the portraits with these numbers.

    Raises:
        MaterialMissing: Some are not there; the message says how many and names the first.
    """
    wanted = [folder / f"{number:06d}.npz" for number in numbers]
    there = {path.name for path in folder.glob("*.npz")} if folder.is_dir() else set()
    missing = [path for path in wanted if path.name not in there]
    if missing:
        raise MaterialMissing(
            f"{folder} lacks {len(missing)} of {len(wanted)} portraits, the first {missing[0].name}"
        )
    return tuple(wanted)


def digest(paths: Iterable[Path]) -> str:
    """Return the sha256 of the files' names and contents, in their order."""
    whole = hashlib.sha256()
    for path in paths:
        with path.open("rb") as opened:
            content = hashlib.file_digest(opened, "sha256").hexdigest()
        whole.update(f"{path.name} {content}\n".encode())
    return whole.hexdigest()


def _check_sizes(path: Path) -> None:
    """Raise ValueError where an array would unpack to more than any portrait holds."""
    with zipfile.ZipFile(path) as archive:
        for member in archive.infolist():
            if member.file_size > MAX_SIDE * MAX_SIDE * 3 * 4:
                raise ValueError(f"{member.filename} has {member.file_size} bytes")


def _shares(array: NDArray[np.uint8]) -> Floats:
    if array.dtype != np.uint8 or array.ndim != 2:
        raise ValueError(f"an alpha is {array.dtype}{list(array.shape)}")
    return np.asarray(array * np.float32(1 / 255), np.float32)


def _named(file: Any) -> dict[str, tuple[float, float]]:
    """Return the landmarks by name; a file that holds no names has the studio's order."""
    if "names" in file.files:
        names = [str(name) for name in file["names"]]
    else:
        from limner_models.studio.landmarks import LANDMARKS  # noqa: PLC0415

        names = list(LANDMARKS)
    places = file["landmarks"]
    return {name: (float(x), float(y)) for name, (x, y) in zip(names, places, strict=True)}
