"""Names in /dev/shm that say which process they belong to, so that others can clear up after it."""

from __future__ import annotations

import contextlib
import functools
import itertools
import os
import re
from pathlib import Path
from typing import Final

from limner_server.triton.leftovers import SHM

LANE, RUN = "limner_lane_", "limner_run_"
"""What the names of slabs begin with, and those of runs."""
OWNED: Final = re.compile(rf"(?:{LANE}|{RUN})(\d+)_(\d+)_\d+")
"""A name: the process that made it, when that began in ticks since the machine did, a count."""

_counts = itertools.count()


def named(prefix: str) -> str:
    """Return a name of this process's own that nothing has had before."""
    return f"{prefix}{_owner(os.getpid())}_{next(_counts)}"


def sweep_orphans() -> None:
    """Remove what is in /dev/shm whose process ended before it could."""
    for prefix in (LANE, RUN):
        for file in SHM.glob(f"{prefix}*"):
            if is_orphan(file.name):
                with contextlib.suppress(OSError):
                    file.unlink()


def is_orphan(name: str) -> bool:
    """Return whether a name is one of ours whose process has ended; other names never are."""
    owner = OWNED.fullmatch(name)
    return owner is not None and ticks(int(owner[1])) != int(owner[2])


def ticks(pid: int) -> int | None:
    """Return when a process began, in ticks since the machine did; None when there is none."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return None
    return int(stat.rpartition(")")[2].split()[19])  # its name may hold blanks and brackets


@functools.cache
def _owner(pid: int) -> str:
    return f"{pid}_{ticks(pid)}"
