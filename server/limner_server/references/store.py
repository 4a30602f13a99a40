"""The store of references: those that come with the server, and those that its operator adds."""

from __future__ import annotations

from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Final

from limner.v1.reasons import ReferenceUnknown
from limner_server.references.reference import Source, Unusable
from limner_server.references.shelf import Shelf

if TYPE_CHECKING:
    from collections.abc import Sequence

    from limner_server.references.reference import Reference

SHIPPED: Final = Path(__file__).parent / "shipped"
"""Portraits that the studio drew; `draw_references.py` draws them again."""


class ReferenceStore:
    """Every reference; the operator's go before the studio's of the same name.

    It reads files: called from threads, not from the event loop.
    """

    def __init__(self, folder: Path) -> None:
        """Read nothing yet.

        Args:
            folder: The operator's; it need not be there.
        """
        self._shelves = {
            Source.STUDIO: Shelf(SHIPPED, Source.STUDIO),
            Source.OPERATOR: Shelf(folder, Source.OPERATOR),
        }

    def references(self, tags: Sequence[str] = ()) -> list[Reference]:
        """Return those that have every one of some tags, by name."""
        every: dict[str, Reference] = {}
        for shelf in self._shelves.values():
            every |= shelf.references()
        return [every[name] for name in sorted(every) if {*tags} <= {*every[name].described.tags}]

    def find(self, name: str) -> Reference:
        """Return the reference of that name.

        Raises:
            ReferenceUnknown: There is none; the message has the three spelled most like it.
        """
        every = {reference.name: reference for reference in self.references()}
        if name not in every:
            near = get_close_matches(name[:64], every, 3, 0) or ["none at all"]
            said = f"no reference is named {name[:64]!r}; there are {', '.join(near)}"
            raise ReferenceUnknown(said)
        return every[name]

    def photo(self, reference: Reference) -> bytes:
        """Return the data of a reference's photo, not of its others.

        Raises:
            ReferenceUnknown: It has gone since it was found.
        """
        try:
            return self._shelves[reference.source].photo(reference)
        except Unusable as error:
            raise ReferenceUnknown(f"{reference.file} cannot be read: {error}") from error
