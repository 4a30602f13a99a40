from __future__ import annotations

from limner_registry.control.history import Change, History
from limner_registry.rollout.ledger import ActorKind, Cause, Event
from limner_registry.rollout.record import State
from limner_registry.rollout.triggers import Reason


def event(seq, kind=ActorKind.CONTROLLER, at=0.0, rollout="r", **changed):
    cause = Cause("Ada", kind, f"request {seq}")
    return Event(seq, rollout, "Any", {}, cause, at, changed=changed)


def test_changes_of_state_are_counted_by_who_made_them():
    history = History()
    history.take(
        [
            event(1, ActorKind.HUMAN, state=State.PENDING),
            event(2, state=State.VERIFYING),
            event(3, generation=4),
            event(4, ActorKind.HUMAN, rollout=None),
        ]
    )
    history.take([event(5, rollout="s", state=State.PENDING)])

    assert history.seq == 5
    assert dict(history.changes) == {
        Change("none", "pending", "human"): 1,
        Change("pending", "verifying", "controller"): 1,
        Change("none", "pending", "controller"): 1,
    }


def test_only_what_people_pause_is_counted_as_paused_by_people():
    history = History()
    history.take(
        [
            event(1, at=0, state=State.PROGRESSING),
            event(2, at=10, state=State.PAUSED, reason=Reason.FROZEN),
            event(3, at=30, reason=Reason.PERSON),
            event(4, at=35, generation=9),
            event(5, at=50, state=State.PROGRESSING, reason=Reason.NONE),
            event(6, at=60, state=State.PAUSED, reason=Reason.PERSON),
        ]
    )
    standing = history.rollouts["r"]

    assert standing.manual(60) == 20
    assert standing.manual(75) == 35
