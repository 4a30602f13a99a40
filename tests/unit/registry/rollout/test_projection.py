from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from limner_registry.metadata import MAX_BYTES
from limner_registry.rollout.projection import (
    NUMBERS,
    Projection,
    drifted,
    edits,
    projection_of,
)
from limner_registry.rollout.record import State, new_rollout
from limner_registry.rollout.spec import DEFAULT
from limner_registry.routes import Canary, Routes

ROUTES = Routes(4, {"dye_bank": 2}, {"dye_bank": 1}, {"dye_bank": Canary(3, "dye-3", "s", 500)})
ROLLOUT = replace(
    new_rollout("dye-3", "dye_bank", 2, 3, DEFAULT, salt="s", creator="Ada", now=0.0),
    state=State.PROGRESSING,
    step=2,
    weight_bps=500,
)
numbers = st.none() | st.integers(1, 4)
projections = st.builds(Projection, numbers, numbers, numbers)


def test_the_table_and_the_latest_rollout_are_what_is_shown():
    assert projection_of("dye_bank", ROUTES, ROLLOUT) == Projection(
        2,
        3,
        1,
        "callers get version 2; version 1 is kept ready; "
        "rollout dye-3 of version 3: progressing, step 3 of 6, 5 % of callers.",
    )


def test_how_a_rollout_ended_is_told_until_the_next():
    ended = replace(ROLLOUT, state=State.ABORTED, ended_at=1.0, text="error: 9 to 1.")
    text = projection_of("dye_bank", Routes(5, {"dye_bank": 2}), ended).summary

    assert text.endswith("rollout dye-3 of version 3: aborted, error: 9 to 1.")


@pytest.mark.parametrize("text", ["x" * 9000, "\N{GREEK SMALL LETTER ALPHA}" * 9000])
def test_a_summary_fits_into_a_tag(text):
    summary = projection_of("dye_bank", ROUTES, replace(ROLLOUT, text=text)).summary

    assert MAX_BYTES - 2 < len(summary.encode()) <= MAX_BYTES


@given(projections, projections, projections)
def test_what_we_wrote_is_nobodys_edit(last, coming, wanted):
    for ours in (last, coming, wanted):
        assert edits(ours, (last, coming), wanted) == {}


@given(projections, projections, projections)
def test_an_alias_that_neither_was_nor_is_to_be_is_an_edit(shown, last, wanted):
    found = edits(shown, (last,), wanted)

    for alias in NUMBERS:
        is_ours = getattr(shown, alias) in (getattr(last, alias), getattr(wanted, alias))
        assert (alias in found) != is_ours


@given(projections, projections)
def test_what_is_left_moved_is_still_an_edit_the_next_time(shown, wanted):
    moved = edits(shown, (wanted,), wanted)
    left = drifted(wanted, moved)

    assert edits(left, (wanted,), wanted) == moved
    assert all(alias in left.summary for alias in moved)
