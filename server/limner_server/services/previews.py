"""Small pictures of references, kept while they are asked for."""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import TYPE_CHECKING, Final

from limner_server.imaging import codec
from limner_server.imaging.geometry import Region, crop, shrink
from limner_server.services import wire

if TYPE_CHECKING:
    from limner_server.imaging.arrays import Photo
    from limner_server.references.features import Features
    from limner_server.references.reference import Reference
    from limner_server.references.store import ReferenceStore

PREVIEW_PX: Final = 256
"""Pixels a side, at most."""

KEPT: Final = 256
"""Previews that are kept: 50 MB."""


class Previews:
    """The heads of references, drawn small once. For several threads."""

    def __init__(self, store: ReferenceStore) -> None:
        """Begin with none."""
        self._store = store
        self._lock = threading.Lock()
        self._kept: OrderedDict[tuple[str, bool], Photo] = OrderedDict()
        """By the photo's digest and whether it was known where its head is."""

    def preview(self, reference: Reference, features: Features | None) -> Photo:
        """Return the head of a reference; all of the photo where nobody knows where that is.

        Raises:
            ReferenceUnknown: It has gone.
            ImageUnreadable: Its photo is broken.
        """
        key = reference.sha256, features is not None
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key]
        drawn = _drawn(self._store.photo(reference), features)
        with self._lock:
            self._kept[key] = drawn
            while len(self._kept) > KEPT:
                self._kept.popitem(last=False)
        return drawn


def _drawn(data: bytes, features: Features | None) -> Photo:
    with wire.our_words():
        photo = codec.decode(data)
    if features is None:
        return shrink(photo, PREVIEW_PX)
    x, y, side = features.head
    return crop(photo, Region(x, y, side, side), PREVIEW_PX, PREVIEW_PX, "edge")
