"""How the generator of every dye is trained: on exact pairs first, then against a judge."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
import torch

from limner_models.data import portraits
from limner_models.data.backgrounds import Backgrounds
from limner_models.data.drawn import draw_head
from limner_models.data.recolored import Recolored
from limner_models.losses.colors import color_moment, gradient_structure, scaled_structure
from limner_models.losses.gan import hair_alone, judged_false, judged_true, moved_and_cut
from limner_models.networks.discriminator import Discriminator
from limner_models.networks.dye_generator import DyeGenerator, Shape, to_planes
from limner_models.networks.lab import srgb_to_lab
from limner_models.recipes.dye_scores import dye_scores
from limner_models.recipes.recipe import Drawings, Rate, Recipe
from limner_models.train import precision
from limner_registry.contracts import DYE_GENERATOR
from limner_registry.hair_colors import HAIR_COLORS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray
    from torch import Tensor, nn

    from limner_models.recipes.recipe import Arrays, Material

SIZE: Final = 128
"""Pixels a side of the pairs; hair at 256 px, as it is served, is seen in parts."""

SHADES: Final = tuple(HAIR_COLORS)
"""What every head must have been drawn in."""

ALONE: Final = 0.7
"""Share of the steps before the judge joins."""

EVERY: Final = 2
"""Steps of which one has the judge, once it has joined."""

TRUE, OUTSIDE, STRUCTURE, MOMENT = 4.0, 0.5, 1.0, 2.0
"""Weights: the true dye, nothing learned where there is no hair, the strands, the mean color."""

MISTAKEN: Final = 5.0
"""Deviation, in CIELAB, of the color said to be found, at most."""

JUDGED, CYCLE, FREE_MOMENT, FREE_STRUCTURE = 0.1, 2.0, 2.0, 1.0
"""Weights where there is no truth: the judge, the way back, the color asked for, the strands."""

JUDGE_SHARE: Final = 0.5
"""The judge's rate as a share of the generator's."""


class DyeTask:
    """Trains the generator on pairs, and on colors that no pair has."""

    def __init__(self, recipe: Recipe, device: torch.device) -> None:
        self.network = DyeGenerator(Shape()).to(device)
        self.judge = Discriminator().to(device)
        self.modules: dict[str, nn.Module] = {"network": self.network, "judge": self.judge}
        self.optimizers: dict[str, torch.optim.Optimizer] = {
            "network": torch.optim.Adam(self.network.parameters(), betas=(0.8, 0.99)),
            "judge": torch.optim.Adam(
                [{"params": [*self.judge.parameters()], "share": JUDGE_SHARE}], betas=(0.5, 0.99)
            ),
        }
        self._device = device
        self._alone = round(ALONE * recipe.steps)

    def step(self, batch: Mapping[str, Tensor], step: int) -> dict[str, float]:
        """Take one step; late in the training, every other with the judge."""
        pairs = Pairs.of(batch)
        judged_now = step >= self._alone and step % EVERY == 0
        with precision(self._device):
            losses = true_losses(self.network, pairs)
            if judged_now:
                half = pairs.part(slice(0, max(2, len(pairs.found) // 2)))
                free, dyed = free_losses(self.network, self.judge, half)
                losses |= free
        total = torch.stack([*losses.values()]).sum()
        self._descend("network", total)
        values = {name: float(loss.detach()) for name, loss in losses.items()}
        if judged_now:
            with precision(self._device):
                judged = judge_loss(self.judge, half, dyed)
            self._descend("judge", judged)
            values["judge"] = float(judged.detach())
        return values

    def _descend(self, name: str, loss: Tensor) -> None:
        optimizer = self.optimizers[name]
        for each in self.optimizers.values():
            each.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.modules[name].parameters(), 5.0)
        optimizer.step()


class Pairs:
    """A batch as losses want it."""

    def __init__(
        self, before: Tensor, after: Tensor, alpha: Tensor, found: Tensor, wanted: Tensor
    ) -> None:
        self.before = before
        """Nx3xHxW sRGB in [0, 1]."""
        self.after = after
        self.alpha = alpha
        """Nx1xHxW in [0, 1]."""
        self.found = found
        """Nx3 CIELAB."""
        self.wanted = wanted

    @classmethod
    def of(cls, batch: Mapping[str, Tensor]) -> Pairs:
        """Return the pairs that `Recolored` composed."""
        return cls(
            to_planes(batch["before"]),
            to_planes(batch["after"]),
            batch["alpha"][:, None].float() / 255,
            batch["found"],
            batch["wanted"],
        )

    def part(self, which: slice) -> Pairs:
        """Return some of the pairs."""
        every = (self.before, self.after, self.alpha, self.found, self.wanted)
        return Pairs(*(tensor[which] for tensor in every))


def true_losses(network: DyeGenerator, pairs: Pairs) -> dict[str, Tensor]:
    """Return what the pairs teach: weighted losses by name."""
    # what the server takes for the color found is off by a little
    doubt = MISTAKEN * torch.rand_like(pairs.found[:, :1])
    found = pairs.found + doubt * torch.randn_like(pairs.found)
    dyed, guess = network.paint(pairs.before, found, pairs.wanted)
    lab, true = srgb_to_lab(dyed), srgb_to_lab(pairs.after)
    error = (lab - true).abs().mean(dim=1, keepdim=True) * pairs.alpha
    return {
        "true": TRUE * error.sum() / (20 * pairs.alpha.sum()),
        "outside": OUTSIDE * outside(dyed, guess, pairs.alpha),
        "structure": STRUCTURE * gradient_structure(lab[:, :1], true[:, :1], pairs.alpha),
        "moment": MOMENT * color_moment(lab, pairs.wanted, sure(pairs.alpha)),
    }


def free_losses(
    network: DyeGenerator, judge: Discriminator, pairs: Pairs
) -> tuple[dict[str, Tensor], Tensor]:
    """Return what colors of other heads teach, where nobody knows the truth, and the dyed."""
    wanted = pairs.wanted.roll(1, 0)
    dyed, guess = network.paint(pairs.before, pairs.found, wanted)
    back, _ = network.paint(dyed, wanted, pairs.found)
    lab, source = srgb_to_lab(dyed), srgb_to_lab(pairs.before)
    shown = moved_and_cut(hair_alone(dyed, pairs.alpha))
    return {
        "judged": JUDGED * judged_true(judge(shown, wanted)),
        "cycle": CYCLE * ((back - pairs.before).abs() * (0.2 + pairs.alpha)).mean(),
        "free outside": OUTSIDE * outside(dyed, guess, pairs.alpha),
        "free moment": FREE_MOMENT * color_moment(lab, wanted, sure(pairs.alpha)),
        "free structure": FREE_STRUCTURE * scaled_structure(lab[:, :1], source[:, :1], pairs.alpha),
    }, dyed.detach()


def judge_loss(judge: Discriminator, pairs: Pairs, dyed: Tensor) -> Tensor:
    """Return how badly the judge tells rendered hair from dyed."""
    true = moved_and_cut(hair_alone(pairs.after, pairs.alpha))
    false = moved_and_cut(hair_alone(dyed, pairs.alpha))
    scores = judge(true, pairs.wanted), judge(false, pairs.wanted.roll(1, 0))
    return (judged_true(scores[0]) + judged_false(scores[1])) / 2


def outside(dyed: Tensor, guess: Tensor, alpha: Tensor) -> Tensor:
    """Return how far the first guess was corrected where there is no hair to learn from."""
    return ((dyed - guess).abs() * (1 - alpha)).mean()


def sure(alpha: Tensor) -> Tensor:
    """Return 1 where colors are measured, else nearly 0, with no step in between."""
    return alpha**16


def dyeing(recipe: Recipe, _material: Material, device: torch.device) -> DyeTask:
    """Return the task, from scratch."""
    return DyeTask(recipe, device)


def recolored(recipe: Recipe, material: Material) -> Recolored:
    """Return what composes the pairs a generator is trained on."""
    files = portraits.files(material.portraits, recipe.data.trained)
    return Recolored(files, Backgrounds(material.backgrounds), recipe.batch, SIZE)


def build() -> DyeGenerator:
    """Return the untrained generator."""
    return DyeGenerator(Shape())


def held_out_scores(network: nn.Module, recipe: Recipe, material: Material) -> dict[str, float]:
    """Return how near dyes come to the truth on heads that were never trained on."""
    files = portraits.files(material.portraits, recipe.data.measured)
    composer = Recolored(files, Backgrounds(material.backgrounds), 1, recipe.data.size)

    def dye(photo: NDArray[np.uint8], pair: Mapping[str, NDArray[Any]]) -> NDArray[np.uint8]:
        inputs = (torch.from_numpy(array)[None] for array in (photo, pair["found"], pair["wanted"]))
        with torch.inference_mode():
            dyed = network(*inputs)[0].numpy()
        return np.asarray(255 * dyed + 0.5, np.uint8)

    pairs = (composer.pair(np.random.default_rng((recipe.seed, k))) for k in range(2 * len(files)))
    return dye_scores(dye, pairs)


def drawn_dyes() -> Arrays:
    """Return two heads with colors to dye them, as golden inputs: dark to red, blond to blue."""
    dark, blond = draw_head(256), draw_head(256, 0.8, (206, 176, 128))
    return {
        "image": np.stack([dark, blond]),
        "found": np.array([(19, 9, 12), (73, 5, 29)], np.float32),
        "wanted": np.array([HAIR_COLORS[name][0] for name in ("red", "blue")], np.float32),
    }


DYE_GENERATOR_RECIPE = Recipe(
    name="dye_generator",
    contract=DYE_GENERATOR,
    title="Dye generator: any hair in any color, told both in CIELAB",
    data=Drawings(count=1200, held_out=60, size=256, variants=SHADES),
    steps=4000,
    batch=8,
    rate=Rate(peak=8e-4, warmup=50, hold=0.5, last=0.03),
    network=build,
    task=dyeing,
    sampler=recolored,
    scores=held_out_scores,
    examples=drawn_dyes,
    seed=1,
    limits=(
        "It is used under an alpha: what is no hair is colored too, and means nothing.",
        "It was taught by drawn hair alone; wet hair, braids and hats in the hair were not shown.",
        "It changes color and contrast, not the strands: roots stay as dark as they were drawn.",
    ),
    facts={
        "weights": f"{TRUE} {OUTSIDE} {STRUCTURE} {MOMENT} {JUDGED} {CYCLE} {FREE_MOMENT}",
        "judge": f"{ALONE} {EVERY} {JUDGE_SHARE}",
        "mistaken": f"{MISTAKEN}",
    },
)
