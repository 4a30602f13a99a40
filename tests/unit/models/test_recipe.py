"""Recipes: the learning rate, the numbers of drawings, and what binds a checkpoint."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from limner_models.recipes import RECIPES
from limner_models.recipes.recipe import Drawings, Rate
from limner_registry.contract import Contract

steps = st.integers(1, 5000)


@given(st.integers(0, 200), st.floats(0, 1), st.floats(0, 1), st.booleans(), steps, steps)
def test_a_rate_stays_between_zero_and_its_peak(warmup, hold, last, linear, step, total):
    rate = Rate(0.01, warmup, hold, last, linear)

    assert 0 <= rate.at(step, total) <= 0.01 + 1e-12


@given(st.booleans(), st.floats(0, 1), steps)
def test_a_rate_never_rises_after_its_warm_up_and_ends_at_its_last_value(linear, last, total):
    rate = Rate(1.0, warmup=10, last=last, linear=linear)
    values = [rate.at(step, total + 10) for step in range(10, total + 11)]

    assert values[0] == pytest.approx(1.0)
    assert all(later <= before for before, later in pairwise(values))
    assert values[-1] == pytest.approx(last)


def test_a_rate_rises_by_equal_parts_to_its_peak_and_holds_it():
    rate = Rate(0.8, warmup=4, hold=0.5, linear=True)

    assert [rate.at(step, 16) for step in range(4)] == pytest.approx([0.2, 0.4, 0.6, 0.8])
    assert [rate.at(step, 16) for step in (4, 8, 12, 16)] == pytest.approx([0.8, 0.8, 0.4, 0])


@given(st.integers(0, 9999), st.integers(1, 9999), st.integers(0, 999))
def test_what_is_measured_was_never_trained_on(first, count, held_out):
    drawings = Drawings(count, held_out, 256, first)

    assert len(drawings.trained) == count
    assert len(drawings.measured) == held_out
    assert not set(drawings.trained) & set(drawings.measured)


@pytest.mark.parametrize("recipe", RECIPES.values(), ids=RECIPES)
def test_every_number_that_decides_an_outcome_is_in_the_fingerprint(recipe):
    changed = [
        replace(recipe, steps=recipe.steps + 1),
        replace(recipe, batch=recipe.batch + 1),
        replace(recipe, seed=recipe.seed + 1),
        replace(recipe, data=replace(recipe.data, first=1)),
        replace(recipe, rate=replace(recipe.rate, peak=0.5)),
        replace(recipe, facts={**recipe.facts, "more": "1"}),
    ]

    prints = {other.fingerprint() for other in (recipe, *changed)}
    assert len(prints) == len(changed) + 1


@pytest.mark.parametrize("recipe", RECIPES.values(), ids=RECIPES)
def test_golden_inputs_are_the_contracts(recipe):
    contract: Contract = recipe.contract
    examples = recipe.examples()

    assert set(examples) == {tensor.name for tensor in contract.inputs}
    for tensor in contract.inputs:
        array = examples[tensor.name]
        assert tensor.holds(array.shape[1:])
        assert array.dtype == tensor.dtype
        assert 1 <= len(array) <= contract.max_batch


def test_recipes_are_known_by_their_own_names():
    assert all(recipe.name == name for name, recipe in RECIPES.items())
