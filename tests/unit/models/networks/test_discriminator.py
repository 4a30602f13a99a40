import torch

from limner_models.networks.discriminator import Discriminator


def test_patches_are_judged_by_themselves():
    torch.manual_seed(0)
    scores = Discriminator(8)(torch.rand(2, 3, 64, 64), torch.zeros(2, 3))

    assert scores.shape[:2] == (2, 1)
    assert scores.shape[2] * scores.shape[3] > 100


def test_what_color_hair_is_said_to_have_changes_the_judgement():
    torch.manual_seed(0)
    judge = Discriminator(8)
    # one color all over is taken out by the norms, so it must reach the first layer's edges
    planes = torch.rand(1, 3, 64, 64)

    said = [judge(planes, torch.tensor([[light, 0.0, 0.0]])) for light in (15.0, 85.0)]

    assert not torch.allclose(*said, atol=1e-4)
