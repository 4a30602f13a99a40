"""What servers counted adds up, however their snapshots arrive."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from limner_registry.rollout.counters import Snapshot, Weights, epochs, newest
from limner_registry.rollout.evidence import Arm, Epoch, Pairs
from limner_registry.rollout.outcome import UNITS, Key, Side
from limner_registry.rollout.spec import Kind

keys = st.builds(
    Key,
    st.sampled_from(["r1", "r2"]),
    st.integers(1, 4),
    st.sampled_from(list(Side)),
    st.sampled_from([UNITS, *Kind]),
)
WEIGHTS = {2: Weights(0, 1000), 3: Weights(500, 0)}


@st.composite
def histories(draw):
    """For each start of each server the snapshots it took, its counts never falling."""
    boots = draw(st.lists(st.tuples(st.sampled_from("ab"), st.integers(0, 3)), unique=True))
    history = []
    for instance, boot in boots:
        counts: dict[Key, int] = {}
        taken = []
        for seq in range(draw(st.integers(1, 5))):
            for key, more in draw(st.dictionaries(keys, st.integers(0, 9), max_size=6)).items():
                counts[key] = counts.get(key, 0) + more
            taken.append(Snapshot(instance, f"boot {boot}", seq, float(seq), dict(counts)))
        history.append(taken)
    return history


def total(found, side, outcome):
    part = {Side.STABLE: found.stable, Side.CANARY: found.canary}.get(side)
    if part is not None:
        return part.units if outcome == UNITS else part.bad.get(outcome, 0)
    if side is Side.PAIRS:
        return found.pairs.total
    only = found.pairs.stable_only if side is Side.STABLE_ONLY else found.pairs.canary_only
    return only.get(outcome, 0)


@given(histories())
def test_epochs_are_the_sum_of_what_each_start_counted_last(history):
    found = epochs("r1", [taken[-1] for taken in history], WEIGHTS)

    assert [(epoch.generation, epoch.weight_bps) for epoch in found] == [(2, 0), (3, 500)]
    for epoch in found:
        for side in Side:
            for outcome in (UNITS, *Kind):
                if (side is Side.PAIRS) != (outcome == UNITS) and side not in {
                    Side.STABLE,
                    Side.CANARY,
                }:
                    continue  # pairs are counted whole, and bad ones by kind
                key = Key("r1", epoch.generation, side, outcome)
                counted = sum(taken[-1].counts.get(key, 0) for taken in history)
                assert total(epoch, side, outcome) == counted


@given(histories(), st.randoms(use_true_random=False))
def test_repeats_and_disorder_change_nothing(history, random):
    sent = [snapshot for taken in history for snapshot in taken]
    jumbled = sent + random.choices(sent, k=len(sent)) if sent else []
    random.shuffle(jumbled)

    assert epochs("r1", jumbled, WEIGHTS) == epochs("r1", sent, WEIGHTS)
    assert newest(jumbled) == newest(sent)


@given(histories())
def test_counts_of_a_restarted_server_add_to_those_before(history):
    found = newest(snapshot for taken in history for snapshot in taken)

    assert set(found) == {(taken[0].instance, taken[0].boot) for taken in history}
    assert all(taken[-1] in found.values() for taken in history)


@given(histories())
def test_no_later_snapshot_lowers_an_epoch(history):
    early = epochs("r1", [taken[0] for taken in history], WEIGHTS)
    late = epochs("r1", [snapshot for taken in history for snapshot in taken], WEIGHTS)

    for before, after in zip(early, late, strict=True):
        assert before.canary.units <= after.canary.units
        assert before.pairs.total <= after.pairs.total


def test_an_epoch_holds_both_arms_and_the_pairs():
    counts = {
        Key("r1", 3, "stable", "units"): 950,
        Key("r1", 3, "stable", "error"): 4,
        Key("r1", 3, "canary", "units"): 50,
        Key("r1", 3, "canary", "slow"): 2,
        Key("r1", 3, "pairs", "units"): 80,
        Key("r1", 3, "stable_only", "quality"): 1,
        Key("r1", 3, "canary_only", "quality"): 3,
        Key("r2", 3, "canary", "error"): 99,
        Key("r1", 1, "canary", "error"): 99,
        Key("r1", 3, "canary", "a kind of next year"): 99,
    }

    assert epochs("r1", [Snapshot("a", "1", 1, 0.0, counts)], {3: Weights(500, 800)}) == (
        Epoch(
            3,
            500,
            Arm(950, {Kind.ERROR: 4}),
            Arm(50, {Kind.SLOW: 2}),
            Pairs(80, {Kind.QUALITY: 1}, {Kind.QUALITY: 3}),
        ),
    )


def test_a_generation_without_traffic_is_an_empty_epoch():
    assert epochs("r1", [], WEIGHTS) == (Epoch(2, 0), Epoch(3, 500))


@given(st.sampled_from(list(Side)), st.sampled_from([UNITS, *Kind]))
def test_a_name_stands_for_its_side_and_outcome(side, outcome):
    key = Key("r1", 3, side, outcome)

    assert Key.named("r1", 3, key.name) == key
