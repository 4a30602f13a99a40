"""What can be seen of an answer alone, and of two answers to one input.

A flag says that an answer is useless whatever the photo shows; where photos are at fault, both
versions of a rollout see as many of them.
"""

from __future__ import annotations

import asyncio
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from limner_registry.color import ciede2000, srgb_to_lab
from limner_registry.contracts import (
    ANIMALIZER,
    BACKGROUND_BLENDER,
    COLOR_CORRECTOR,
    COMPOSER,
    DYE_BANK,
    DYE_GENERATOR,
    HAIR_MATTER,
    HAIR_REMOVER,
    HAIR_SEGMENTER,
    PERSON_SEGMENTER,
    STYLIZER,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray

    from limner_registry.contract import Contract

    Answers = Mapping[str, NDArray[Any]]

EMPTY: Final = 0.002
"""Share of the pixels below which a mask shows nothing."""

FLAT: Final = 1e-3
"""Range of an answer, in [0, 1], below which it shows nothing."""

ROUNDED: Final = 0.01
"""That shares of a whole may be off."""

STRIDE: Final = 4
"""Every how many pixels two pictures are compared."""

MEANS: Final[Mapping[str, tuple[str, str, float]]] = MappingProxyType(
    {
        HAIR_MATTER.model: ("alpha_sad", "alpha", 1.0),
        STYLIZER.model: ("field_mean", "fields", 32767.0),
        COMPOSER.model: ("mask_mean", "masks", 1.0),
        ANIMALIZER.model: ("drawn_mean", "drawn", 255.0),
        HAIR_REMOVER.model: ("beneath_mean", "beneath", 255.0),
    }
)
"""Models whose answers differ by the mean of one tensor: the measure, the tensor, its 1."""

AT_ONCE_BYTES: Final = 1 << 18
"""Answers up to here are looked at within microseconds, faster than a thread could be asked to."""


async def look(contract: Contract, answers: Answers) -> bool:
    """Return whether an answer `is_flawed`, without holding the event loop up for large ones."""
    if sum(array.nbytes for array in answers.values()) <= AT_ONCE_BYTES:
        return is_flawed(contract, answers)
    return await asyncio.to_thread(is_flawed, contract, answers)


def is_flawed(contract: Contract, answers: Answers) -> bool:
    """Return whether an answer is useless: not finite, out of all range, or empty.

    Args:
        contract: What was asked.
        answers: Arrays by tensor name, batch axis first.
    """
    if any(not np.isfinite(array).all() for array in answers.values() if array.dtype.kind == "f"):
        return True
    flaw = FLAWS.get(contract.model)
    return flaw(answers) if flaw else False


def difference(contract: Contract, one: Answers, other: Answers) -> tuple[str, float] | None:
    """Return how two answers to the same input differ, and in what measure; None without one.

    `mask_iou` is in [0, 1] and 1 for the same; `alpha_sad` is the mean absolute difference in
    [0, 1]; `ciede2000` the mean color difference, at least 0; `field_mean` the mean absolute
    difference of drawn fields, in [0, 1]; `mask_mean` that of a composer's shares; `drawn_mean`
    that of a drawn head's colors and alpha; `beneath_mean` that of heads without hair; `largest`
    the largest of all.
    """
    if contract in (HAIR_SEGMENTER, PERSON_SEGMENTER):
        return "mask_iou", _iou(_mask(contract, one), _mask(contract, other))
    if contract in (DYE_GENERATOR, DYE_BANK):
        labs = [
            srgb_to_lab(np.clip(answer["dyed"][:, ::STRIDE, ::STRIDE], 0, 1))
            for answer in (one, other)
        ]
        return "ciede2000", float(ciede2000(*labs).mean())
    if contract.model in MEANS:
        measure, name, whole = MEANS[contract.model]
        gap = np.abs(np.subtract(one[name], other[name], dtype=np.float32))
        return measure, float(gap.mean()) / whole
    gaps = [float(np.abs(one[name] - other[name]).max(initial=0)) for name in one]
    return "largest", max(gaps)


def _iou(one: NDArray[np.bool_], other: NDArray[np.bool_]) -> float:
    either = np.count_nonzero(one | other)
    return np.count_nonzero(one & other) / either if either else 1.0


def _mask(contract: Contract, answers: Answers) -> NDArray[np.bool_]:
    """Return what an answer takes for the subject."""
    if contract is HAIR_SEGMENTER:
        hair: NDArray[np.bool_] = answers["classes"].argmax(1) == 1
        return hair
    name = contract.outputs[0].name
    person: NDArray[np.bool_] = answers[name] > 0.5
    return person


def _nobody(answers: Answers) -> bool:
    """Return whether a map of classes shows background alone."""
    return bool((answers["classes"].argmax(1) != 0).mean() < EMPTY)


def _headless(answers: Answers) -> bool:
    """Return whether a drawn crop is all clear, or has no point of its head in sight."""
    alpha, anchors = answers["drawn"][..., 3], answers["anchors"]
    seen = ((anchors >= 0) & (anchors <= 1)).all(-1)
    clear = (alpha > 127).reshape(len(alpha), -1).mean(1) < EMPTY
    return bool(clear.any() or not seen.any(1).all())


def _flat(name: str) -> Callable[[Answers], bool]:
    def flat(answers: Answers) -> bool:
        return bool((np.ptp(answers[name].reshape(len(answers[name]), -1), 1) < FLAT).any())

    return flat


FLAWS: Final[Mapping[str, Callable[[Answers], bool]]] = {
    HAIR_SEGMENTER.model: _nobody,
    PERSON_SEGMENTER.model: lambda answers: not _mask(PERSON_SEGMENTER, answers).any(),
    HAIR_MATTER.model: _flat("alpha"),
    DYE_GENERATOR.model: _flat("dyed"),
    DYE_BANK.model: _flat("dyed"),
    STYLIZER.model: lambda answers: bool((answers["fields"] < 0).any()),
    COMPOSER.model: lambda answers: bool((np.abs(answers["masks"].sum(-1) - 1) > ROUNDED).any()),
    COLOR_CORRECTOR.model: _flat("corrected"),
    BACKGROUND_BLENDER.model: _flat("picture"),
    ANIMALIZER.model: _headless,
    HAIR_REMOVER.model: _flat("beneath"),
}
