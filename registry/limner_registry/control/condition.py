"""Something that may be away: the log is told when that begins and when it is over."""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass, field

log = logging.getLogger(__name__)


@dataclass
class Condition:
    """Whether a part of the work can be done."""

    work: str
    """What waits while it cannot, such as `decisions`."""
    trouble: type[Exception] | None = None
    """Why it cannot; None while it can."""
    done_at: float = field(default_factory=time.monotonic)
    """When it was done last, on time.monotonic()'s clock; before that, when waiting began."""

    def failed(self, error: Exception) -> None:
        """Note that the work could not be done; say so unless it was so before."""
        if self.trouble is not type(error):
            log.warning("%s wait", self.work, extra={"detail": str(error)})
        self.trouble = type(error)

    def done(self) -> None:
        """Note that the work was done; say so where it could not be before."""
        if self.trouble is not None:
            log.info("%s go on", self.work)
        self.trouble = None
        self.done_at = time.monotonic()
