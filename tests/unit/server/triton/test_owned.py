from __future__ import annotations

import os
import subprocess
import sys

import pytest

from limner_server.triton.leftovers import SHM
from limner_server.triton.owned import LANE, RUN, is_orphan, named, sweep_orphans, ticks


def test_no_two_names_are_the_same():
    assert len({named(RUN) for _ in range(100)}) == 100


@pytest.mark.parametrize("prefix", [LANE, RUN])
def test_only_what_a_process_left_that_has_ended_is_swept(prefix):
    script = "import sys; from limner_server.triton.owned import named; print(named(sys.argv[1]))"
    done = subprocess.run(
        [sys.executable, "-c", script, prefix], capture_output=True, text=True, check=True
    )
    left, ours = SHM / done.stdout.strip(), SHM / named(prefix)
    strangers = SHM / f"{prefix}of_somebody_else_{os.getpid()}"
    files = left, ours, strangers
    try:
        for file in files:
            file.touch()
        sweep_orphans()
        assert [file.exists() for file in files] == [False, True, True]
    finally:
        for file in files:
            file.unlink(missing_ok=True)


def test_a_name_is_its_owners_only_while_that_very_process_runs():
    pid = os.getpid()
    assert not is_orphan(f"{LANE}{pid}_{ticks(pid)}_0")
    assert is_orphan(f"{LANE}{pid}_{ticks(pid) - 1}_0")
    assert is_orphan(f"{LANE}{2**30}_5_0")
    assert not is_orphan("limner_958f1ba6da9d_1f22b0a1")
