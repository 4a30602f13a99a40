"""What a search begins with: new hair from one, all else from the other, no old hair."""

from __future__ import annotations

import torch

from limner_models.loho.pasting import pasted
from limner_models.loho.search import Head

SIDE = 64
WALL, SKIN, OLD, NEW = -0.5, 0.2, 0.9, -0.9


def square(first, last):
    mask = torch.zeros(1, 1, SIDE, SIDE)
    mask[..., first:last, first:last] = 1
    return mask


def head(hair, face, color):
    picture = torch.full((1, 3, SIDE, SIDE), WALL)
    picture = torch.lerp(picture, torch.full_like(picture, color), hair)
    return Head(torch.lerp(picture, torch.full_like(picture, SKIN), face), hair * (1 - face), face)


def test_new_hair_is_laid_on_and_no_old_hair_is_left():
    face = square(26, 38)
    person, shape = head(square(10, 54), face, OLD), head(square(20, 44), face, NEW)

    made = pasted(person, shape, SIDE)[0, 0]

    assert torch.equal(made[26:38, 26:38], torch.full((12, 12), SKIN))
    assert (made[21:25, 21:43] == NEW).all()
    assert made.max() <= SKIN + 1e-6, "old hair is brighter than all else"
    assert (made[:8] == WALL).all()


def test_it_has_the_size_that_is_asked_for():
    person = head(square(10, 54), square(26, 38), OLD)

    assert pasted(person, person, 32).shape == (1, 3, 32, 32)
