"""The search on a tiny generator: what it finds, what it leaves alone, when it ends."""

from __future__ import annotations

from dataclasses import replace
from threading import Thread

import numpy as np
import pytest
import torch

from limner_models.loho.interruption import interruptible
from limner_models.loho.schedules import rate_at, shaking_at
from limner_models.loho.search import Search
from limner_models.loho.settings import PUBLISHED, Settings
from limner_models.loho.settling import Settling
from tests.unit.models.loho.doubles import subjects, tools

FEW = Settings(first=6, second=6, refresh=3)


@pytest.fixture(scope="module")
def networks():
    return tools()


def test_it_comes_nearer_to_what_it_seeks(networks):
    steps = list(Search(networks, subjects(), replace(FEW, first=40, second=0)))

    assert steps[-1].losses["identity"] < 0.9 * steps[0].losses["identity"]
    assert steps[-1].losses["structure"] < 0.9 * steps[0].losses["structure"]
    assert {step.stage for step in steps} == {1}


def test_the_second_stage_leaves_the_shape_s_own_strands_alone(networks):
    for weights, by_area in ((FEW.weights, True), (PUBLISHED, False)):
        settings = replace(FEW, weights=weights, by_area=by_area)
        steps = list(Search(networks, subjects(), settings))

        angles = [step.cosines for step in steps if step.stage == 2]
        assert all(before > 1e-3 and after < 1e-6 for before, after in angles)
        assert [step.cosines for step in steps if step.stage == 1] == [None] * 6


def test_colors_of_the_look_are_found_in_the_second_stage(networks):
    settings = replace(FEW, first=5, second=40, least_change=0.0)
    steps = list(Search(networks, subjects(), settings))

    assert steps[-1].losses["style"] < 0.8 * steps[5].losses["style"]


def test_orthogonal_gradients_find_something_else(networks):
    free = Search(networks, subjects(), replace(FEW, orthogonal=False))
    kept = Search(networks, subjects(), FEW)
    for search in (free, kept):
        list(search)

    assert not torch.equal(free.drawn(), kept.drawn())


def test_the_same_seed_finds_the_same_picture_to_the_bit(networks):
    def found(seed):
        search = Search(networks, subjects(), replace(FEW, seed=seed))
        losses = [step.total for step in search]
        return losses, search.drawn()

    first, again, other = found(5), found(5), found(6)

    assert first[0] == again[0]
    assert torch.equal(first[1], again[1])
    assert not torch.equal(first[1], other[1])


def test_it_begins_where_it_is_told(networks):
    styles = torch.full((1, networks.generator.rows, 12), 0.25)
    search = Search(networks, subjects(), replace(FEW, first=0, second=0), styles)

    assert list(search) == []
    expected = networks.generator.synthesize(styles, search._noises).clamp(-1, 1)
    torch.testing.assert_close(search.drawn(), expected)


def test_noise_stays_noise(networks):
    search = Search(networks, subjects(), FEW)
    list(search)

    for noise in (noise.detach() for noise in search._noises):
        assert abs(float(noise.mean())) < 1e-5
        assert float(noise.square().mean()) == pytest.approx(1, abs=1e-4)


def test_portraits_of_any_size_are_compared_at_the_generator_s_or_a_smaller(networks):
    from tests.unit.models.loho.doubles import head

    heads = subjects()._replace(look=head(3, side=100))
    search = Search(networks, heads, replace(FEW, side=16, first=1, second=1))
    steps = list(search)

    assert steps[0].picture.shape == (1, 3, 16, 16)
    assert search.drawn().shape == (1, 3, 32, 32)


def test_people_without_hair_or_face_break_nothing(networks):
    heads = subjects()
    bald = heads.shape._replace(hair=torch.zeros_like(heads.shape.hair))
    faceless = heads.person._replace(face=torch.zeros_like(heads.person.face))

    steps = list(Search(networks, heads._replace(person=faceless, shape=bald, look=bald), FEW))

    assert np.isfinite([step.total for step in steps]).all()
    assert steps[-1].losses["identity"] == steps[-1].losses["style"] == 0


def test_a_search_that_no_longer_helps_ends():
    settings = Settings(first=100, second=300, least_change=1e-3)

    def end(loss):
        settling = Settling(settings)
        return next((n for n in range(1, 401) if settling.is_over(n, loss(n))), None)

    assert end(lambda _: 5.0) == 201
    assert end(lambda n: 5.0 * 0.999**n) is None
    assert 201 < end(lambda n: max(1.0, 1.2 - (n - 100) / 500)) < 400


def test_a_step_is_ended_between_two_parts_of_the_networks_forth_and_back(networks):
    class Ended(Exception):
        pass

    seen = []

    def check():
        seen.append(None)
        if len(seen) == wanted:
            raise Ended

    search = Search(networks, subjects(), FEW)
    wanted = -1
    with interruptible(check):
        next(iter(search))
    looks = len(seen)
    for wanted in (looks // 4, 3 * looks // 4):
        seen.clear()
        with pytest.raises(Ended), interruptible(check):
            next(iter(search))
        assert len(seen) == wanted
    assert looks > 50


def test_one_who_looks_ends_nobody_else_s_work(networks):
    looked = []
    with interruptible(lambda: looked.append(None)):
        other = Thread(target=lambda: next(iter(Search(networks, subjects(), FEW))))
        other.start()
        other.join()
    next(iter(Search(networks, subjects(), FEW)))

    assert not looked


def test_steps_grow_and_shrink_as_published():
    assert rate_at(0) == 0
    assert rate_at(0.025) == pytest.approx(0.5)
    assert rate_at(0.05) == rate_at(0.75) == 1
    assert rate_at(0.875) == pytest.approx(0.5)
    assert rate_at(1) == pytest.approx(0)
    assert shaking_at(0) == 0.05
    assert shaking_at(0.375) == pytest.approx(0.0125)
    assert shaking_at(0.75) == shaking_at(1) == 0
