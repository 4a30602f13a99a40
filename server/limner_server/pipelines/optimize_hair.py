"""Hair searched for: three portraits aligned and parsed, the search followed, its hair returned."""

from __future__ import annotations

from contextlib import aclosing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from limner.v1.reasons import ModelFailed
from limner_registry.contracts import HAIR_OPTIMIZER, HAIR_SEGMENTER, SEARCH_MEASURES
from limner_registry.face_template import aligned, five_of_mesh
from limner_server.imaging.aligning import align
from limner_server.imaging.hair_map import Label

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from limner_server.call import Call
    from limner_server.imaging.aligning import Matrix
    from limner_server.imaging.arrays import Matte, Photo, Plane, Points
    from limner_server.pipelines.course import Course
    from limner_server.routing.models import Models

SIDE: Final = HAIR_SEGMENTER.inputs[0].shape[0]
"""Pixels of aligned portraits; a generator that draws fewer looks at fewer."""

USUAL_STEPS: Final = 200
"""Of both stages, where nobody says how many: the search begins with the person's own styles."""

STEP_SECONDS: Final = 0.5
"""That a step takes on two cores, with the starter's generator."""


@dataclass(frozen=True, eq=False)
class Portrait:
    """A head as generators draw heads."""

    crop: Photo
    """SIDExSIDEx3 uint8, aligned to `face_template`."""
    matrix: Matrix
    """2x3, from the photo's pixels to the crop's."""
    hair: Plane | None = None
    """SIDExSIDE uint8, its hair's share; None leaves it to the segmenter."""


@dataclass(frozen=True)
class Search:
    """What a caller may choose."""

    steps: int = 0
    """Of both stages together, in [0, 2000]; 0 takes USUAL_STEPS."""
    seed: int = 0
    """In [0, 2**32)."""

    @property
    def stages(self) -> tuple[int, int]:
        """The steps of either stage."""
        steps = self.steps or USUAL_STEPS
        return steps // 3, steps - steps // 3


@dataclass(frozen=True, eq=False)
class Found:
    """What a search has found."""

    picture: Photo
    """SxSx3 uint8: the person with the hair, as the generator draws them."""
    hair: Matte
    """SxS float32, how likely each pixel is hair, in [0, 1]."""
    face: Matte
    """SxS float32, likewise."""
    matrix: Matrix
    """2x3, from the person's photo to the picture."""
    measures: Mapping[str, float]
    """Of the last step, by name of SEARCH_MEASURES."""
    steps: int
    """That were taken."""


def portrait_of(photo: Photo, landmarks: Points, hair: Plane | None = None) -> Portrait:
    """Return a head's portrait.

    Args:
        photo: HxWx3 uint8, sRGB.
        landmarks: 478x3 float32, pixels of the photo.
        hair: HxW uint8, the hair's share, where that is known.
    """
    matrix = aligned(five_of_mesh(landmarks), SIDE)
    share = None if hair is None else align(hair, matrix, SIDE)
    return Portrait(align(photo, matrix, SIDE), matrix, share)


def expected_seconds(search: Search) -> float:
    """Return how long a search may take."""
    return sum(search.stages) * STEP_SECONDS


async def optimize(
    person: Portrait,
    shape: Portrait,
    look: Portrait,
    search: Search,
    models: Models,
    call: Call,
    course: Course,
) -> Found:
    """Return a person with the hair of one portrait, in the color and strands of another.

    Args:
        person: Whose face.
        shape: Whose hair's shape and structure: best the same person, hair laid on.
        look: Whose hair's color and strands.
        search: How long to go on.
        models: Runs the networks.
        call: Whose time it takes.
        course: Learns of each step, and is shown what the picture comes to.

    Raises:
        ModelNotReady: No version of the optimizer or of the segmenter is ready.
        ModelFailed: The search failed.
        DeadlinePassed: The call's time is over.
        OverloadedWork: It would have to wait for too long.
    """
    call.use_of(HAIR_OPTIMIZER.model)
    crops = np.stack([portrait.crop for portrait in (person, shape, look)])
    classes = (await models.infer(HAIR_SEGMENTER, {"image": crops}, call))["classes"]
    asked = _asked((person, shape, look), classes, search)
    course.begin("search", sum(search.stages))
    last: Mapping[str, NDArray[Any]] | None = None
    told = 0
    async with aclosing(models.follow(HAIR_OPTIMIZER, asked, call)) as run:
        async for answer in run:
            last = answer
            done = int(answer["steps"][0, 0])
            for _ in range(told, done):
                course.advance()
            told = max(told, done)
            course.measures = _measured(answer)
            if answer["picture"].size:
                course.preview = answer["picture"][0]
    if last is None or not last["maps"].size:
        raise ModelFailed(f"{HAIR_OPTIMIZER.model} ended without a picture")
    side = int(last["side"][0, 0])
    picture = last["picture"][0]
    if side < min(len(picture), SIDE):
        said = f"there was too little memory: pictures were compared at {side} pixels"
        call.warn("SEARCH_REDUCED", said)
    hair, face = np.moveaxis(last["maps"][0] / np.float32(255), 2, 0)
    factor = len(picture) / SIDE
    return Found(
        picture=picture,
        hair=hair,
        face=face,
        matrix=_enlarged(person.matrix, factor),
        measures=_measured(last),
        steps=told,
    )


def _asked(
    portraits: tuple[Portrait, ...], classes: NDArray[np.float32], search: Search
) -> dict[str, Any]:
    """Return a search as the runner is asked for it."""
    shares = classes[:, [Label.HAIR, Label.FACE_SKIN]].transpose(0, 2, 3, 1)
    maps = np.rint(shares * 255).astype(np.uint8)
    for portrait, (hair, face) in zip(portraits, np.moveaxis(maps, 3, 1), strict=True):
        if portrait.hair is not None:
            hair[:] = portrait.hair
            np.minimum(face, 255 - portrait.hair, out=face)
    return {
        "photos": np.stack([portrait.crop for portrait in portraits])[None],
        "maps": maps[None],
        "steps": np.array([search.stages], np.int16),
        "seed": np.frombuffer(search.seed.to_bytes(4, "little"), np.uint8)[None],
    }


def _measured(answer: Mapping[str, NDArray[Any]]) -> dict[str, float]:
    """Return what an answer tells of its step, by name of SEARCH_MEASURES."""
    return dict(zip(SEARCH_MEASURES, map(float, answer["measures"][0]), strict=True))


def _enlarged(matrix: Matrix, factor: float) -> Matrix:
    """Return the map to a crop that has so many times the pixels a side."""
    larger = matrix * factor
    larger[:, 2] += 0.5 * factor - 0.5  # indices name the middles of pixels
    return larger
