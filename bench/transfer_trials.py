"""Heads drawn with other heads' hair: photos to transfer hair between, and the truth of it."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from PIL import Image

from limner_models.studio.params import Hair, Params
from limner_models.studio.portrait import draw, finish, sit
from limner_models.studio.sampling import sample
from limner_models.studio.variants import bareheaded
from limner_models.studio.workers import run

FIRST_SEED = 100_000
"""Of the people; nothing was trained on them, or on any after."""
SIZE = 512
"""Pixels a side."""
NEAR = 10.0
"""Degrees by which a reference's head is turned otherwise than the person's at most, to a side
and up or down."""
TURNED = 30.0
"""Degrees by which a person's head is turned at most."""
COLORED = ("albedo", "shade", "contrast", "roots", "streaks", "tips", "graying", "roughness")
"""What of some hair is its look, in the studio's words; all else is its shape."""
AROUND = 64
"""The hair's region reaches so far beyond it: the picture's side over this."""

Photo = np.ndarray[Any, np.dtype[np.uint8]]
Mask = np.ndarray[Any, np.dtype[np.bool_]]


@dataclass(frozen=True)
class Trial:
    """One transfer of which the truth is known."""

    person: Photo
    shape: Photo
    look: Photo | None
    """Whose color it is to be; None where it is the shape's own."""
    truth: Photo
    """The person, drawn with that hair."""
    hair: Mask
    """Where the truth has hair."""
    region: Mask
    """Where the person or the truth has hair, and a little around it."""


def trials(count: int, folder: Path, workers: int = 2) -> list[Trial]:
    """Return trials, drawing those that `folder` does not hold yet.

    Every second one takes the look of a third head.
    """
    folder.mkdir(parents=True, exist_ok=True)
    castings = list(itertools.islice(cast(), count))
    missing = [number for number in range(count) if not _stem(folder, number, "truth").exists()]
    run(partial(_draw, folder, castings), missing, workers, lambda _: None)
    return [_read(folder, number) for number in range(count)]


@dataclass(frozen=True)
class Casting:
    """Who takes part in a trial."""

    person: Params
    shape: Params
    look: Params | None

    @property
    def truth(self) -> Params:
        """The person with the hair of the others."""
        hair = self.shape.hair
        if self.look is not None:
            hair = dyed(hair, self.look.hair)
        return replace(self.person, hair=hair)


def cast() -> Iterator[Casting]:
    """Yield who takes part in each trial; nobody does twice."""
    waiting: list[Params] = []
    people = (bareheaded(sample(seed)) for seed in itertools.count(FIRST_SEED))
    wanted = itertools.cycle((1, 2))  # references
    references = next(wanted)
    for newcomer in people:
        if newcomer.hair.style == "bald" or max(map(abs, turn_of(newcomer))) > TURNED:
            continue
        alike = [one for one in waiting if math.dist(turn_of(one), turn_of(newcomer)) <= NEAR]
        if len(alike) < references:
            waiting.append(newcomer)
            continue
        for one in alike[:references]:
            waiting.remove(one)
        shape, *look = alike[:references]
        yield Casting(newcomer, shape, look[0] if look else None)
        references = next(wanted)


def turn_of(params: Params) -> tuple[float, float]:
    """Return how a head is seen to be turned, to a side and up, in degrees."""
    pitch, yaw, _ = params.camera.head
    return yaw - params.camera.yaw, pitch - params.camera.pitch


def dyed(hair: Hair, like: Hair) -> Hair:
    """Return some hair with the look of another's."""
    return replace(hair, **{name: getattr(like, name) for name in COLORED})


def _draw(folder: Path, castings: list[Casting], number: int) -> None:
    """Write a trial's pictures; the truth last, so that it tells they are whole."""
    casting = castings[number]
    person = sit(casting.person, SIZE)
    finish(person).save(_stem(folder, number, "person").with_suffix(""))
    for role in ("shape", "look"):
        reference: Params | None = getattr(casting, role)
        if reference is not None:
            draw(reference, SIZE).save(_stem(folder, number, role).with_suffix(""))
    truth = sit(casting.truth, SIZE)
    settings = truth.params.develop
    brighter = settings.exposure + math.log2(person.gain / truth.gain)  # as exposed as the photo
    alike = replace(truth.params, develop=replace(settings, exposure=brighter))
    finish(replace(truth, params=alike)).save(_stem(folder, number, "truth").with_suffix(""))


def _stem(folder: Path, number: int, role: str) -> Path:
    return folder / f"{number:03d}_{role}.json"


def _read(folder: Path, number: int) -> Trial:
    def picture(role: str, ending: str = ".png") -> Photo:
        stem = _stem(folder, number, role).with_suffix("")
        return np.asarray(Image.open(stem.with_name(stem.name + ending)))

    was, hair = (picture(role, "_alpha.png") for role in ("person", "truth"))
    around = np.ones((2 * (SIZE // AROUND) + 1,) * 2, np.uint8)
    region = cv2.dilate(np.maximum(was, hair), around) > 12
    third = _stem(folder, number, "look").exists()
    return Trial(
        person=picture("person"),
        shape=picture("shape"),
        look=picture("look") if third else None,
        truth=picture("truth"),
        hair=hair > 127,
        region=np.asarray(region),
    )
