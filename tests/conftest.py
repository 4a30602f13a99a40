"""What integration and end-to-end tests share: one real stack, brought up once."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import settings

settings.register_profile(
    "limner",
    deadline=None,  # a slow machine is no failed property
    derandomize="CI" in os.environ,  # a landing answers for its change; people's runs explore
)
settings.load_profile("limner")

# A shell has what it runs in the background ignore interrupts, and so would all that tests start.
signal.signal(signal.SIGINT, signal.default_int_handler)

LIMNER = str(Path(sys.executable).parent / "limner")


def limner(*arguments: object, check: bool = True, **options) -> subprocess.CompletedProcess:
    """Run the `limner` command as a person would."""
    command = [LIMNER, *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, **options)
    assert not check or done.returncode == 0, f"{' '.join(command)}: {done.stderr}"
    return done


@dataclass(frozen=True)
class Stack:
    """A stack that is up."""

    state: Path
    address: str
    metrics: str
    pid: int

    def status(self) -> dict:
        done = limner("status", "--state", self.state, "--json", check=False)
        return json.loads(done.stdout)


@pytest.fixture(scope="session")
def stack(tmp_path_factory):
    """The whole of Limner on real Triton, its networks freshly imported."""
    state = tmp_path_factory.mktemp("state")
    done = limner("up", "--detach", "--state", state, "--port", 0, "--json", check=False)
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    try:
        yield Stack(state, said["address"], said["metrics"], said["pid"])
    finally:
        limner("down", "--state", state)


@pytest.fixture(scope="session")
def astronaut() -> bytes:
    """A real portrait: Eileen Collins, 512 x 512, as the PNG that scikit-image carries."""
    from skimage import data

    return Path(data.__file__).with_name("astronaut.png").read_bytes()
