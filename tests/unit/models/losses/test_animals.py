"""How far drawn animals are apart: nothing counts where nothing is seen."""

from __future__ import annotations

import pytest
import torch

from limner_models.losses.animals import (
    Drawn,
    astray,
    drawing_error,
    evening,
    focused,
    outline_error,
    place_error,
    steps_error,
)

BEHIND = torch.tensor([0.2, 0.9]).view(2, 1, 1, 1)


def picture(seed, side=16):
    torch.manual_seed(seed)
    return Drawn(torch.rand(2, 3, side, side), torch.rand(2, 1, side, side))


def test_a_picture_is_no_way_off_itself():
    one = picture(0)
    assert drawing_error(one, one, BEHIND) == 0
    assert outline_error(one, one) == 0
    assert steps_error(one, one, BEHIND) == 0


def test_colors_that_nobody_sees_do_not_count():
    one = picture(0)
    hidden = one._replace(alpha=torch.zeros_like(one.alpha))
    other = hidden._replace(color=picture(1).color)
    assert drawing_error(hidden, other, BEHIND) == 0


@pytest.mark.parametrize(("light", "counts"), [(0.8, 1), (0.4, 1), (0.2, 2), (0.1, 4), (0, 4)])
def test_dark_pictures_count_as_often_as_they_are_darker_up_to_a_bound(light, counts):
    shown = Drawn(torch.full((2, 3, 16, 16), light), torch.zeros(2, 1, 16, 16))
    shown.alpha[:, :, 4:] = 1
    shown.color[:, :, :4] = 1  # nobody sees it
    weights = evening(shown, usual=0.4, most=4)
    assert weights.shape == (2, 1, 1, 1)
    assert weights.flatten().tolist() == pytest.approx([counts, counts])


def test_what_nobody_sees_is_no_dark_picture_of_infinite_weight():
    nothing = Drawn(torch.rand(2, 3, 16, 16), torch.zeros(2, 1, 16, 16))
    assert torch.isfinite(evening(nothing, usual=0.4, most=4)).all()


def test_an_alpha_counts_unless_what_is_behind_has_the_animal_s_color():
    alike = Drawn(torch.full((2, 3, 8, 8), 0.2), torch.rand(2, 1, 8, 8))
    opaque = alike._replace(alpha=torch.ones_like(alike.alpha))
    assert drawing_error(alike, opaque, torch.full((2, 1, 1, 1), 0.2)) == pytest.approx(0, abs=1e-6)
    assert drawing_error(alike, opaque, torch.full((2, 1, 1, 1), 0.9)) > 0.1


def test_a_smaller_picture_looks_as_the_larger_one_does_from_afar():
    one = picture(3)
    small = one.smaller(4)
    expected = torch.nn.functional.avg_pool2d(one.over(BEHIND), 4)
    assert torch.allclose(small.over(BEHIND), expected, atol=1e-5)
    assert one.smaller(16) is one


def test_bytes_and_logits_stand_for_the_same_picture():
    bytes_ = torch.randint(1, 255, (1, 8, 8, 4), dtype=torch.uint8)
    drawn = Drawn.of_bytes(bytes_)
    again = Drawn.of_logits(torch.cat(drawn, 1).logit())
    assert torch.allclose(drawn.color, again.color, atol=1e-5)
    assert torch.allclose(drawn.alpha, again.alpha, atol=1e-5)


def test_a_judge_sees_gray_where_nothing_was_drawn():
    nothing = Drawn(torch.rand(1, 3, 8, 8), torch.zeros(1, 1, 8, 8))
    planes = nothing.planes()
    assert planes.shape == (1, 4, 8, 8)
    assert (planes[:, :3] == 0.5).all()


def test_a_place_counts_only_where_it_is_known():
    place, true = torch.zeros(1, 2, 4, 4), torch.ones(1, 2, 4, 4)
    known = torch.zeros(1, 4, 4)
    assert place_error(place, true, known) == 0
    known[0, 1, 2] = 1
    assert place_error(place, true, known) == 2


def test_points_are_astray_in_distances_of_the_eyes():
    true = torch.tensor([[[0.3, 0.5], [0.7, 0.5], [0.5, 0.6]]])
    found = true + torch.tensor([0.0, 0.04])
    assert torch.allclose(astray(found, true, (0, 1)), torch.full((1, 3), 0.1))


def test_what_happens_around_a_point_counts_more():
    keys = torch.tensor([[[4.5, 8.5], [12.5, 8.5]]]) / 16
    weights = focused(keys, 16, 3.0, 0.05)
    assert weights.shape == (1, 1, 16, 16)
    assert weights.min() >= 1
    assert weights[0, 0, 8, 4] == pytest.approx(4)
    assert weights[0, 0, 0, 8] == pytest.approx(1, abs=1e-3)

    one = picture(0)
    wrong = Drawn(one.color.clone(), torch.ones_like(one.alpha))
    right = Drawn(one.color, torch.ones_like(one.alpha))
    wrong.color[:, :, 8, 4] += 0.5
    plain = drawing_error(right, wrong, BEHIND)
    assert drawing_error(right, wrong, BEHIND, weights) > 2 * plain
