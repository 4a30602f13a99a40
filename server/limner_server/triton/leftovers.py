"""What a killed tritonserver leaves behind, told from what others still use."""

from __future__ import annotations

import contextlib
import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, Final

import psutil

if TYPE_CHECKING:
    from collections.abc import Iterator

SHM: Final = Path("/dev/shm")  # noqa: S108 - the place itself, not a temporary file
TEMPORARY: Final = Path("/tmp")  # noqa: S108 - where Triton's Python backend puts its folder
OURS: Final = "shm-region-prefix-name=limner_"
"""What Limner's Tritons are told."""
CLOCK_SECONDS: Final = 2.0
"""How exactly it is known when a process began."""


def shm_prefix(state: Path) -> str:
    """Return the prefix of every /dev/shm region that the runners of `state` make."""
    return f"limner_{hashlib.sha256(str(state.resolve()).encode()).hexdigest()[:12]}_"


class Leftovers:
    """What one Triton leaves behind when it is killed."""

    def __init__(self, state: Path) -> None:
        """Tell them from what is there now, before a Triton is started over `state`."""
        self._regions = f"{shm_prefix(state)}*"
        self._others = set(_folders())

    def sweep(self) -> None:
        """Remove what killed runners left in /dev/shm, and an empty folder in /tmp.

        The folder's name does not say whose it is. So it must be newer than this, and older than
        every Triton of others that runs: what a living one made stays. Limner's own put nothing
        into theirs, and do not miss it.
        """
        for region in SHM.glob(self._regions):
            with contextlib.suppress(OSError):
                region.unlink()
        oldest = min(_strangers(), default=float("inf")) - CLOCK_SECONDS
        for folder in set(_folders()) - self._others:
            with contextlib.suppress(OSError):  # one that holds something is no leftover
                if folder.stat().st_mtime < oldest:
                    folder.rmdir()


def _folders() -> Iterator[Path]:
    """Return what Triton's Python backends have made, each one folder."""
    return TEMPORARY.glob("python_env_??????")


def _strangers() -> Iterator[float]:
    """Return when each Triton that is not Limner's began, in seconds since 1970."""
    for process in psutil.process_iter(["name", "cmdline", "create_time"]):
        words = process.info["cmdline"] or ()  # of one that has ended there are none
        if process.info["name"] == "tritonserver" and words and OURS not in " ".join(words):
            yield process.info["create_time"]
