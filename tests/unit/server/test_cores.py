from __future__ import annotations

import os

import psutil
import pytest

from limner_server import cores
from limner_server.cores import cores_here


@pytest.fixture
def group(tmp_path, monkeypatch):
    """Return the folder of a container's limits, on a machine with eight cores."""
    monkeypatch.setattr(cores, "GROUP", tmp_path)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(8)))
    cores_here.cache_clear()
    yield tmp_path
    cores_here.cache_clear()


def test_this_machine_has_cores():
    assert 1 <= cores_here() <= (psutil.cpu_count() or 1)


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ("max 100000\n", 8),
        ("200000 100000\n", 2),
        ("150000 100000\n", 2),
        ("5000 100000\n", 1),
        ("6400000 100000\n", 8),
        ("", 8),
    ],
)
def test_a_container_has_the_cores_whose_time_it_may_take(group, told, expected):
    (group / "cpu.max").write_text(told)
    assert cores_here() == expected


@pytest.mark.parametrize(("quota", "expected"), [("-1\n", 8), ("250000\n", 3)])
def test_an_older_kernel_s_limit_holds_too(group, quota, expected):
    (group / "cpu").mkdir()
    (group / "cpu/cpu.cfs_quota_us").write_text(quota)
    (group / "cpu/cpu.cfs_period_us").write_text("100000\n")
    assert cores_here() == expected


def test_without_a_limit_all_cores_it_may_run_on_count(group):
    assert group.is_dir()
    assert cores_here() == 8
