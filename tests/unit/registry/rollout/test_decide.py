"""What is decided from what is seen, by a clock that the tests turn."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from limner_registry.rollout.decide import Facts, Server, decide
from limner_registry.rollout.evidence import Arm, Epoch, Pairs
from limner_registry.rollout.machine import apply
from limner_registry.rollout.record import State, new_rollout
from limner_registry.rollout.spec import DEFAULT, Approve, Kind, Otherwise, Spec, Weight
from limner_registry.rollout.triggers import (
    Abort,
    Advance,
    AllAcked,
    Begin,
    DryRunSpoke,
    Pause,
    Reason,
    Refused,
    Resume,
    Routed,
    Verified,
)

NOW = 1_000_000.0
HERE = Server("here", 7, NOW, up=True)
FACTS = Facts(7, NOW - 60, tabled=True, servers=(HERE,), epochs=())


def rollout(state=State.PROGRESSING, spec=DEFAULT, **known):
    fresh = new_rollout("dye-2", "dye_bank", 1, 2, spec, salt="salt", creator="Ada", now=NOW - 60)
    return replace(fresh, state=state, **({"generation": 7, "step": 2, "weight_bps": 500} | known))


def decided(known, facts=FACTS, now=NOW):
    decision = decide(known, facts, now)
    return decision.trigger if decision else None


def test_a_new_rollout_begins():
    assert decided(rollout(State.PENDING)) == Begin()


def test_a_version_that_may_not_be_loaded_is_refused():
    facts = replace(FACTS, refused="model.onnx is not what was published")

    assert decided(rollout(State.VERIFYING), facts) == Refused(
        "model.onnx is not what was published"
    )


@pytest.mark.parametrize(
    "known",
    [
        rollout(State.SHADOWING),
        rollout(),
        rollout(State.AWAITING_APPROVAL),
        rollout(State.PROMOTING),
        rollout(State.PAUSED, resumes=State.PROGRESSING, reason=Reason.PERSON),
        rollout(spec=replace(DEFAULT, dry_run=True)),
    ],
    ids=lambda known: f"{known.state} {known.spec.dry_run}",
)
def test_a_version_that_may_not_be_loaded_any_more_is_aborted_wherever_it_stands(known):
    facts = replace(FACTS, refused="it keeps contract dye_bank/0")

    assert decided(known, facts) == Abort(Reason.REFUSED, "it keeps contract dye_bank/0")


def test_a_version_that_one_server_cannot_bring_up_is_refused():
    there = replace(HERE, instance="there", up=False, trouble="it fails its golden inputs")

    found = decided(rollout(State.VERIFYING), replace(FACTS, servers=(HERE, there)))

    assert found == Refused("there: it fails its golden inputs")


@pytest.mark.parametrize(
    ("servers", "expected"),
    [((HERE,), Verified()), ((HERE, replace(HERE, up=False)), None), ((), None)],
    ids=["all have it", "one has not", "nobody is there"],
)
def test_a_version_is_verified_once_every_server_has_it_up(servers, expected):
    assert decided(rollout(State.VERIFYING), replace(FACTS, servers=servers)) == expected


def test_new_weights_count_from_the_table_that_every_server_has():
    waiting = rollout(generation=0)

    assert decided(waiting) == Routed(7)
    behind = replace(FACTS, generation_at=NOW, servers=(replace(HERE, generation=6),))
    assert decided(waiting, behind) is None
    assert decided(waiting, replace(FACTS, tabled=False)) is None


@pytest.mark.parametrize(
    ("facts", "reason"),
    [
        (replace(FACTS, frozen=True), Reason.FROZEN),
        (replace(FACTS, servers=()), Reason.STALE_COUNTERS),
        (replace(FACTS, servers=(replace(HERE, heard_at=NOW - 31),)), Reason.STALE_COUNTERS),
        (replace(FACTS, servers=(replace(HERE, refusal="the disk is full"),)), Reason.NACKED),
        (replace(FACTS, servers=(replace(HERE, generation=6),)), Reason.BEHIND),
    ],
    ids=["frozen", "nobody", "silent", "refused", "behind"],
)
def test_what_cannot_be_relied_on_pauses_and_heals(facts, reason):
    paused = apply(rollout(), decided(rollout(), facts), NOW)

    assert (paused.state, paused.reason) == (State.PAUSED, reason)
    assert decided(paused, facts) is None
    assert decided(paused) == Resume()


def test_a_person_who_paused_must_resume():
    paused = apply(rollout(), Pause(Reason.PERSON, "let me look"), NOW)

    assert decided(paused) is None


FAILING = (Epoch(7, 500, Arm(9500, {Kind.ERROR: 5}), Arm(500, {Kind.ERROR: 40})),)


def test_evidence_aborts_even_what_is_paused():
    facts = replace(FACTS, epochs=FAILING)
    paused = apply(rollout(), Pause(Reason.PERSON), NOW)

    for known in (rollout(), paused):
        decision = decide(known, facts, NOW)
        assert isinstance(decision.trigger, Abort)
        assert decision.trigger.reason is Reason.EVIDENCE
        assert any(found.speaks for found in decision.verdict.evidence)


def test_a_dry_run_says_once_what_would_have_been_done():
    known = rollout(spec=replace(DEFAULT, dry_run=True))
    facts = replace(FACTS, epochs=FAILING)

    said = decided(known, facts)

    assert isinstance(said, DryRunSpoke)
    assert said.text.startswith("Abort (evidence): ")
    told = apply(known, said, NOW)
    more = Epoch(7, 500, Arm(19_500, {Kind.ERROR: 9}), Arm(1000, {Kind.ERROR: 90}))
    assert decided(told, facts) is None
    assert decided(told, replace(facts, epochs=(more,)), NOW + 5) is None
    assert isinstance(decided(apply(told, Advance(), NOW + 6), facts), DryRunSpoke)


@pytest.mark.parametrize(
    ("ejecting", "of", "aborts"), [(1, 1, True), (1, 3, True), (1, 4, False), (2, 9, True)]
)
def test_servers_that_leave_a_canary_out_abort_it_for_all(ejecting, of, aborts):
    servers = [replace(HERE, instance=f"s{n}") for n in range(of)]
    servers[:ejecting] = [
        replace(server, ejected="the last 5 runs failed") for server in servers[:ejecting]
    ]

    found = decided(rollout(), replace(FACTS, servers=tuple(servers)))

    assert (getattr(found, "reason", None) is Reason.BREAKER) == aborts


def test_a_rollout_that_takes_too_long_is_aborted():
    late = NOW + DEFAULT.progress_seconds
    facts = replace(FACTS, generation_at=late, servers=(replace(HERE, heard_at=late),))

    assert decided(rollout(), facts, late).reason is Reason.DEADLINE


@pytest.mark.parametrize(
    ("otherwise", "kind"), [(Otherwise.PAUSE, Pause), (Otherwise.ABORT, Abort)]
)
def test_a_step_that_stays_undecided_ends_as_its_spec_says(otherwise, kind):
    spec = replace(DEFAULT, on_inconclusive=otherwise)
    shadowing = rollout(State.SHADOWING, spec, step=0, weight_bps=0, shadow_bps=1000)

    def at(now):
        facts = replace(FACTS, servers=(replace(HERE, heard_at=now),))
        return decided(shadowing, facts, now)

    assert at(NOW + 3500) is None
    assert isinstance(at(NOW + 4000), kind)
    assert at(NOW + 4000).reason is Reason.INCONCLUSIVE


def test_a_pause_is_no_reason_to_abort_a_step_whose_time_is_up():
    spec = replace(DEFAULT, on_inconclusive=Otherwise.ABORT)
    paused = apply(rollout(spec=spec), Pause(Reason.PERSON), NOW + 8000)

    assert decided(paused, now=NOW + 9000) is None


@pytest.mark.parametrize("jump", [-86_400, -600, 600, 86_400, 10 * 86_400])
@pytest.mark.parametrize("state", [State.PROGRESSING, State.AWAITING_APPROVAL])
def test_a_clock_that_jumps_takes_no_canary_further(jump, state):
    """Nothing is shown but that time has passed, or that it runs backwards."""
    then = NOW + jump
    heard = replace(FACTS, servers=(replace(HERE, heard_at=then),))
    spec = replace(DEFAULT, steps=(Approve(), *DEFAULT.steps))
    step = 3 if state is State.PROGRESSING else 0

    for facts in (FACTS, heard):
        found = decided(rollout(state, spec, step=step), facts, then)
        assert found is None or isinstance(found, Pause | Abort)


def test_evidence_aborts_whatever_the_clock_says():
    facts = replace(FACTS, epochs=FAILING)

    for jump in (-86_400, 86_400):
        assert decided(rollout(), facts, NOW + jump).reason is Reason.EVIDENCE


@pytest.mark.parametrize(
    ("otherwise", "kind"), [(Otherwise.PAUSE, Pause), (Otherwise.ABORT, Abort)]
)
def test_nobody_who_approves_in_time_is_no_approval(otherwise, kind):
    spec = Spec((Approve(timeout_seconds=50, on_timeout=otherwise), Weight(10_000)))
    known = rollout(State.AWAITING_APPROVAL, spec, step=0, weight_bps=0)

    found = decided(known)

    assert isinstance(found, kind)
    assert found.reason is Reason.DEADLINE
    assert decided(known, now=NOW - 20) is None


def test_an_approval_may_take_longer_than_all_other_steps():
    spec = Spec((Approve(), Weight(10_000)))
    known = rollout(State.AWAITING_APPROVAL, spec, step=0, weight_bps=0)

    def at(now):
        return decided(known, replace(FACTS, servers=(replace(HERE, heard_at=now),)), now)

    assert at(NOW + 2 * spec.progress_seconds - 120) is None
    assert isinstance(at(NOW + 2 * spec.progress_seconds), Pause)


def test_an_aborted_version_is_gone_once_no_server_has_it():
    aborting = apply(rollout(), Abort(), NOW)

    assert decided(aborting, replace(FACTS, tabled=False)) is None
    assert decided(aborting, replace(FACTS, servers=(replace(HERE, generation=6),))) is None
    assert decided(aborting) == AllAcked()
    assert decided(aborting, replace(FACTS, servers=())) == AllAcked()


class World:
    """Servers that obey at once, and callers by the clock; the canary fails as it is told to."""

    def __init__(self, canary_errors, rate=50.0, spec=DEFAULT):
        self.rng = np.random.default_rng(0)
        self.canary_errors, self.rate = canary_errors, rate
        self.now, self.generation, self.weights = NOW, 1, (0, 0)
        self.counts = {}
        self.rollout = new_rollout(
            "dye-2", "dye_bank", 1, 2, spec, salt="salt", creator="Ada", now=NOW
        )

    def facts(self):
        wanted = (self.rollout.weight_bps, self.rollout.shadow_bps)
        if wanted != self.weights:
            self.weights, self.generation = wanted, self.generation + 1
        here = Server("here", self.generation, self.now, up=True)
        epochs = tuple(
            Epoch(
                generation,
                weight,
                Arm(row[0], {Kind.ERROR: row[1]}),
                Arm(row[2], {Kind.ERROR: row[3]}),
                Pairs(row[4]),
            )
            for (generation, weight), row in self.counts.items()
        )
        return Facts(self.generation, self.now, tabled=True, servers=(here,), epochs=epochs)

    def pass_seconds(self, seconds):
        weight, shadow = self.weights
        calls = self.rng.poisson(self.rate * seconds)
        canary = self.rng.binomial(calls, weight / 10_000)
        row = self.counts.setdefault((self.generation, weight), np.zeros(5, int))
        row += [
            calls - canary,
            self.rng.binomial(calls - canary, 0.002),
            canary,
            self.rng.binomial(canary, self.canary_errors),
            self.rng.binomial(calls - canary, shadow / 10_000),
        ]
        self.now += seconds

    def live(self, most_seconds):
        while self.now - NOW < most_seconds and not self.rollout.ended:
            decision = decide(self.rollout, self.facts(), self.now)
            if decision is None:
                self.pass_seconds(5)
            else:
                self.rollout = apply(self.rollout, decision.trigger, self.now)
        return self.rollout


def test_a_healthy_version_gets_all_the_calls():
    done = World(canary_errors=0.002).live(7200)

    assert done.state is State.SUCCEEDED


def test_a_version_that_fails_is_aborted_at_one_percent():
    world = World(canary_errors=0.3)
    done = world.live(7200)

    assert (done.state, done.reason) == (State.ABORTED, Reason.EVIDENCE)
    assert max(weight for _, weight in world.counts) == 100
    assert done.weight_bps == 0


def test_a_quiet_model_waits_for_a_person():
    done = World(canary_errors=0.002, rate=0.01).live(12 * 3600)

    assert (done.state, done.reason) == (State.PAUSED, Reason.INCONCLUSIVE)
