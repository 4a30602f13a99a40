"""A rollout goes only where its state lets it, and its clocks count only what they should."""

from __future__ import annotations

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from limner_registry.rollout.document import read_spec
from limner_registry.rollout.errors import TransitionIllegal
from limner_registry.rollout.machine import apply, legal
from limner_registry.rollout.record import (
    ACTIVE,
    ENDED,
    State,
    canonical,
    digest,
    new_rollout,
    read_rollout,
)
from limner_registry.rollout.spec import DEFAULT
from limner_registry.rollout.triggers import (
    HEALING,
    SPENT,
    TRIGGERS,
    Abort,
    Advance,
    AllAcked,
    Approve,
    Begin,
    DryRunSpoke,
    Pause,
    Promote,
    Reason,
    Refused,
    Resume,
    Retry,
    Routed,
    Soaked,
    StepDone,
    Supersede,
    Verified,
    details,
    read_trigger,
)

SPEC = read_spec(
    {
        "steps": [
            {"headers": {"rules": [{"name": "x-limner-try", "value": "yes"}]}},
            {"shadow": {"bps": 1000}},
            {"approve": {"role": "operator"}},
            {"weight": {"bps": 500}},
            {"approve": {"role": "operator"}},
            {"weight": {"bps": 10000}},
        ]
    }
)
SALT = "first"
texts = st.text(max_size=12)
reasons = st.sampled_from(Reason)
triggers = st.one_of(
    *(st.just(kind()) for kind in (Begin, Verified, StepDone, Resume, Advance, Approve)),
    *(st.just(kind()) for kind in (AllAcked, Soaked)),
    *(st.builds(kind, texts) for kind in (Refused, Promote, Supersede, DryRunSpoke)),
    st.builds(Pause, reasons, texts),
    st.builds(Abort, reasons, texts),
    st.builds(Retry, st.text(st.characters(codec="ascii"), min_size=6, max_size=8)),
    st.builds(Routed, st.integers(-1, 9)),
)
seconds = st.floats(-5, 1e6, allow_nan=False)
lives = st.lists(st.tuples(triggers, seconds), max_size=40)
"""Triggers, each with how long after the one before it comes; some before it, as clocks differ."""
forward = st.lists(st.tuples(st.integers(0, 1000), seconds), max_size=40)
"""The same, where each trigger is one of the legal ones: such lives get further."""


def fresh(spec=SPEC):
    return new_rollout("r1", "dye_bank", 1, 2, spec, salt=SALT, creator="ann", now=0.0)


def example(kind, rollout):
    """A trigger of a kind that the rollout takes, if it takes any of the kind."""
    fields = {
        Refused: ("golden missed",),
        Routed: (rollout.generation + 1,),
        Promote: ("on call",),
        Retry: (rollout.salt + "+",),
        DryRunSpoke: ("would abort",),
    }
    return kind(*fields.get(kind, ()))


def lived(life, rollout=None):
    """Yield each rollout of a life, with the trigger that led to it and the instant."""
    rollout = rollout or fresh()
    now = rollout.updated_at
    for trigger, gap in life:
        now = max(now + gap, 0.0)
        try:
            rollout = apply(rollout, trigger, now)
        except TransitionIllegal:
            continue
        yield rollout, trigger, now


def lived_legally(life, rollout=None):
    rollout = rollout or fresh()
    now = rollout.updated_at
    for choice, gap in life:
        kinds = sorted(legal(rollout), key=lambda kind: kind.__name__)
        if not kinds:
            return
        now = max(now + gap, 0.0)
        trigger = example(kinds[choice % len(kinds)], rollout)
        rollout = apply(rollout, trigger, now)
        yield rollout, trigger, now


def after(*triggers, rollout=None, step=10.0):
    """The rollout after triggers that come ten seconds apart."""
    rollout = rollout or fresh()
    for trigger in triggers:
        rollout = apply(rollout, trigger, rollout.updated_at + step)
    return rollout


def in_every_state():
    begun = after(Begin(), Verified())
    shadowing = after(StepDone(), rollout=begun)
    promoting = after(Promote("on call"), rollout=begun)
    aborting = after(Abort(), rollout=shadowing)
    return {
        State.PENDING: fresh(),
        State.VERIFYING: after(Begin()),
        State.PROGRESSING: begun,
        State.SHADOWING: shadowing,
        State.AWAITING_APPROVAL: after(StepDone(), rollout=shadowing),
        State.PAUSED: after(Pause(), rollout=shadowing),
        State.PROMOTING: promoting,
        State.SUCCEEDED: after(AllAcked(), Soaked(), rollout=promoting),
        State.ABORTING: aborting,
        State.ABORTED: after(AllAcked(), rollout=aborting),
        State.SUPERSEDED: after(Supersede(), rollout=shadowing),
    }


def test_a_rollout_goes_through_its_steps_into_success():
    rollout = after(Begin(), Verified())
    seen = []
    while rollout.state is not State.PROMOTING:
        seen.append((rollout.state.value, rollout.weight_bps, rollout.shadow_bps, rollout.rules))
        onward = Approve() if rollout.state is State.AWAITING_APPROVAL else StepDone()
        rollout = after(onward, rollout=rollout)

    rules = SPEC.steps[0].rules
    assert seen == [
        ("progressing", 0, 0, rules),
        ("shadowing", 0, 1000, rules),
        ("awaiting_approval", 0, 1000, rules),
        ("progressing", 500, 0, rules),
        ("awaiting_approval", 500, 0, rules),
        ("progressing", 10000, 0, rules),
    ]
    assert rollout.weight_bps == 10000
    soaking = after(AllAcked(), rollout=rollout)
    assert soaking.active_seconds(soaking.updated_at + 30) == 30
    done = after(Soaked(), rollout=soaking)
    assert (done.state, done.weight_bps, done.rules) == (State.SUCCEEDED, 0, ())


def test_every_state_is_reached():
    found = in_every_state()

    assert set(found) == set(State)
    assert all(rollout.state is state for state, rollout in found.items())


def test_every_kind_of_trigger_is_legal_somewhere():
    kinds = {kind for rollout in in_every_state().values() for kind in legal(rollout)}
    kinds |= legal(after(AllAcked(), rollout=in_every_state()[State.PROMOTING]))

    assert kinds == set(TRIGGERS.values())


@pytest.mark.parametrize("state", sorted(ACTIVE))
def test_an_active_rollout_can_be_aborted_in_any_state(state):
    rollout = after(Abort(Reason.EVIDENCE, "log e 9.1"), rollout=in_every_state()[state])

    assert (rollout.state, rollout.reason) == (State.ABORTING, Reason.EVIDENCE)
    assert (rollout.weight_bps, rollout.shadow_bps, rollout.rules) == (0, 0, ())
    assert after(AllAcked(), rollout=rollout).reason is Reason.EVIDENCE


@pytest.mark.parametrize("kind", list(TRIGGERS.values()))
@pytest.mark.parametrize("state", list(State))
def test_a_trigger_is_taken_exactly_where_it_is_legal(state, kind):
    rollout = in_every_state()[state]
    before = canonical(rollout.to_json())
    kinds = legal(rollout)

    if kind in kinds:
        assert after(example(kind, rollout), rollout=rollout).etag == rollout.etag + 1
    else:
        with pytest.raises(TransitionIllegal) as refused:
            apply(rollout, example(kind, rollout), 1e9)
        assert kind.__name__ in str(refused.value)
        assert state.replace("_", " ") in str(refused.value)
        offered = str(refused.value).partition("people may ")[2].split(", ")
        people = {Advance, Approve, Pause, Resume, Promote, Abort, Retry} & kinds
        assert {*filter(None, offered)} == {verb.__name__.lower() for verb in people}
    assert canonical(rollout.to_json()) == before


@given(lives)
def test_weights_stay_in_range_and_end_with_the_rollout(life):
    for rollout, _, _ in lived(life):
        assert 0 <= rollout.weight_bps <= 10000
        assert 0 <= rollout.shadow_bps <= 10000
        if not rollout.active:
            assert (rollout.weight_bps, rollout.shadow_bps, rollout.rules) == (0, 0, ())


@given(forward)
def test_a_long_life_keeps_what_holds_for_every_rollout(life):
    for rollout, _, _ in lived_legally(life):
        assert 0 <= rollout.weight_bps <= 10000
        assert 0 <= rollout.step <= len(SPEC.steps)
        assert (rollout.state is State.PAUSED) == (rollout.paused_at is not None)
        assert (rollout.state is State.PAUSED) == (rollout.resumes is not None)
        assert rollout.ended == (rollout.ended_at is not None)
        assert rollout.ended == (rollout.state in ENDED)
        assert rollout.weight_bps == 0 or rollout.active
        assert not rollout.acked or {rollout.state, rollout.resumes} & {State.PROMOTING, *ENDED}
        assert rollout.created_at <= rollout.started_at <= rollout.step_started_at
        assert rollout.step_started_at <= rollout.updated_at


@given(lives)
def test_nothing_but_retry_revives_an_aborted_rollout(life):
    aborted = in_every_state()[State.ABORTED]
    for rollout, trigger, _ in lived(life, aborted):
        assert isinstance(trigger, Retry)
        assert (rollout.state, rollout.attempt, rollout.step) == (State.PENDING, 2, 0)
        assert rollout.salt != aborted.salt
        break


@given(lives)
def test_nothing_stops_an_abort_on_its_way(life):
    for rollout, trigger, _ in lived(life, in_every_state()[State.ABORTING]):
        assert isinstance(trigger, AllAcked | Routed | Retry)
        if rollout.state is State.PENDING:
            break
        assert rollout.state in {State.ABORTING, State.ABORTED}


def test_a_retry_starts_from_nothing():
    aborted = in_every_state()[State.ABORTED]
    retried = after(Retry("second"), rollout=aborted)

    assert retried.salt == "second"
    assert (retried.generation, retried.weight_bps, retried.text) == (0, 0, "")
    assert retried.attempt_seconds(retried.updated_at + 5) == 5
    with pytest.raises(TransitionIllegal, match="new salt"):
        after(Retry(SALT), rollout=aborted)


@given(lives, seconds)
def test_clocks_never_go_below_zero(life, gap):
    for rollout, _, now in lived(life):
        assert rollout.active_seconds(now + gap) >= 0
        worked = rollout.active_seconds(now + gap) - rollout.waited_seconds(now + gap)
        assert rollout.attempt_seconds(now + gap) >= worked - 1e-6


@given(forward, st.floats(0, 1e6))
def test_clocks_count_no_second_of_a_pause(life, later):
    """Held against a plain sum over the intervals between transitions."""
    step = attempt = 0.0
    before = fresh()
    for rollout, trigger, _ in lived_legally(life):
        running = not before.ended and before.state is not State.PAUSED
        gap = rollout.updated_at - before.updated_at if running else 0.0
        anew = isinstance(trigger, Resume) and before.reason in SPENT
        again = rollout.step_started_at != before.step_started_at or anew
        step = 0.0 if again else step + gap
        worked = 0.0 if before.state is State.AWAITING_APPROVAL else gap
        attempt = 0.0 if isinstance(trigger, Retry) else attempt + worked
        more = 0.0 if rollout.ended or rollout.state is State.PAUSED else later
        now = rollout.updated_at + later
        if rollout.step_started_at < rollout.updated_at:  # else the step began just now
            assert math.isclose(rollout.active_seconds(now), step + more, abs_tol=1e-3)
        more = 0.0 if rollout.state is State.AWAITING_APPROVAL else more
        assert math.isclose(rollout.attempt_seconds(now), attempt + more, abs_tol=1e-3)
        before = rollout


@pytest.mark.parametrize("state", sorted(ACTIVE - {State.PAUSED}))
def test_a_pause_keeps_the_weights_and_goes_back_to_where_it_began(state):
    rollout = in_every_state()[state]
    paused = after(Pause(Reason.NACKED, "no room"), rollout=rollout)
    resumed = after(Resume(), rollout=paused, step=3600)

    assert (paused.state, paused.weight_bps, paused.shadow_bps) == (
        State.PAUSED,
        rollout.weight_bps,
        rollout.shadow_bps,
    )
    assert paused.rules == rollout.rules
    assert (resumed.state, resumed.reason, resumed.text) == (state, Reason.NONE, "")
    assert resumed.active_seconds(resumed.updated_at) == paused.active_seconds(1e9)
    assert resumed.generation == rollout.generation


@pytest.mark.parametrize("reason", sorted(SPENT))
def test_a_step_whose_time_was_up_is_given_it_anew(reason):
    paused = after(Pause(reason), rollout=in_every_state()[State.SHADOWING])
    resumed = after(Resume(), rollout=paused)

    assert resumed.active_seconds(resumed.updated_at + 7) == 7
    assert resumed.attempt_seconds(resumed.updated_at) == paused.attempt_seconds(1e9)


@pytest.mark.parametrize("reason", list(Reason))
def test_a_person_can_lay_a_pause_over_one_that_would_end_by_itself(reason):
    paused = after(Pause(reason), rollout=in_every_state()[State.SHADOWING])

    assert (Pause in legal(paused)) == (reason in HEALING)
    if reason in HEALING:
        held = after(Pause(Reason.PERSON, "wait for me"), rollout=paused)
        assert (held.reason, held.resumes) == (Reason.PERSON, State.SHADOWING)
        assert held.active_seconds(1e9) == paused.active_seconds(1e9)


def test_no_one_can_advance_past_an_approval_or_into_traffic_unverified():
    found = in_every_state()

    assert Advance not in legal(found[State.AWAITING_APPROVAL])
    assert Advance not in legal(after(Pause(), rollout=found[State.AWAITING_APPROVAL]))
    for state in (State.PENDING, State.VERIFYING):
        assert Promote not in legal(found[state])
        assert Promote not in legal(after(Pause(), rollout=found[state]))


def test_advancing_a_paused_rollout_ends_its_pause():
    paused = in_every_state()[State.PAUSED]
    advanced = after(Advance(), rollout=paused)

    assert (advanced.state, advanced.step) == (State.AWAITING_APPROVAL, paused.step + 1)
    assert (advanced.paused_at, advanced.reason) == (None, Reason.NONE)


def test_new_weights_are_not_in_force_until_they_are_routed():
    shadowing = after(Begin(), Verified(), Routed(1), StepDone())
    assert shadowing.generation == 0

    routed = after(Routed(2), rollout=shadowing)
    assert routed.generation == 2
    assert after(StepDone(), rollout=routed).generation == 2  # an approval changes no weight
    with pytest.raises(TransitionIllegal, match="generation 2"):
        after(Routed(2), rollout=routed)


def test_rules_for_headers_are_not_in_force_until_they_are_routed():
    assert after(Begin(), Routed(1)).generation == 1
    assert after(Begin(), Routed(1), Verified()).generation == 0


def test_the_soak_begins_once_when_all_servers_have_acknowledged():
    promoting = in_every_state()[State.PROMOTING]
    soaking = after(AllAcked(), rollout=promoting)

    assert Soaked not in legal(promoting)
    assert AllAcked not in legal(soaking)
    paused = after(Pause(), rollout=soaking)
    assert Soaked in legal(after(Resume(), rollout=paused))


def test_all_pauses_of_an_attempt_are_left_out_of_it():
    rollout = after(Begin(), Verified(), Pause(), Resume(), StepDone(), Pause(), Resume())

    assert rollout.attempt_seconds(rollout.updated_at) == 70 - 20
    assert rollout.active_seconds(rollout.updated_at) == 10


def test_waiting_for_an_approval_is_no_time_of_the_attempt():
    waiting = after(Begin(), Verified(), StepDone(), StepDone())
    assert waiting.attempt_seconds(waiting.updated_at + 500) == 40

    paused = after(Pause(Reason.DEADLINE), rollout=waiting, step=100)
    resumed = after(Resume(), rollout=paused, step=100)
    approved = after(Approve(), rollout=resumed, step=100)

    for rollout in (paused, resumed, approved, after(Supersede(), rollout=resumed)):
        assert rollout.attempt_seconds(rollout.updated_at) == 40
    assert approved.attempt_seconds(approved.updated_at + 5) == 45


def test_a_clock_that_goes_back_does_not_take_instants_with_it():
    rollout = apply(apply(fresh(), Begin(), 100.0), Verified(), 40.0)

    assert rollout.updated_at == rollout.step_started_at == 100.0
    assert rollout.active_seconds(90.0) == 0


def test_what_is_no_instant_is_refused():
    with pytest.raises(ValueError, match="nan"):
        apply(fresh(), Begin(), math.nan)


@given(forward)
def test_a_record_comes_back_byte_for_byte(life):
    for rollout, trigger, _ in lived_legally(life):
        document = canonical(rollout.to_json())
        again = read_rollout(json.loads(document))
        assert again == rollout
        assert digest(again) == digest(rollout)
        assert canonical(again.to_json()) == document
        assert read_trigger(type(trigger).__name__, details(trigger)) == trigger


@given(triggers)
def test_a_trigger_comes_back_from_its_event(trigger):
    document = json.loads(canonical(details(trigger)))

    assert read_trigger(type(trigger).__name__, document) == trigger


def test_a_canonical_record_is_sorted_and_plain():
    document = canonical(fresh(DEFAULT).to_json())

    assert document.isascii()
    assert list(json.loads(document)) == sorted(json.loads(document))
    assert ", " not in document


@pytest.mark.parametrize("harm", [{"state": "floating"}, {"wings": 2}, {"resumes": "x"}])
def test_what_is_no_record_is_told_so(harm):
    with pytest.raises(ValueError, match=r"record|valid"):
        read_rollout(fresh().to_json() | harm)
