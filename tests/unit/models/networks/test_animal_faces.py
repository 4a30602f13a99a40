"""What looks at animals while animalizers train: key points, judge and generator."""

from __future__ import annotations

import pytest
import torch

from limner_models.networks.animal_generator import KINDS, LATENT, AnimalGenerator
from limner_models.networks.animal_judge import AnimalJudge, hinged
from limner_models.networks.animal_keypoints import AnimalKeypoints, middles
from limner_registry.animals import TOLD

WIDTHS = (8, 8, 8)


def generator(people=5):
    torch.manual_seed(0)
    return AnimalGenerator(people, WIDTHS).eval()


def test_a_sure_map_has_its_middle_where_it_is_sure():
    scores = torch.full((1, 2, 8, 4), -50.0)
    scores[0, 0, 3, 1] = scores[0, 1, 0, 3] = 50
    found = middles(scores)
    assert torch.allclose(found[0], torch.tensor([[1.5 / 4, 3.5 / 8], [3.5 / 4, 0.5 / 8]]))


def test_key_points_are_shares_of_the_side():
    torch.manual_seed(0)
    with torch.inference_mode():
        keys = AnimalKeypoints(16).eval()(torch.zeros(2, 128, 128, 3, dtype=torch.uint8))
    assert keys.shape == (2, 16, 2)
    assert ((keys > 0) & (keys < 1)).all()


def test_a_judge_scores_patches_and_heeds_what_it_is_told():
    torch.manual_seed(0)
    judge = AnimalJudge(3).eval()
    planes = torch.rand(2, 4, 64, 64)
    one, other = (judge(planes, torch.tensor([kind, kind])) for kind in (0, 2))
    assert one.shape == (2, 8, 8)
    assert not torch.allclose(one, other)


@pytest.mark.parametrize(("true", "false", "loss"), [(1, -1, 0), (0, 0, 2), (3, -5, 0), (-1, 1, 4)])
def test_a_judge_that_is_sure_enough_pays_nothing(true, false, loss):
    scores = torch.full((2, 3, 3), float(true)), torch.full((2, 3, 3), float(false))
    assert hinged(*scores) == loss


def test_a_latent_is_a_person_and_every_animal():
    net = generator()
    latent = torch.randn(2, LATENT)
    with torch.inference_mode():
        human, points = net(latent, torch.tensor([[0], [0]], dtype=torch.uint8))
        beast, same = net(latent, torch.tensor([[1], [KINDS - 1]], dtype=torch.uint8))
    assert human.shape == beast.shape == (2, 16, 16, 3)
    assert human.dtype == torch.uint8
    assert points.shape == (2, len(TOLD), 2)
    assert torch.equal(points, same)  # they are the person's, whatever is drawn
    assert not torch.equal(human, beast)


def test_some_latents_lie_between_those_of_people_it_was_taught_by():
    net = generator()
    net.known.fill_(2)
    with torch.no_grad():
        net.latents.weight[2:] = 100
        torch.manual_seed(1)
        some = net.some(50)
        known = net.of_people(torch.arange(2))
    low, high = known.min(0).values - 1e-5, known.max(0).values + 1e-5
    assert ((some >= low) & (some <= high)).all()
    assert some.std(0).max() > 0.05
