"""Small pictures of references, kept while they are asked for."""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import TYPE_CHECKING, Final

import numpy as np

from limner_server.imaging import codec
from limner_server.imaging.geometry import shrink
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
    if features:
        photo = _around(photo, features.head)
    return shrink(photo, PREVIEW_PX)


def _around(photo: Photo, head: tuple[float, float, float]) -> Photo:
    """Return as much of the square around a head as the photo shows; all of it where none."""
    x, y, side = head
    height, width, _ = photo.shape
    left, right = (round(min(max(edge, 0), width)) for edge in (x - side / 2, x + side / 2))
    top, bottom = (round(min(max(edge, 0), height)) for edge in (y - side / 2, y + side / 2))
    part = photo[top:bottom, left:right]
    return np.ascontiguousarray(part) if part.size else photo
