"""Masks of a face's parts, and how they grow and shrink."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from limner_server.imaging.face_parts import filled, grown, shrunk

DISK = np.array([(60 + 30 * np.cos(a), 50 + 30 * np.sin(a)) for a in np.linspace(0, 6.28, 99)])


def test_a_polygon_is_drawn_where_it_lies_in_a_part_of_the_photo():
    whole = filled(DISK.astype(np.float32), slice(0, 100), slice(0, 120))
    part = filled(DISK.astype(np.float32), slice(13, 90), slice(41, 110))

    assert (whole > 0).sum() == pytest.approx(np.pi * 30**2, rel=0.05)
    np.testing.assert_array_equal(part, whole[13:90, 41:110])


@given(st.floats(1, 25))
def test_a_disk_grows_and_shrinks_by_the_radius(radius):
    disk = filled(DISK.astype(np.float32), slice(0, 100), slice(0, 120))
    area = [(part > 0).sum() for part in (shrunk(disk, radius), disk, grown(disk, radius))]

    reached = np.sqrt(np.array(area) / np.pi)

    np.testing.assert_allclose(reached, (30 - radius, 30, 30 + radius), atol=1.5)


@given(st.floats(1, 60))
def test_the_photo_s_border_is_no_edge(radius):
    half = np.zeros((40, 80), np.uint8)
    half[:, :50] = 255

    assert (shrunk(half, radius)[:, 0] > 0).all() or radius >= 50
    assert not grown(np.zeros_like(half), radius).any()
    assert (shrunk(np.full_like(half, 255), radius) == 255).all()
