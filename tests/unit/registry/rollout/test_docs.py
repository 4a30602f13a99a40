from __future__ import annotations

import re
import tomllib
from pathlib import Path

from limner_registry.rollout.document import read_spec
from limner_registry.rollout.spec import Approve, Headers, Shadow, Weight

PAGE = Path(__file__).parents[4] / "docs/rollouts.md"


def test_the_spec_on_the_page_is_read_as_it_stands():
    (block,) = re.findall(r"```toml\n(.*?)```", PAGE.read_text(), re.DOTALL)
    steps = read_spec(tomllib.loads(block)).steps
    assert [type(step) for step in steps] == [Shadow, Headers, Weight, Approve, Weight]
