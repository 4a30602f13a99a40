"""Batches prepared ahead: the same, in order, whoever makes them."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading

import numpy as np
import pytest

from limner_models.batches import generator, prepared
from tests.unit.models.noise import Noise


def test_a_steps_batch_depends_on_the_seed_and_the_step_alone():
    with prepared(Noise(2), 7, range(4), 0) as batches:
        first = [batch["image"] for batch in batches]
    with prepared(Noise(2), 7, range(2, 4), 0) as batches:
        later = [batch["image"] for batch in batches]
    with prepared(Noise(2), 8, range(4), 0) as batches:
        others = [batch["image"] for batch in batches]

    np.testing.assert_array_equal(first[2:], later)
    assert not np.array_equal(first, others)
    assert not np.array_equal(first[0], first[1])


def test_generators_of_different_steps_are_different():
    drawn = {generator(seed, step).random() for seed in range(5) for step in range(5)}

    assert len(drawn) == 25


def test_a_worker_gives_every_batch_in_order_and_ends_with_the_context():
    with prepared(Noise(1), 3, range(9), 1) as batches:
        helped = [batch["image"] for batch in batches]
    with prepared(Noise(1), 3, range(9), 0) as batches:
        alone = [batch["image"] for batch in batches]

    np.testing.assert_array_equal(helped, alone)


def test_an_error_in_a_worker_reaches_the_loop():
    with pytest.raises(ValueError, match="negative"), prepared(Noise(-1), 0, range(3), 1) as some:
        next(some)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_worker_that_is_asked_to_end_goes_on(number):
    with prepared(Noise(1), 3, range(9), 1) as batches:
        helped = [next(batches)["image"]]
        (worker,) = multiprocessing.active_children()
        os.kill(worker.pid, number)
        helped += [batch["image"] for batch in batches]
    with prepared(Noise(1), 3, range(9), 0) as batches:
        alone = [batch["image"] for batch in batches]

    np.testing.assert_array_equal(helped, alone)


def test_a_worker_goes_on_though_it_is_asked_to_end_while_it_starts():
    def interrupt():
        while not (started := multiprocessing.active_children()):
            pass
        os.kill(started[0].pid, signal.SIGINT)

    interrupting = threading.Thread(target=interrupt)
    with prepared(Noise(1), 3, range(2), 1) as batches:
        interrupting.start()
        assert len(list(batches)) == 2
    interrupting.join()


def test_signals_are_heard_again_once_workers_are_started():
    with prepared(Noise(1), 3, range(2), 1) as batches:
        next(batches)

        assert not signal.pthread_sigmask(signal.SIG_BLOCK, ())
