from __future__ import annotations

import os

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from limner_server.triton.owned import LANE
from limner_server.triton.slab import PAGE, SHM, NoRoom, Slab

SIZE = 16 * PAGE


@pytest.fixture
def slab():
    slab = Slab(SIZE)
    slab.hide()
    return slab


@given(
    steps=st.lists(
        st.one_of(
            st.integers(1, SIZE + PAGE),
            st.tuples(st.just("give back"), st.integers(0, 20)),
        ),
        max_size=40,
    )
)
def test_parts_never_overlap_and_no_room_is_lost(steps):
    slab = Slab(SIZE)
    slab.hide()
    held = []
    for step in steps:
        if isinstance(step, tuple):
            if held:
                held.pop(step[1] % len(held)).give_back()
            continue
        lease = slab.lease(step)
        if lease is None:
            assert not _fits(step, held)
        else:
            assert lease.size >= step
            held.append(lease)
        ordered = sorted(held, key=lambda lease: lease.offset)
        ends = [0, *(lease.offset + lease.size for lease in ordered)]
        starts = [*(lease.offset for lease in ordered), SIZE]
        assert all(end <= start for end, start in zip(ends, starts, strict=True))
        assert slab.leased == sum(lease.size for lease in held)
    for lease in held:
        lease.give_back()
    assert slab.lease(SIZE) is not None


def _fits(size, held):
    free = np.ones(SIZE // PAGE, bool)
    for lease in held:
        free[lease.offset // PAGE : (lease.offset + lease.size) // PAGE] = False
    wanted = -(-size // PAGE)
    return any(free[start : start + wanted].sum() == wanted for start in range(len(free)))


def test_a_part_that_is_given_back_twice_is_not_taken_from_its_next_holder(slab):
    first = slab.lease(SIZE)
    first.give_back()
    second = slab.lease(SIZE)
    first.give_back()
    assert slab.lease(1) is None
    second.give_back()
    assert slab.leased == 0


def test_what_one_writes_nobody_else_sees(slab):
    ours, theirs = slab.lease(PAGE), slab.lease(PAGE)
    theirs.view(0, PAGE)[:] = 7
    ours.view(0, PAGE)[:] = 1
    assert (theirs.view(0, PAGE) == 7).all()


@pytest.mark.parametrize(("offset", "size"), [(-1, 5), (0, PAGE + 1), (PAGE, 1)])
def test_nobody_reaches_beyond_a_part(slab, offset, size):
    slab.lease(PAGE)
    with pytest.raises(ValueError, match="not within"):
        slab.lease(100).view(offset, size)


def test_a_slab_that_is_hidden_has_no_name_and_all_its_bytes(slab):
    assert not (SHM / slab.name).exists()
    slab.bytes[:] = 3
    assert slab.bytes.sum() == 3 * SIZE


def test_a_slab_takes_no_more_than_its_share_of_the_room():
    before = {file.name for file in SHM.iterdir()}
    room = os.statvfs(SHM)
    with pytest.raises(NoRoom):
        Slab(room.f_bavail * room.f_frsize // 2)
    assert not {name for name in {file.name for file in SHM.iterdir()} - before if LANE in name}
