from __future__ import annotations

from pathlib import Path

import psutil
import pytest

from limner_server.admission.limits import BYTES_A_PIXEL, Limits, memory_here
from limner_server.settings import Settings

GIGABYTE = 10**9
HERE = Settings(Path())


@pytest.mark.parametrize("memory", [2 * GIGABYTE, 23 * GIGABYTE])
def test_unless_told_a_server_takes_on_what_half_its_memory_can_bear(memory):
    limits = Limits.of(HERE, memory, 8)
    assert limits.calls == 8
    assert limits.pixels * BYTES_A_PIXEL == pytest.approx(memory / 2, rel=0.01)
    assert limits.bytes == pytest.approx(memory / 8, rel=0.01)


def test_one_core_is_kept_busy_by_two_calls():
    assert Limits.of(HERE, GIGABYTE, 1).calls == 2


def test_what_was_told_holds_whatever_the_machine_has():
    told = Settings(
        Path(), calls_at_once=3, request_megabytes=64, megapixels=100, patience_seconds=1.5
    )
    assert Limits.of(told, GIGABYTE, 64) == Limits(3, 64_000_000, 100_000_000, 1.5)


def test_this_machine_has_memory():
    assert 0 < memory_here() <= psutil.virtual_memory().total
