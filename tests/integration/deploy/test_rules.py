"""The alerts, by Prometheus's own tool: that they can be read, and fire when they should."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

RULES = Path(__file__).parents[3] / "deploy/prometheus"


@pytest.fixture(scope="module")
def promtool():
    found = shutil.which("promtool")
    if found is None:
        missing = "no promtool is installed: apt-get install prometheus"
        if "CI" in os.environ:
            pytest.fail(missing)
        pytest.skip(missing)
    return found


@pytest.mark.parametrize(
    ("what", "file"), [("check", "limner.rules.yml"), ("test", "limner.rules.test.yml")]
)
def test_the_rules_are_sound_and_fire_when_they_should(what, file, promtool):
    done = subprocess.run(
        [promtool, what, "rules", file], cwd=RULES, capture_output=True, text=True, check=False
    )

    assert done.returncode == 0, done.stdout + done.stderr
