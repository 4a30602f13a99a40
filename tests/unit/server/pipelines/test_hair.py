from __future__ import annotations

import numpy as np
import pytest

from limner.v1.reasons import NoFace, NoHair
from limner_server.pipelines.faces import Selector, find_faces
from limner_server.pipelines.hair import Label, find_hair, find_labels
from tests.unit.server.pipelines.conftest import HAIR, draw


def placed(hair, photo):
    """Return which pixels of the photo are hair, from a map of a part of it."""
    y, x = np.mgrid[hair.rows, hair.columns]
    rows = ((y - hair.rows.start) * hair.scale).astype(int)
    columns = ((x - hair.columns.start) * hair.scale).astype(int)
    whole = np.zeros(photo.shape[:2], bool)
    whole[hair.rows, hair.columns] = hair.inside[rows, columns]
    return whole


def overlap(one, other):
    return (one & other).sum() / (one | other).sum()


async def test_the_hair_of_a_head_is_found(networks, call):
    photo, truth = draw((200, 150, 50))

    hair = await find_hair(photo, Selector(), networks, call)

    assert overlap(placed(hair, photo), truth) > 0.9
    assert not call.warnings


@pytest.mark.parametrize(
    ("selector", "meant"),
    [(Selector(), 1), (Selector(index=0), 0), (Selector(point=(90.0, 150.0)), 0)],
)
async def test_of_two_heads_the_selector_decides(networks, call, selector, meant):
    heads = (90, 150, 36), (290, 150, 50)
    photo, _ = draw(*heads)

    hair = await find_hair(photo, selector, networks, call)

    assert overlap(placed(hair, photo), draw(heads[meant])[1]) > 0.85


async def test_without_a_face_the_whole_photo_is_looked_at_and_the_caller_is_told(networks, call):
    photo = np.full((300, 400, 3), (120, 150, 160), np.uint8)
    photo[80:200, 100:260] = HAIR

    hair = await find_hair(photo, Selector(), networks, call)

    assert overlap(placed(hair, photo), (photo == HAIR).all(-1)) > 0.95
    assert [warning.code for warning in call.warnings] == ["NO_FACE"]


async def test_a_face_that_was_asked_for_and_is_not_there_is_an_error(networks, call):
    with pytest.raises(NoFace):
        await find_hair(np.zeros((90, 90, 3), np.uint8), Selector(index=0), networks, call)


@pytest.mark.parametrize("heads", [[(200, 150, 50)], []])
async def test_no_hair_says_how_little_there_is(networks, call, heads):
    photo, _ = draw(*heads, hair=(120, 150, 160))

    with pytest.raises(NoHair, match=r"hair covers 0\.00% of the photo"):
        await find_hair(photo, Selector(), networks, call)


async def test_labels_tell_hair_face_body_and_background_apart(networks, call):
    photo, hair = draw((120, 150, 45), (300, 150, 40))
    person = np.zeros(hair.shape, bool)
    person[60:, 50:370] = True
    faces = await find_faces(photo, networks, call)

    labels = await find_labels(photo, faces, 0, person, networks, call)

    own, other = draw((120, 150, 45))[1], draw((300, 150, 40))[1]
    assert overlap(labels == Label.HAIR, own) > 0.85
    assert (labels[other & (np.arange(400) > 260)] == Label.BODY).mean() > 0.9
    assert labels[150, 120] == Label.FACE_SKIN
    assert labels[280, 100] == Label.BODY
    assert labels[5, 5] == labels[280, 10] == Label.BACKGROUND
