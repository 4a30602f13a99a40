"""The store loses nothing, applies nothing twice, and can account for all it holds.

`StoreSuite` holds for every database; the integration tests run it on PostgreSQL.
"""

from __future__ import annotations

import gc
import multiprocessing
import os
import shutil
import signal
import sqlite3
import threading
from dataclasses import replace
from itertools import count

import pytest
import sqlalchemy
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from limner_registry.errors import InputRefused
from limner_registry.rollout import ledger
from limner_registry.rollout.counters import Snapshot, Weights
from limner_registry.rollout.database import FILE
from limner_registry.rollout.errors import (
    EtagMismatch,
    RecordDamaged,
    RequestReused,
    RolloutRunning,
    RolloutUnknown,
    StoreUnavailable,
    TransitionIllegal,
)
from limner_registry.rollout.fleet import (
    SET_BACK_SECONDS,
    UNROUTED,
    Carried,
    Connected,
    Servable,
)
from limner_registry.rollout.ledger import ActorKind, Cause
from limner_registry.rollout.machine import apply, legal
from limner_registry.rollout.outcome import Key
from limner_registry.rollout.record import (
    ACTIVE,
    State,
    canonical,
    digest,
    new_rollout,
    read_rollout,
)
from limner_registry.rollout.spec import DEFAULT
from limner_registry.rollout.store import Frozen, Store
from limner_registry.rollout.tables import METADATA
from limner_registry.rollout.triggers import (
    Abort,
    AllAcked,
    Begin,
    DryRunSpoke,
    Pause,
    Promote,
    Reason,
    Refused,
    Resume,
    Retry,
    Routed,
    Verified,
    read_trigger,
)

INSERT = "INSERT INTO rollouts (id, model, state, etag, created_seq, document, sha256) VALUES"
_numbers = count(1)


def cause(request_id=None, kind=ActorKind.HUMAN, **options):
    return Cause("ann", kind, request_id or f"request {next(_numbers)}", **options)


def fresh(model="dye_bank", now=0.0, canary=2):
    rollout_id = f"{model}-{next(_numbers)}"
    return new_rollout(rollout_id, model, 1, canary, DEFAULT, salt="s", creator="ann", now=now)


def move(store, rollout, *triggers):
    """The rollout after triggers, ten seconds apart."""
    for trigger in triggers:
        now = rollout.updated_at + 10
        rollout = store.transition(rollout.id, rollout.etag, trigger, cause(), now)
    return rollout


def running(store, model="dye_bank"):
    """A rollout that is shadowing."""
    return move(store, store.create(fresh(model), cause()), Begin(), Verified())


def run_sql(store, statement, **values):
    with store._database._engine.connect() as connection, connection.begin():
        return connection.execute(sqlalchemy.text(statement), values)


def in_threads(*works, barrier=None):
    """Do works at the same time; raise what one of them raised."""
    errors = []

    def work_off(work):
        try:
            work()
        except BaseException as error:  # noqa: BLE001 - raised again below
            errors.append(error)
            if barrier is not None:
                barrier.abort()  # the others wait for it

    threads = [threading.Thread(target=work_off, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]


def race(opened, rounds):
    """Let three controllers contradict each other; return what the store must then hold.

    In every round all three have read the same rollout, so that one of them may win.
    """
    stores = [opened() for _ in range(3)]
    rollout = running(stores[0])
    barrier = threading.Barrier(3, timeout=30)
    won, lost = [], []

    def contradict(number):
        for turn in range(rounds):
            seen = stores[number].get(rollout.id)
            barrier.wait()
            paused = seen.state is State.PAUSED
            trigger = [Resume() if paused else Pause(), DryRunSpoke(f"{turn} {number}")][
                (turn + number) % 2
            ]
            why = cause(f"round {turn} controller {number}", ActorKind.CONTROLLER)
            try:
                stores[number].transition(seen.id, seen.etag, trigger, why, float(turn))
                won.append((turn, why.request_id))
            except EtagMismatch:
                lost.append(why.request_id)
            barrier.wait()

    in_threads(*(lambda number=number: contradict(number) for number in range(3)), barrier=barrier)
    return stores[0], rollout, won, lost


def survive_kill(opened, moment):
    """Kill a process at its n-th statement of a transition; return the store, and the rollouts."""
    store = opened()
    before = running(store)
    trigger = Abort(Reason.EVIDENCE, "log e 9.1")
    store.close()  # a connection must not be in two processes

    def die(*_):
        if next(statements) == moment:
            os.kill(os.getpid(), signal.SIGKILL)

    def work():
        gc.disable()  # what other tests left behind may need threads that are not here
        child = opened()
        sqlalchemy.event.listen(child._database._engine, "before_cursor_execute", die)
        sqlalchemy.event.listen(child._database._engine, "commit", die)
        child.transition(before.id, before.etag, trigger, cause("the deadly one"), 100.0)
        os.kill(os.getpid(), signal.SIGKILL)

    statements = count(1)
    process = multiprocessing.get_context("fork").Process(target=work)
    process.start()
    process.join()
    assert process.exitcode == -signal.SIGKILL
    process.close()
    return store, before, apply(before, trigger, 100.0)


class StoreSuite:
    """What holds on every database; `opened` opens one and the same again and again."""

    ROUNDS = 30

    @pytest.fixture
    def store(self, opened):
        return opened()

    def test_what_was_created_is_found(self, store):
        made = store.create(fresh(), cause())

        assert store.get(made.id) == made
        assert store.page().rollouts == (made,)
        assert store.audit() == ()

    def test_a_transition_and_its_event_tell_the_same(self, store):
        before = store.create(fresh(), cause())
        why = cause(reason="it is time", evidence=({"log_e": 1.5},), kind=ActorKind.CONTROLLER)
        after = store.transition(before.id, before.etag, Begin(), why, 10.0)

        assert after == apply(before, Begin(), 10.0) == store.get(before.id)
        event = store.events(rollout=before.id)[-1]
        assert (event.seq, event.type, event.at, event.cause) == (2, "Begin", 10.0, why)
        assert (event.before_sha256, event.after_sha256) == (digest(before), digest(after))

    def test_an_old_etag_is_refused_and_changes_nothing(self, store):
        old = store.create(fresh(), cause())
        new = move(store, old, Begin())

        with pytest.raises(EtagMismatch, match="verifying with etag 2"):
            store.transition(old.id, old.etag, Abort(), cause(), 99.0)
        assert store.get(old.id) == new
        assert len(store.events()) == 2

    def test_the_etag_is_compared_in_the_update_itself(self, store):
        """Another writer gets in between reading the row and writing it."""
        made = store.create(fresh(), cause())

        def meddle(_, cursor, statement, *__):
            if statement.startswith("UPDATE rollouts"):
                cursor.execute("UPDATE rollouts SET etag = etag + 1 WHERE state = 'pending'")

        engine = store._database._engine
        sqlalchemy.event.listen(engine, "before_cursor_execute", meddle)
        with pytest.raises(EtagMismatch):
            store.transition(made.id, made.etag, Begin(), cause(), 1.0)
        sqlalchemy.event.remove(engine, "before_cursor_execute", meddle)

        assert store.get(made.id) == made
        assert store.audit() == ()

    def test_what_the_state_forbids_leaves_no_trace(self, store):
        made = store.create(fresh(), cause())

        with pytest.raises(TransitionIllegal, match="pause, abort"):
            store.transition(made.id, made.etag, Resume(), cause(), 1.0)
        assert store.get(made.id) == made
        assert len(store.events()) == 1

    def test_a_repeated_request_gets_its_first_outcome(self, store):
        made = store.create(fresh(), cause())
        why = cause()
        first = store.transition(made.id, made.etag, Begin(), why, 1.0)
        move(store, first, Refused("no card"), AllAcked())

        assert store.transition(made.id, made.etag, Begin(), why, 500.0) == first
        assert store.transition(made.id, 77, Begin(), why, 500.0) == first
        assert len(store.events()) == 4

    def test_a_repeated_creation_gets_the_first_rollout(self, store):
        why = cause()
        first = store.create(fresh(), why)
        later = move(store, first, Begin())

        assert store.create(fresh(now=50.0), why) == first
        assert store.page().rollouts == (later,)

    def test_a_request_id_is_good_for_one_request(self, store):
        why = cause()
        made = store.create(fresh(), why)

        with pytest.raises(RequestReused, match="Create"):
            store.transition(made.id, made.etag, Begin(), why, 1.0)
        with pytest.raises(RequestReused):
            store.create(fresh(canary=3), why)
        with pytest.raises(RequestReused):
            store.freeze(why, 1.0)
        paused = cause()
        store.transition(made.id, made.etag, Pause(text="a"), paused, 1.0)
        with pytest.raises(RequestReused, match="Pause"):
            store.transition(made.id, made.etag, Pause(text="b"), paused, 1.0)

    def test_what_is_not_there_is_unknown(self, store):
        with pytest.raises(RolloutUnknown, match="nobody"):
            store.get("nobody")
        with pytest.raises(RolloutUnknown, match="nobody"):
            store.transition("nobody", 1, Begin(), cause(), 1.0)

    def test_a_model_has_one_active_rollout(self, store):
        first = store.create(fresh(), cause())

        with pytest.raises(RolloutRunning, match=first.id):
            store.create(fresh(), cause())
        store.create(fresh("face_mesh"), cause())
        aborting = move(store, first, Abort())
        second = store.create(fresh(), cause())  # one that gave up waits for no server's answer
        aborted = move(store, aborting, AllAcked())
        with pytest.raises(RolloutRunning, match=second.id):
            move(store, aborted, Retry("new"))
        assert store.get(first.id) == aborted

    @pytest.mark.parametrize("state", list(State))
    def test_the_database_itself_refuses_a_second_active_rollout(self, store, state):
        insert = f"{INSERT} (:id, 'dye_bank', :state, 1, :seq, '', '')"
        run_sql(store, insert, id="a", state=state.value, seq=1)
        if state in ACTIVE:
            with pytest.raises(sqlalchemy.exc.IntegrityError):
                run_sql(store, insert, id="b", state=state.value, seq=2)
        else:
            run_sql(store, insert, id="b", state=state.value, seq=2)

    def test_the_index_speaks_where_no_rival_was_seen(self, store):
        """The rival appears between looking for it and writing."""
        rival = fresh()

        def meddle(_, cursor, statement, *__):
            if statement.startswith("INSERT INTO rollouts"):
                cursor.execute(f"{INSERT} ('rival', 'dye_bank', 'pending', 1, 99, '', '')")

        engine = store._database._engine
        sqlalchemy.event.listen(engine, "before_cursor_execute", meddle)
        with pytest.raises(RolloutRunning, match="dye_bank"):
            store.create(rival, cause())
        sqlalchemy.event.remove(engine, "before_cursor_execute", meddle)
        assert store.page().rollouts == ()

    def test_a_new_rollout_takes_the_place_of_the_old_one(self, store):
        old = running(store)
        why = cause()
        new = store.create(fresh(now=50.0), why, supersedes=(old.id, old.etag))

        gone = store.get(old.id)
        assert (gone.state, gone.shadow_bps, new.state) == (State.SUPERSEDED, 0, State.PENDING)
        assert store.create(fresh(), why, supersedes=(old.id, old.etag)) == new
        with pytest.raises(EtagMismatch):
            store.create(fresh(), cause(), supersedes=(new.id, 77))
        assert [event.type for event in store.events()][-2:] == ["Supersede", "Create"]
        assert store.audit() == ()

    def test_a_failed_creation_does_not_end_the_old_rollout(self, store):
        old = store.create(fresh(), cause())
        other = store.create(fresh("face_mesh"), cause())

        with pytest.raises(RolloutRunning):
            store.create(fresh(), cause(), supersedes=(other.id, other.etag))
        assert store.get(other.id) == other
        assert store.get(old.id) == old

    @pytest.mark.parametrize("change", ["UPDATE events SET actor = 'eve'", "DELETE FROM events"])
    def test_the_database_refuses_to_change_events(self, store, change):
        store.create(fresh(), cause())
        log = store.events()

        with pytest.raises(sqlalchemy.exc.DBAPIError, match="append-only"):
            run_sql(store, change)
        assert store.events() == log

    def test_pages_hold_every_rollout_once(self, store):
        made = [store.create(fresh(f"model_{number}"), cause()) for number in range(7)]
        found, rest, sizes = [], None, []
        while True:
            page = store.page(size=3, rest=rest)
            found += page.rollouts
            sizes.append(len(page.rollouts))
            rest = page.rest
            if rest is None:
                break

        assert found == made[::-1]
        assert sizes == [3, 3, 1]

    def test_rollouts_are_found_by_model_and_state(self, store):
        dye = running(store)
        mesh = store.create(fresh("face_mesh"), cause())

        assert store.page(model="face_mesh").rollouts == (mesh,)
        assert store.page(states={State.SHADOWING}).rollouts == (dye,)
        assert store.page(states=ACTIVE).rollouts == (mesh, dye)
        assert store.page(model="face_mesh", states={State.ABORTED}).rollouts == ()

    def test_events_are_read_on_from_a_number(self, store):
        dye = running(store)
        store.create(fresh("face_mesh"), cause())
        log = store.events()

        assert [event.seq for event in log] == [1, 2, 3, 4]
        assert store.events(first=3) == log[2:]
        assert store.events(first=2, limit=2) == log[1:3]
        assert store.events(first=2, rollout=dye.id) == log[1:3]
        assert store.events(first=5) == ()

    def test_freezing_is_kept_and_logged(self, store):
        assert store.frozen() is None
        why = cause(reason="incident 12")
        store.freeze(why, 5.0)
        store.freeze(why, 9.0)

        assert store.frozen() == Frozen("ann", "incident 12", 5.0)
        store.unfreeze(cause(), 7.0)
        assert store.frozen() is None
        store.freeze(why, 9.0)  # the first request, come again late
        assert store.frozen() is None
        assert [event.type for event in store.events()] == ["Freeze", "Unfreeze"]
        assert store.audit() == ()

    @given(data=st.data())
    @settings(max_examples=8, suppress_health_check=list(HealthCheck))
    def test_the_log_rebuilds_every_rollout_byte_for_byte(self, store, data):
        first = len(store.events()) + 1
        rollout = store.create(fresh(f"model_{next(_numbers)}"), cause())
        for choice in data.draw(st.lists(st.integers(0, 99), max_size=12)):
            kinds = sorted(legal(rollout), key=lambda kind: kind.__name__)
            if not kinds:
                break
            kind = kinds[choice % len(kinds)]
            fields = {
                Retry: (rollout.salt + "+",),
                Refused: ("no",),
                Promote: ("I must",),
                DryRunSpoke: ("would abort",),
                Routed: (rollout.generation + 1,),
            }
            rollout = move(store, rollout, kind(*fields.get(kind, ())))

        records = ledger.rebuild(store.events())
        row = run_sql(store, "SELECT document FROM rollouts WHERE id = :id", id=rollout.id)
        assert canonical(records[rollout.id]) == row.scalar_one()
        log = store.events(first)
        folded = read_rollout(log[0].changed)
        for event in log[1:]:
            folded = apply(folded, read_trigger(event.type, event.details), event.at)
        assert folded == rollout
        assert store.audit() == ()

    @pytest.mark.parametrize(
        ("harm", "found"),
        [
            ("UPDATE rollouts SET state = 'succeeded'", "its state"),
            ("UPDATE rollouts SET etag = 9", "its etag"),
            ("UPDATE rollouts SET sha256 = ''", "its sha256"),
            ("UPDATE rollouts SET model = 'face_mesh'", "its model"),
            ("UPDATE rollouts SET document = replace(document, 'dye', 'eye')", "its document"),
            (f"{INSERT} ('x', 'x', 'pending', 1, 9, '', '')", "x has no events"),
        ],
    )
    def test_an_audit_finds_a_row_that_its_events_do_not_tell(self, store, harm, found):
        running(store)
        assert store.audit() == ()
        run_sql(store, harm)

        faults = store.audit()
        assert len(faults) == 1
        assert found in faults[0]

    def test_an_audit_finds_an_event_that_was_smuggled_in(self, store):
        running(store)
        run_sql(
            store,
            "INSERT INTO events SELECT 99, rollout, type, details, actor_kind, actor, reason, 'x', "
            'evidence, before_sha256, after_sha256, \'{"salt":"t"}\', at FROM events WHERE seq=3',
        )

        assert "event 99" in store.audit()[0]

    def test_a_damaged_row_is_told_apart_from_none(self, store):
        made = store.create(fresh(), cause())
        run_sql(store, "UPDATE rollouts SET document = '{}'")

        with pytest.raises(RecordDamaged, match=made.id):
            store.get(made.id)

    def test_of_three_that_contradict_each_other_one_wins_each_time(self, opened):
        store, rollout, won, lost = race(opened, self.ROUNDS)

        assert sorted(turn for turn, _ in won) == list(range(self.ROUNDS))
        assert len(lost) == 2 * self.ROUNDS
        assert store.get(rollout.id).etag == rollout.etag + self.ROUNDS
        log = store.events(rollout=rollout.id)
        assert [e.cause.request_id for e in log[3:]] == [name for _, name in sorted(won)]
        assert store.audit() == ()

    def test_a_request_sent_three_times_at_once_is_carried_out_once(self, opened):
        stores = [opened() for _ in range(3)]
        rollout = running(stores[0])
        barrier = threading.Barrier(3, timeout=30)
        outcomes = []

        def send(store):
            barrier.wait()
            why = cause("the same one")
            outcomes.append(store.transition(rollout.id, rollout.etag, Pause(), why, 50.0))

        in_threads(*(lambda store=store: send(store) for store in stores), barrier=barrier)
        assert outcomes == [apply(rollout, Pause(), 50.0)] * 3
        assert len(stores[0].events()) == 4

    def test_a_reader_gets_every_event_once_while_others_write(self, opened):
        reader, *writers = (opened() for _ in range(3))
        running_ones = [running(writer, f"model_{at}") for at, writer in enumerate(writers)]
        got, done = [], threading.Event()

        def read():
            while True:
                last = done.is_set()
                got.extend(reader.events(first=len(got) + 1, limit=7))
                if last and not reader.events(first=len(got) + 1):
                    return

        def write(writer, rollout):
            for _ in range(15):
                rollout = move(writer, rollout, Pause(), Resume())

        watching = threading.Thread(target=read)
        watching.start()
        try:
            in_threads(
                *(
                    lambda writer=writer, rollout=rollout: write(writer, rollout)
                    for writer, rollout in zip(writers, running_ones, strict=True)
                )
            )
        finally:
            done.set()
            watching.join()
        assert [event.seq for event in got] == list(range(1, 6 + 60 + 1))

    @pytest.mark.parametrize("moment", range(1, 9))
    def test_a_process_killed_in_a_transition_leaves_all_of_it_or_nothing(self, opened, moment):
        store, before, after = survive_kill(opened, moment)

        found = store.get(before.id)
        assert found in (before, after)
        assert (found == after) == (len(store.events()) == 4)
        assert store.audit() == ()
        repeated = store.transition(
            before.id,
            before.etag,
            Abort(Reason.EVIDENCE, "log e 9.1"),
            cause("the deadly one"),
            100,
        )
        assert repeated == after == store.get(before.id)
        assert len(store.events()) == 4

    def test_a_killed_transition_can_end_either_way(self, opened):
        """The test above would hold for a store that never commits, or never kept anything."""
        store, before, _ = survive_kill(opened, moment=1)
        assert store.get(before.id) == before
        move(store, before, Abort())

        store, _, after = survive_kill(opened, moment=99)
        assert store.get(after.id).state is State.ABORTING

    def test_four_that_open_an_empty_store_at_once_make_one(self, opened_anew):
        def use():
            store = opened_anew()
            made.append(store.create(fresh(f"model_{next(_numbers)}"), cause()))
            store.close()

        made = []
        in_threads(use, use, use, use)
        store = opened_anew()
        assert len(store.page().rollouts) == 4
        store.close()

    def test_migrations_make_the_tables_that_are_read(self, store):
        with store._database._engine.connect() as connection:
            context = MigrationContext.configure(connection)
            assert compare_metadata(context, METADATA) == []

    def test_what_servers_said_outlives_an_update_of_the_tables(self, store, opened):
        said = Servable("dye_bank", 2, "a", proven=True, text="", at=2.0, p95_seconds=0.2)
        store.fleet.report([said])
        text = "ALTER TABLE servables ADD COLUMN manifest_sha256 TEXT NOT NULL DEFAULT ''"
        run_sql(store, text)
        run_sql(store, "UPDATE alembic_version SET version_num = '0001'")

        newer = opened()

        assert newer.fleet.servables("dye_bank", 2) == (said,)
        with newer._database._engine.connect() as connection:
            assert compare_metadata(MigrationContext.configure(connection), METADATA) == []

    def test_a_database_of_a_newer_release_is_left_alone(self, store, opened):
        run_sql(store, "UPDATE alembic_version SET version_num = '9999'")

        with pytest.raises(StoreUnavailable, match="newer release"):
            opened()

    def test_routing_generations_follow_one_another(self, store):
        fleet = store.fleet
        rollout = running(store)
        assert fleet.generation() == UNROUTED
        shadow = [Carried(rollout.id, 1, 0, 1000)]
        first = fleet.add_generation(0, {"dye_bank": {"stable": 1}}, shadow, 5.0)
        again = fleet.add_generation(0, {"dye_bank": {"stable": 1}}, shadow, 9.0)
        second = fleet.add_generation(1, {}, [Carried(rollout.id, 1, 500, 0)], 6.0)
        third = fleet.add_generation(2, {"x": 1}, [Carried(rollout.id, 2, 100, 0)], 7.0)

        assert (first.number, second.number, third.number) == (1, 2, 3)
        assert again == first == fleet.generation(1)
        assert fleet.generation() == third
        assert fleet.weights(rollout.id, 1) == {1: Weights(0, 1000), 2: Weights(500, 0)}
        assert fleet.weights(rollout.id, 2) == {3: Weights(100, 0)}
        with pytest.raises(EtagMismatch, match="generation 3"):
            fleet.add_generation(1, {"y": 1}, [], 8.0)

    def test_a_table_overtakes_a_higher_number_with_all_that_it_carries(self, store):
        rollout, fleet = running(store), store.fleet
        assert fleet.surpass(7, 4.0).number == 0
        table = {"dye_bank": {"stable": 1}}
        fleet.add_generation(0, table, [Carried(rollout.id, 1, 500, 0)], 5.0)

        above = fleet.surpass(7, 6.0)

        assert (above.number, above.table, above.at) == (8, table, 6.0)
        assert fleet.generation() == above == fleet.surpass(7, 9.0)
        assert fleet.weights(rollout.id, 1) == {1: Weights(500, 0), 8: Weights(500, 0)}
        assert fleet.add_generation(8, {}, [], 10.0).number == 9

    def test_who_tries_again_is_compared_with_what_is_stable_by_now(self, store):
        aborted = move(store, running(store), Abort(), AllAcked())
        store.fleet.add_generation(0, {"models": {"dye_bank": {"stable": 7}}}, [], 5.0)

        retried = move(store, aborted, Retry("new"))

        assert (retried.stable, retried.canary) == (7, 2)
        assert store.get(aborted.id) == retried
        assert store.audit() == ()

    def test_a_version_that_is_stable_by_now_is_not_tried_again(self, store):
        aborted = move(store, running(store), Abort(), AllAcked())
        store.fleet.add_generation(0, {"models": {"dye_bank": {"stable": 2}}}, [], 5.0)

        with pytest.raises(TransitionIllegal, match="version 2 is stable by now"):
            move(store, aborted, Retry("new"))

        assert store.get(aborted.id) == aborted

    def test_of_a_boot_the_newest_snapshot_is_kept(self, store):
        def snapshot(boot, seq, units):
            return Snapshot("a", boot, seq, seq * 1.5, {Key("r1", 3, "canary", "units"): units})

        store.fleet.count([snapshot("1", 2, 20), snapshot("2", 1, 1)])
        store.fleet.count([snapshot("1", 1, 10)])
        store.fleet.count([snapshot("1", 2, 99)])
        kept = sorted(store.fleet.counted(), key=lambda kept: kept.boot)
        assert kept == [snapshot("1", 2, 20), snapshot("2", 1, 1)]

        store.fleet.count([snapshot("1", 3, 30)])
        store.fleet.forget_counts(4.0)
        assert store.fleet.counted() == (snapshot("1", 3, 30),)

    def test_what_servers_say_of_a_version_is_kept(self, store):
        early = Servable("dye_bank", 2, "a", proven=False, text="no room", at=1.0)
        late = Servable("dye_bank", 2, "a", proven=True, text="", at=2.0)
        other = Servable("dye_bank", 2, "b", proven=True, text="", at=1.0)
        store.fleet.report([late, other])
        store.fleet.report([early])

        assert store.fleet.servables("dye_bank", 2) == (late, other)
        assert store.fleet.servables("dye_bank", 3) == ()

    def test_text_of_every_kind_comes_back(self, store):
        made = store.create(fresh(), cause(reason="naïve ☃ '; DROP TABLE events; --"))
        after = move(store, made, Pause(text="\0 \ud83d \U0001f600"))

        assert store.get(made.id) == after
        assert store.events()[0].cause.reason == "naïve ☃ '; DROP TABLE events; --"
        assert store.audit() == ()

    def test_a_note_is_an_event_of_its_own_and_is_made_once(self, store):
        first = store.note("Rollback", {"model": "dye_bank"}, cause("once"), 1.0)
        again = store.note("Rollback", {"model": "dye_bank"}, cause("once"), 2.0)

        event = store.events()[-1]
        assert again == event
        assert (first.seq, first.at, first.cause) == (event.seq, event.at, event.cause)
        assert (event.rollout, event.type, event.details) == (
            None,
            "Rollback",
            {"model": "dye_bank"},
        )
        assert not store.audit()

    def test_the_newest_word_of_a_connected_server_is_kept_until_it_leaves(self, store):
        here = Connected("here", "boot-1", 3, 9.0, ejections={"dye-2": "it failed"})
        store.fleet.connect(here)
        store.fleet.connect(replace(here, generation=2, at=8.0))

        assert store.fleet.servers() == (here,)
        store.fleet.connect(replace(here, generation=2, at=9.0 - SET_BACK_SECONDS))
        assert store.fleet.servers() == (here,)
        store.fleet.disconnect(replace(here, boot="boot-0"))
        assert store.fleet.servers() == (here,)
        store.fleet.disconnect(here)
        assert store.fleet.servers() == ()

    def test_servers_are_heard_after_a_clock_was_set_back(self, store):
        here = Connected("here", "boot-1", 3, 90_000.0)
        trouble = Servable("dye_bank", 2, "here", proven=False, text="no room", at=90_000.0)
        store.fleet.connect(here)
        store.fleet.report([trouble])

        now = replace(here, generation=4, at=9.0, ejections={"dye-2": "it failed"})
        up = replace(trouble, proven=True, text="", at=9.0)
        store.fleet.connect(now)
        store.fleet.report([up])

        assert store.fleet.servers() == (now,)
        assert store.fleet.servables("dye_bank", 2) == (up,)


@pytest.fixture(scope="module")
def migrated(tmp_path_factory):
    """The state of a store that nothing was written to yet."""
    state = tmp_path_factory.mktemp("migrated")
    Store.open(state).close()
    return state


class TestOnSqlite(StoreSuite):
    """The suite on a file, and what only files can suffer."""

    @pytest.fixture
    def opened(self, migrated, tmp_path):
        shutil.copytree(migrated, tmp_path, dirs_exist_ok=True)
        stores = []

        def opened():
            stores.append(Store.open(tmp_path))
            raw = stores[-1]._database._engine.raw_connection()
            raw.cursor().execute("PRAGMA synchronous = OFF")  # no test cuts the power
            raw.close()
            return stores[-1]

        yield opened
        for store in stores:
            store.close()

    @pytest.fixture
    def opened_anew(self, tmp_path):
        return lambda: Store.open(tmp_path / "empty")

    def test_the_file_lies_in_the_state(self, store, tmp_path):
        with sqlite3.connect(tmp_path / FILE) as raw:
            assert raw.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        raw.close()

    def test_connections_keep_foreign_keys_and_every_commit(self, opened_anew):
        store = opened_anew()
        assert run_sql(store, "PRAGMA foreign_keys").scalar() == 1
        assert run_sql(store, "PRAGMA synchronous").scalar() == 2
        with pytest.raises(sqlalchemy.exc.IntegrityError, match="FOREIGN KEY"):
            run_sql(store, "INSERT INTO carried VALUES (1, 'nobody', 1, 0, 0)")
        store.close()

    def test_replacing_an_event_is_refused(self, store):
        store.create(fresh(), cause())
        columns = "seq, rollout, type, details, actor_kind, actor, reason, request_id, evidence"
        rest = "before_sha256, after_sha256, changed, at FROM events"
        for seq in ("1", "2"):  # by its number, by its request id
            chosen = columns.replace("seq", seq, 1)
            with pytest.raises(sqlalchemy.exc.DBAPIError, match="append-only"):
                run_sql(store, f"INSERT OR REPLACE INTO events SELECT {chosen}, {rest}")

    @pytest.mark.parametrize(
        ("harm", "told"),
        [
            ("PRAGMA query_only = ON", "readonly"),
            ("PRAGMA max_page_count = 1", "full"),
        ],
    )
    def test_a_store_that_takes_no_writes_is_unavailable(self, store, harm, told):
        made = store.create(fresh(), cause())
        run_sql(store, harm)

        with pytest.raises(StoreUnavailable, match=told):
            store.transition(made.id, made.etag, Pause(text="x" * 100_000), cause(), 1.0)
        assert store.get(made.id) == made
        assert store.audit() == ()

    def test_a_store_that_somebody_holds_is_unavailable_until_it_is_let_go(self, store, tmp_path):
        made = store.create(fresh(), cause())
        run_sql(store, "PRAGMA busy_timeout = 10")
        holder = sqlite3.connect(tmp_path / FILE, isolation_level=None)
        holder.execute("BEGIN IMMEDIATE")

        with pytest.raises(StoreUnavailable, match="locked"):
            move(store, made, Begin())
        assert store.get(made.id) == made  # readers need not wait
        holder.execute("ROLLBACK")
        holder.close()
        assert move(store, made, Begin()).state is State.VERIFYING

    def test_what_is_no_store_is_unavailable(self, tmp_path):
        file = tmp_path / "garbage" / FILE
        file.parent.mkdir(parents=True)
        file.write_bytes(b"no database " * 1000)
        (tmp_path / "plain").write_text("")

        with pytest.raises(StoreUnavailable, match="not a database"):
            Store.open(tmp_path / "garbage")
        with pytest.raises(StoreUnavailable, match="plain"):
            Store.open(tmp_path / "plain")

    @pytest.mark.parametrize("url", ["mysql://db/x", "sqlite:///x", "nonsense", ""])
    def test_only_postgresql_is_opened_by_address(self, tmp_path, url):
        with pytest.raises(InputRefused, match="postgresql://"):
            Store.open(tmp_path, url)

    def test_a_server_that_is_not_there_is_unavailable_and_no_password_told(self, tmp_path):
        url = f"postgresql://limner:hush@/rollouts?host={tmp_path}"

        with pytest.raises(StoreUnavailable) as refused:
            Store.open(tmp_path, url)
        assert str(tmp_path) in str(refused.value)
        assert "hush" not in str(refused.value)


@pytest.mark.parametrize("harm", [{"request_id": ""}, {"request_id": "x" * 201}, {"actor": "\0"}])
def test_a_cause_that_cannot_be_kept_is_refused(harm):
    given_ = {"actor": "ann", "kind": ActorKind.HUMAN, "request_id": "1"} | harm

    with pytest.raises(InputRefused):
        Cause(**given_)
