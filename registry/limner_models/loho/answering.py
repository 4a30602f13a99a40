"""HAIR_OPTIMIZER answered: arrays in, a search, its steps as arrays."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import torch

from limner_models.loho.interruption import interruptible
from limner_models.loho.search import Head, Search, Subjects
from limner_models.loho.settings import Settings
from limner_models.loho.weights import unpacked
from limner_registry.contracts import HAIR_OPTIMIZER, SEARCH_MEASURES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    from limner_models.loho.search import Step

    Arrays = Mapping[str, NDArray[Any]]

LARGEST_PX: Final = 2048
"""Pixels a side of the portraits that are taken."""
MOST_STEPS: Final = 5000
"""Of either stage."""
LEAST_SIDE: Final = 32
"""Pixels at which pictures are compared at least, however little memory there is."""
PREVIEW_SECONDS: Final = 0.5
"""Between two answers with a picture."""


class Answering:
    """Answers searches with the networks of one file, one after the other or side by side."""

    def __init__(
        self, file: Path, device: str, threads: int, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Read the networks.

        Args:
            file: Their weights.
            device: Where to search, as torch names it.
            threads: That one operation may take; they are the whole process's.
            clock: Tells seconds.

        Raises:
            CheckpointDamaged: They cannot be read.
        """
        torch.set_num_threads(threads)
        self._clock = clock
        self._device = torch.device(device)
        self._networks = unpacked(file, self._device)

    def answers(self, inputs: Arrays, check: Callable[[], None]) -> Iterator[Arrays]:
        """Give an answer for each step, and in the end one with what was found.

        Where the device's memory does not do, the search is begun anew at half the size.

        Args:
            inputs: By tensor name, batch axis first, as HAIR_OPTIMIZER has them.
            check: Is called between any two parts of the networks, and ends all by raising.

        Raises:
            ValueError: They are out of range.
        """
        subjects, settings = asked(inputs)
        settings = replace(settings, weights=self._networks.weights)
        settings = replace(settings, side=min(settings.side, self._networks.tools.generator.size))
        while True:
            try:
                with interruptible(check):
                    start = self._networks.start(subjects)
                    search = Search(self._networks.tools, subjects, settings, start)
                yield from self._steps(search, settings, check)
            except torch.cuda.OutOfMemoryError:
                if settings.side <= LEAST_SIDE:
                    raise
                settings = replace(settings, side=settings.side // 2)
            else:
                return
            torch.cuda.empty_cache()

    def _steps(
        self, search: Search, settings: Settings, check: Callable[[], None]
    ) -> Iterator[Arrays]:
        """Give the answers of one search."""
        shown = self._clock()
        last: Step | None = None
        steps = iter(search)
        while True:
            with interruptible(check):
                step = next(steps, None)
            if step is None:
                break
            last = step
            picture = None
            if self._clock() >= shown + PREVIEW_SECONDS:
                shown, picture = self._clock(), bytes_of(step.picture)
            yield answer(step, settings, picture)
        with interruptible(check):
            found = search.drawn()
            shares = torch.cat(self._networks.parser.shares(found), 1)
        yield answer(last, settings, bytes_of(found), bytes_of(2 * shares - 1))


def asked(inputs: Arrays) -> tuple[Subjects, Settings]:
    """Return what a request asks for.

    Raises:
        ValueError: It is out of range.
    """
    photos, maps = inputs["photos"][0], inputs["maps"][0]
    side = photos.shape[1]
    if photos.shape != (3, side, side, 3) or maps.shape != (3, side, side, 2):
        raise ValueError(f"portraits {photos.shape} and maps {maps.shape} are no three squares")
    if not LEAST_SIDE <= side <= LARGEST_PX:
        raise ValueError(f"portraits of {side} pixels are not in [{LEAST_SIDE}, {LARGEST_PX}]")
    first, second = (int(steps) for steps in inputs["steps"][0])
    if not (0 <= first <= MOST_STEPS and 0 <= second <= MOST_STEPS):
        raise ValueError(f"{first} and {second} steps are not in [0, {MOST_STEPS}]")
    seed = int.from_bytes(inputs["seed"][0].tobytes(), "little")
    heads = [_head(photo, shares) for photo, shares in zip(photos, maps, strict=True)]
    return Subjects(*heads), Settings(first=first, second=second, seed=seed)


def answer(
    step: Step | None,
    settings: Settings,
    picture: NDArray[np.uint8] | None,
    maps: NDArray[np.uint8] | None = None,
) -> Arrays:
    """Return one answer, batch axis first.

    Args:
        step: The last that was done; None before the first.
        settings: Of its search.
        picture: SxSx3; None shows none.
        maps: SxSx2, likewise.
    """
    done = 0 if step is None else step.index
    values: dict[str, NDArray[Any]] = {
        "steps": np.array([done, settings.steps], np.int16),
        "measures": np.array([_measures(step)[name] for name in SEARCH_MEASURES], np.float32),
        "side": np.array([settings.side], np.int16),
        "picture": np.zeros((0, 0, 3), np.uint8) if picture is None else picture,
        "maps": np.zeros((0, 0, 2), np.uint8) if maps is None else maps,
    }
    return {tensor.name: values[tensor.name][None] for tensor in HAIR_OPTIMIZER.outputs}


def bytes_of(planes: torch.Tensor) -> NDArray[np.uint8]:
    """Return planes, 1xCxSxS in [-1, 1], as SxSxC uint8."""
    levels = (planes[0].clamp(-1, 1) + 1) * 127.5
    made: NDArray[np.uint8] = levels.round().byte().permute(1, 2, 0).contiguous().cpu().numpy()
    return made


def _head(photo: NDArray[np.uint8], shares: NDArray[np.uint8]) -> Head:
    """Return a portrait of SxSx3 and SxSx2 bytes."""
    planes, hair_face = (
        torch.from_numpy(array.copy()).permute(2, 0, 1)[None].float() for array in (photo, shares)
    )
    masks = (hair_face > 127.5).float()
    return Head(planes / 127.5 - 1, masks[:, :1], masks[:, 1:])


def _measures(step: Step | None) -> Mapping[str, float]:
    known = dict.fromkeys(SEARCH_MEASURES, 0.0)
    if step is not None:
        before, after = step.cosines or (0.0, 0.0)
        known |= {**step.losses, "total": step.total, "overlap": step.overlap}
        known |= {"cosine_before": before, "cosine_after": after}
    return known
