import numpy as np
import torch

from limner_models.data.mattes import INSIDE, UNKNOWN
from limner_models.networks.matter import HairMatter
from limner_models.recipes.hair_matter import HAIR_MATTER_RECIPE, Matting, drawn_strands
from limner_models.recipes.recipe import Material


def test_steps_bring_the_alpha_nearer_to_the_truth():
    torch.manual_seed(0)
    task = Matting(HairMatter(16, 8), torch.device("cpu"))
    for group in task.optimizers["adam"].param_groups:
        group["lr"] = 3e-3
    rng = np.random.default_rng(0)
    alpha = (rng.random((2, 8, 8)) > 0.5).repeat(4, 1).repeat(4, 2)
    image = np.where(alpha[..., None], 40, 200).astype(np.uint8).repeat(3, -1)
    batch = {
        "image": torch.from_numpy(image),
        "trimap": torch.full((2, 32, 32), 128, dtype=torch.uint8),
        "alpha": torch.from_numpy(alpha.astype(np.uint8) * 255),
        "contrast": torch.full((2, 32, 32), 160, dtype=torch.uint8),
    }

    errors = [task.step(batch, step)["alpha"] for step in range(30)]

    assert errors[-1] < 0.5 * errors[0]


def test_scores_are_shares_of_what_was_unknown(portraits_folder):
    from dataclasses import replace

    data = replace(HAIR_MATTER_RECIPE.data, count=8, held_out=4, size=64)
    recipe = replace(HAIR_MATTER_RECIPE, data=data)

    torch.manual_seed(0)
    scores = recipe.scores(HairMatter().eval(), recipe, Material(portraits_folder))

    assert set(scores) == {"alpha_unknown", "alpha_gain"}
    assert all(0 <= score <= 1 for score in scores.values())


def test_golden_inputs_leave_something_open():
    examples = drawn_strands()

    assert examples["image"].shape == (2, 512, 512, 3)
    for trimap in examples["trimap"]:
        assert (trimap == UNKNOWN).mean() > 0.01
        assert (trimap == INSIDE).any()
