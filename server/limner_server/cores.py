"""How many cores there are for this process: what a container's limit leaves of the machine's."""

from __future__ import annotations

import math
import os
from functools import cache
from pathlib import Path
from typing import Final

GROUP: Final = Path("/sys/fs/cgroup")
"""Where Linux writes what a container may take."""


@cache
def cores_here() -> int:
    """Return how many cores this process may keep busy, at least 1; asked of the kernel once.

    Those that it may run on, or fewer where it may not have all of their time: a part of one
    counts as one.
    """
    return max(1, min(len(os.sched_getaffinity(0)), _quota(GROUP)))


def _quota(group: Path) -> int:
    """Return the cores whose time a container may take, rounded up; more than any has if all."""
    told = _words(group / "cpu.max") or [
        *_words(group / "cpu/cpu.cfs_quota_us"),
        *_words(group / "cpu/cpu.cfs_period_us"),
    ]
    if len(told) != 2 or not all(word.isdecimal() and int(word) for word in told):
        return 1 << 16  # `max`, -1, or nothing said
    taken, period = map(int, told)
    return math.ceil(taken / period)


def _words(file: Path) -> list[str]:
    return file.read_text().split() if file.is_file() else []
