"""What measurements share: a stack of their own, and what several rounds say."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from limner_client import LimnerClient

LIMNER = str(Path(sys.executable).with_name("limner"))
STATE = Path(__file__).parents[1] / ".limner/demo"


@contextmanager
def served() -> Iterator[tuple[LimnerClient, int]]:
    """Run a stack; yield a client of it and the server's process."""
    stack = limner("up", "--detach", "--port", "0", "--state", STATE)
    try:
        with LimnerClient(stack["address"]) as client:
            yield client, stack["pid"]
    finally:
        limner("down", "--state", STATE)


def limner(*arguments: object) -> Any:
    """Run the command and return its JSON answer."""
    command = [LIMNER, *map(str, arguments), "--json"]
    return json.loads(subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout)


def interval(values: np.ndarray[Any, Any]) -> tuple[float, float]:
    """Return the 95 % bootstrap interval of the median."""
    draws = np.random.default_rng(0).choice(values, (2000, values.size))
    low, high = np.percentile(np.median(draws, axis=1), [2.5, 97.5])
    return float(low), float(high)
