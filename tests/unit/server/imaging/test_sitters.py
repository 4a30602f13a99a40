from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from limner_server.imaging.detection import Detection
from limner_server.imaging.sitters import SHARE, Oval, ease_lines, sample_colors

places = st.floats(-200, 400)
lengths = st.floats(1, 300)
ovals = st.builds(Oval, places, places, lengths, lengths)


def face(left, top, right, bottom):
    return Detection(left, top, right, bottom, 0.9, np.zeros((6, 2), np.float32))


def fields_of(line, height=60, width=80):
    fields = np.full((height, width, 4), 20000, np.int16)
    fields[..., 3] = round(line * 32767)
    return fields


def test_an_oval_lies_around_the_middle_of_its_face():
    oval = Oval.around(face(10, 20, 50, 80))

    assert (oval.x, oval.y) == (30, 50)
    assert oval.across < oval.down


def test_faces_give_their_share_of_the_colors():
    picture = np.zeros((100, 100, 3), np.uint8)
    picture[45:55, 45:55] = 255  # one pixel in a hundred
    oval = Oval(50, 50, 4, 4)

    sample = sample_colors(picture, [oval], 10_000, np.random.default_rng(0))

    assert len(sample) == 10_000
    assert SHARE < (sample > 0).all(1).mean() < SHARE + 0.02


def test_without_faces_every_pixel_counts_the_same():
    picture = np.arange(75, dtype=np.uint8).reshape(5, 5, 3)

    sample = sample_colors(picture, [], 100, np.random.default_rng(0))

    np.testing.assert_array_equal(sample, picture.reshape(-1, 3))


@given(st.lists(ovals, max_size=3), st.integers(0, 9))
def test_faces_beyond_the_picture_do_no_harm(faces, seed):
    picture = np.random.default_rng(seed).integers(0, 256, (40, 50, 3)).astype(np.uint8)
    fields = fields_of(0.5, 40, 50)
    before = fields.copy()

    sample = sample_colors(picture, faces, 64, np.random.default_rng(seed))
    ease_lines(fields, faces)

    assert len(sample) == 64
    np.testing.assert_array_equal(fields[..., :3], before[..., :3])
    assert (fields[..., 3] <= before[..., 3]).all()
    assert (fields[..., 3] >= 0).all()


def test_faint_lines_in_faces_fade_more_than_strong_ones():
    oval = Oval(40, 30, 10, 12)
    left = []
    for line in (0.2, 0.9):
        fields = fields_of(line)
        ease_lines(fields, [oval])
        left.append(fields[30, 40, 3] / (line * 32767))

    assert left[0] < left[1] < 0.9


def test_lines_outside_faces_stay_to_the_last_bit():
    fields = fields_of(0.5)
    before = fields.copy()

    ease_lines(fields, [Oval(40, 30, 5, 6)])

    changed = (fields != before).any(2)
    assert changed[30, 40]
    assert not changed[:, :30].any()
    assert not changed[:20].any()
