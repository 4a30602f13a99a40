"""When a search no longer helps."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from limner_models.loho.settings import Settings

SPAN: Final = 50
"""Steps that the running mean of the loss is taken of, and over which its fall is seen."""


class Settling:
    """Follows the loss of the second stage, whose sum the first stage's says nothing of."""

    def __init__(self, settings: Settings) -> None:
        """Begin before the first step."""
        self._settings = settings
        self._means: list[float] = []

    def is_over(self, index: int, total: float) -> bool:
        """Return whether the search may end with a step, counted from 1, of this loss."""
        if index <= self._settings.first:
            return False
        former = self._means[-1] if self._means else total
        self._means.append(former + (total - former) * 2 / (SPAN + 1))
        if len(self._means) <= SPAN or 2 * index <= self._settings.steps:
            return False
        before, now = self._means[-1 - SPAN], self._means[-1]
        return abs(before - now) < self._settings.least_change * abs(before)
