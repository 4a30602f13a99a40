"""Getting to know references: each is measured once, when it is first asked what suits somebody."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Final

from limner.v1.reasons import NoFace, ReferenceUnknown
from limner_server.imaging import codec
from limner_server.imaging.pictures import PictureError
from limner_server.pipelines.faces import Selector
from limner_server.pipelines.features import find_features

if TYPE_CHECKING:
    from collections.abc import Sequence

    from limner_server.call import Call
    from limner_server.references.features import Features
    from limner_server.references.known import Known
    from limner_server.references.reference import Reference
    from limner_server.references.store import ReferenceStore
    from limner_server.routing.models import Models

log = logging.getLogger(__name__)

MOST_AT_ONCE: Final = 32
"""References that one call measures: about a second each on a small machine."""

SECONDS_LEFT: Final = 5.0
"""That a call must have to measure one more."""


class Acquaintance:
    """What is known of references, measured where nothing is yet. For one event loop."""

    def __init__(self, store: ReferenceStore, known: Known, models: Models) -> None:
        """Measure references of `store` by `models`, and keep in `known` what they are."""
        self._store = store
        self._known = known
        self._models = models
        self._alone = asyncio.Lock()
        self._faceless: set[str] = set()
        """Digests of photos that show no face, or cannot be read."""

    def of(self, reference: Reference) -> Features | None:
        """Return what is known of a reference's photo already, not of its others."""
        return self._known.get(reference.sha256)

    async def make(self, references: Sequence[Reference], call: Call) -> int:
        """Get to know every view of references, as many as the call has time for.

        Returns:
            How many views are left to be known.

        Raises:
            ModelNotReady, ModelFailed: A network that finds faces or hair cannot be had.
        """
        views = [view for reference in references for view in reference.views]
        if not any(map(self._is_new, views)):
            return 0
        async with self._alone:
            measured: dict[str, Features] = {}
            try:
                return await self._measure(views, measured, call)
            finally:
                if measured:
                    await asyncio.to_thread(self._known.add, measured)

    async def _measure(
        self, views: Sequence[Reference], measured: dict[str, Features], call: Call
    ) -> int:
        new = {view.sha256: view for view in views if self._is_new(view)}
        for count, (sha256, view) in enumerate(new.items()):
            if count == MOST_AT_ONCE or call.remaining() < SECONDS_LEFT:
                return len(new) - count
            try:
                data = await asyncio.to_thread(self._store.photo, view)
                photo = await asyncio.to_thread(codec.decode, data)
                _, measured[sha256] = await find_features(photo, Selector(), self._models, call)
            except (NoFace, ReferenceUnknown, PictureError) as error:
                self._faceless.add(sha256)
                told = {"reference": view.file, "reason": str(error)}
                log.warning("a reference is never recommended", extra=told)
        return 0

    def _is_new(self, reference: Reference) -> bool:
        return reference.sha256 not in self._faceless and self.of(reference) is None
