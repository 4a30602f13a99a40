from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from limner_server.imaging.strips import STRIP_ROWS, each_strip


@given(st.integers(0, 3000), st.integers(0, 3000))
def test_every_row_is_worked_on_once(start, length):
    worked = np.zeros(start + length, int)

    def work(rows):
        assert rows.stop - rows.start <= STRIP_ROWS
        worked[rows] += 1

    each_strip(start, start + length, work)

    assert (worked[:start] == 0).all()
    assert (worked[start:] == 1).all()


@pytest.mark.parametrize("stop", [10, 5 * STRIP_ROWS])
def test_a_failure_in_a_strip_is_raised(stop):
    def work(rows):
        if rows.stop == stop:
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        each_strip(0, stop, work)
