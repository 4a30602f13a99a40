"""A document that people write, read field by field, so that all that is wrong is told at once."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Any, Final, TypeVar

if TYPE_CHECKING:
    import enum
    from collections.abc import Iterator

    Choice = TypeVar("Choice", bound=enum.StrEnum)

MAX_ROWS = 100
"""A longer list is not read."""
KEY: Final = re.compile(r"(?!.*-bin$)[a-z0-9_.-]{1,200}")
"""What gRPC takes for a key of metadata whose value is text."""


class Form:
    """One object of a document; a field that is wrong reads as its default and is remembered.

    Every reading method names a field and what it may be. A field without a default must be
    there. `finish` then finds the fields that nobody asked for.
    """

    def __init__(self, document: Any, path: str, violations: list[str]) -> None:
        self.path = path
        self._violations = violations
        self._rest: dict[Any, Any] = dict(document) if isinstance(document, dict) else {}
        if not isinstance(document, dict):
            self.refuse("", "must be an object with named fields")

    def refuse(self, name: str, text: str) -> None:
        """Remember that a field, or the whole object where `name` is empty, is wrong."""
        at = ".".join(part for part in (self.path, name) if part) or "the document"
        self._violations.append(f"{at} {text}")

    def number(self, name: str, low: float, high: float, default: float | None = None) -> float:
        """Return a number in [low, high]."""
        value = self._take(name, default)
        if isinstance(value, int | float) and not isinstance(value, bool) and low <= value <= high:
            return float(value)
        self.refuse(name, f"must be a number from {low:g} to {high:g}, not {value!r:.40}")
        return low if default is None else default

    def whole(self, name: str, low: int, high: int, default: int | None = None) -> int:
        """Return a whole number in [low, high]; JSON need not tell 5 from 5.0."""
        value = self._take(name, default)
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        if isinstance(value, int) and not isinstance(value, bool) and low <= value <= high:
            return value
        self.refuse(name, f"must be a whole number from {low} to {high}, not {value!r:.40}")
        return low if default is None else default

    def flag(self, name: str, *, default: bool) -> bool:
        value = self._take(name, default)
        if not isinstance(value, bool):
            self.refuse(name, f"must be true or false, not {value!r:.40}")
        return value is True

    def text(self, name: str, default: str | None = None) -> str:
        """Return printable text of 1 to 200 characters."""
        value = self._take(name, default)
        if isinstance(value, str) and 0 < len(value) <= 200 and value.isprintable():
            return value
        self.refuse(name, f"must be 1 to 200 printable characters, not {value!r:.40}")
        return default or "?"

    def key(self, name: str) -> str:
        """Return a key of gRPC's metadata, in lower case, as every call has it."""
        value = self._take(name, None)
        key = value.lower() if isinstance(value, str) else ""
        if KEY.fullmatch(key):
            return key
        wanted = "1 to 200 letters, digits, '-', '_' or '.' that do not end in -bin"
        self.refuse(name, f"must be {wanted}, not {value!r:.40}")
        return "?"

    def choice(self, name: str, among: type[Choice], default: Choice | None = None) -> Choice:
        """Return the member of an enum that the field names."""
        value = self._take(name, default)
        if value in list(among):
            return among(value)
        self.refuse(name, f"must be one of {', '.join(among)}, not {value!r:.40}")
        return default or next(iter(among))

    def given(self, name: str) -> bool:
        """Return whether a field that may be left out, or null, is there; drop a null."""
        if self._rest.get(name) is None:
            self._rest.pop(name, None)
            return False
        return True

    def form(self, name: str) -> Form:
        """Return the object in a field, an empty one where it is left out."""
        return Form(self._take(name, {}), f"{self.path}.{name}".lstrip("."), self._violations)

    def forms(self, name: str) -> Iterator[Form]:
        """Yield the objects of a list that must be there and not be empty."""
        rows = self._take(name, None)
        if not isinstance(rows, list) or not 0 < len(rows) <= MAX_ROWS:
            self.refuse(name, f"must be a list of 1 to {MAX_ROWS} entries")
            return
        for place, row in enumerate(rows):
            path = f"{self.path}.{name}[{place}]".lstrip(".")
            yield Form(row, path, self._violations)

    def names(self) -> list[str]:
        """Return the names of the fields that were not read yet."""
        return [str(name) for name in self._rest]

    def finish(self) -> None:
        """Refuse every field that was not read: what is not understood is not ignored."""
        for name in self.names():
            self.refuse(name[:40], "is not a field that is known here")

    def _take(self, name: str, default: Any) -> Any:
        value = self._rest.pop(name, default)
        return math.nan if value is None and default is not None else value
