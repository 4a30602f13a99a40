import math

import pytest
import torch

from limner_models.losses.gan import (
    GRAY,
    hair_alone,
    judged_false,
    judged_true,
    moved_and_cut,
    steepness,
    taken_for_true,
    told_apart,
)


def test_a_judge_that_says_one_of_true_and_zero_of_false_loses_nothing():
    assert judged_true(torch.ones(2, 1, 4, 4)) == 0
    assert judged_false(torch.zeros(2, 1, 4, 4)) == 0
    assert judged_true(torch.zeros(2, 1, 4, 4)) == 1
    assert judged_false(torch.full((2, 1, 4, 4), 0.5)) == pytest.approx(0.25)


def test_a_judge_sees_hair_and_gray():
    planes = torch.rand(1, 3, 8, 8)
    alpha = torch.zeros(1, 1, 8, 8)
    alpha[..., :4] = 1

    shown = hair_alone(planes, alpha)

    torch.testing.assert_close(shown[..., :4], planes[..., :4])
    assert (shown[..., 4:] == GRAY).all()


def test_moving_and_cutting_invents_no_color():
    torch.manual_seed(0)
    planes = torch.rand(3, 3, 32, 32)

    shown = moved_and_cut(planes)

    assert shown.shape == planes.shape
    known = {round(value, 6) for value in planes.flatten().tolist()} | {GRAY}
    assert {round(value, 6) for value in shown.flatten().tolist()} <= known
    assert (shown == GRAY).float().mean() > 0.1


def test_what_is_moved_and_cut_still_teaches_the_painter():
    planes = torch.rand(2, 3, 32, 32, requires_grad=True)

    moved_and_cut(planes).sum().backward()

    assert set(planes.grad.unique().tolist()) == {0.0, 1.0}


def test_a_judge_that_is_sure_loses_little_and_one_that_errs_what_it_errs_by():
    scores = torch.full((4,), 20.0)

    assert told_apart(scores, -scores) < 1e-6
    assert told_apart(-scores, scores) == pytest.approx(40)
    assert told_apart(torch.zeros(3), torch.zeros(5)) == pytest.approx(2 * math.log(2))
    assert taken_for_true(-scores) == pytest.approx(20)


def test_steepness_is_the_square_of_the_slope_and_can_be_descended():
    weight = torch.tensor([3.0, 4.0, 0.0], requires_grad=True)

    steep = steepness(
        lambda planes: (planes * weight[:, None, None]).sum((1, 2, 3)), torch.rand(2, 3, 2, 2)
    )
    steep.backward()

    assert steep.item() == pytest.approx(25 * 4)
    torch.testing.assert_close(weight.grad, 8 * weight.detach())
