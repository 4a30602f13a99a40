"""How long work takes here, by what was measured of late."""

from __future__ import annotations

from typing import Final, Generic, TypeVar

SHARE: Final = 0.2
"""Weight of the newest of many times: the mean is that of about the last ten."""
UNKNOWN: Final = 0.25
"""Seconds that are expected of what has never been done here."""

Kind = TypeVar("Kind")


class Pace(Generic[Kind]):
    """Exponentially weighted means of seconds, one for each kind of work."""

    def __init__(self) -> None:
        """Begin without any."""
        self._means: dict[Kind, float] = {}

    def took(self, kind: Kind, seconds: float) -> None:
        """Learn how long one piece of work took; the first one is believed as it is."""
        mean = self._means.get(kind, seconds)
        self._means[kind] = mean + SHARE * (seconds - mean)

    def of(self, kind: Kind) -> float | None:
        """Return the mean of a kind; None while there is no time of it."""
        return self._means.get(kind)


class CallPace:
    """The means of each kind of work, apart by the size of its photos."""

    def __init__(self) -> None:
        """Begin without any."""
        self._means: Pace[tuple[str, int]] = Pace()

    def took(self, work: str, pixels: int, seconds: float) -> None:
        """Learn how long a call took that had so many pixels."""
        self._means.took((work, size_class(pixels)), seconds)

    def of(self, work: str, pixels: int) -> float:
        """Return the seconds that a call is expected to take.

        Where none of its size was seen, the next smaller size's mean says how long, in proportion;
        the next larger one's else.
        """
        wanted = size_class(pixels)
        smaller = range(wanted, -1, -1)
        for size in (*smaller, *range(wanted + 1, CLASSES)):
            mean = self._means.of((work, size))
            if mean is not None:
                return mean * float(4 ** max(wanted - size, 0))
        return UNKNOWN


CLASSES: Final = 8
"""Sizes that are told apart."""


def size_class(pixels: int) -> int:
    """Return the class of a size: 0 below a megapixel, each next one up to four times as large."""
    return min((int(pixels / 1e6).bit_length() + 1) // 2, CLASSES - 1)
