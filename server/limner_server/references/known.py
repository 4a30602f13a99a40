"""Features that were measured before, by the digest of the photo that they were measured on."""

from __future__ import annotations

import json
import logging
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Final

from limner_server.references.features import Features, FeaturesUnreadable
from limner_server.references.files import read_bounded, write_whole
from limner_server.references.reference import Unusable

if TYPE_CHECKING:
    from collections.abc import Mapping

log = logging.getLogger(__name__)

SHIPPED: Final = Path(__file__).parent / "features.json"
"""Of the references that come with the server: what one wrote that had begun with an empty file."""

MOST: Final = 4000
"""Photos whose features are kept; the longest known go first."""

MOST_BYTES: Final = 16 * 1024 * 1024


class Known:
    """What is known of photos: kept in memory, and in a file over restarts. For several threads."""

    def __init__(self, file: Path) -> None:
        """Read what is known already.

        Args:
            file: Where it is kept; need not be there, and is begun anew if it is damaged.
        """
        self._file = file
        self._lock = threading.Lock()
        self._shipped = read_features(SHIPPED)
        self._features: dict[str, Features] = {}
        if file.exists():
            try:
                self._features = read_features(file)
            except (Unusable, FeaturesUnreadable) as error:
                told = {"file": str(file), "reason": str(error)}
                log.warning("what is known of references is measured anew", extra=told)

    def get(self, sha256: str) -> Features | None:
        """Return what is known of a photo, if anything is."""
        return self._shipped.get(sha256) or self._features.get(sha256)

    def add(self, features: Mapping[str, Features]) -> None:
        """Keep what was measured; a file that cannot be written is logged, and no more."""
        with self._lock:
            together = {**self._features, **features}
            self._features = dict(list(together.items())[-MOST:])
            text = json_of(self._features)
            try:
                write_whole(self._file, text)
            except OSError as error:
                told = {"file": str(self._file), "reason": str(error.strerror)}
                log.warning("what is known of references is not kept", extra=told)


def json_of(features: Mapping[str, Features]) -> bytes:
    """Return features as a file has them, by the photos' digests."""
    lines = [
        f"{json.dumps(sha256)}: {json.dumps(known.to_json())}" for sha256, known in features.items()
    ]
    return ("{\n" + ",\n".join(lines) + "\n}\n").encode()


def read_features(file: Path) -> dict[str, Features]:
    """Return what a file says of photos, by their digests.

    Raises:
        Unusable: It cannot be read.
        FeaturesUnreadable: It holds something else.
    """
    data = read_bounded(file, MOST_BYTES)
    try:
        document = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise FeaturesUnreadable(f"{file.name} is no JSON: {error}") from error
    if not isinstance(document, dict):
        raise FeaturesUnreadable(f"{file.name} is no object")
    return {sha256: Features.from_json(known) for sha256, known in document.items()}
