"""A recipe: everything that decides what weights a training ends with, as one frozen value."""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray
    from torch import Tensor, device, nn
    from torch.optim import Optimizer

    from limner_registry.contract import Contract

Arrays = dict[str, "NDArray[Any]"]
"""One batch before it is tensors: arrays by name, batch axis first."""


@dataclass(frozen=True)
class Material:
    """Where a training finds what its batches are composed of."""

    portraits: Path
    """A folder of layered portraits, NNNNNN.npz, as `limner studio draw` writes them."""
    backgrounds: Path | None = None
    """A folder of photos without people; None composes over procedural backgrounds alone."""
    downloads: Path | None = None
    """Where pinned packages are fetched to; None asks for what needs none."""
    vgg: Path | None = None
    """Weights of torchvision's VGG19 to compare pictures by; None uses what packages carry."""
    trained: Path | None = None
    """Where other recipes' trainings lie, a folder each, for those that build on them."""


@dataclass(frozen=True)
class Drawings:
    """The studio's portraits a recipe is trained and measured on, by their seeds."""

    count: int
    """How many are trained on: those right after the last that is only measured on."""
    held_out: int
    """How many are only measured on: those whose seeds begin at `first`."""
    size: int
    """Pixels a side."""
    first: int = 0
    variants: tuple[str, ...] = ()
    """Which counterfactuals each file must hold beside the portrait, such as `color`."""

    @property
    def trained(self) -> range:
        """Seeds that are trained on."""
        return range(self.measured.stop, self.measured.stop + self.count)

    @property
    def measured(self) -> range:
        """Seeds that are never trained on."""
        return range(self.first, self.first + self.held_out)


@dataclass(frozen=True)
class Rate:
    """A learning rate that is a pure function of the step.

    It rises linearly through the warm-up, stays at its peak until `hold` of all steps, then falls
    along a half cosine, or a straight line, to its last value.
    """

    peak: float
    """Above 0."""
    warmup: int = 0
    """Steps until the peak."""
    hold: float = 0.0
    """Share of all steps after which it falls, in [0, 1]."""
    last: float = 0.0
    """As a share of the peak, in [0, 1]."""
    linear: bool = False
    """Whether it falls along a straight line."""

    def at(self, step: int, steps: int) -> float:
        """Return the rate of one step.

        Args:
            step: From 0.
            steps: How many there are in all, above 0.
        """
        if step < self.warmup:
            return self.peak * (step + 1) / self.warmup
        start = max(self.warmup, round(self.hold * steps))
        done = min(1.0, max(0.0, (step - start) / max(1, steps - start)))
        falling = 1 - done if self.linear else (1 + math.cos(math.pi * done)) / 2
        return self.peak * (self.last + (1 - self.last) * falling)


class Sampler(Protocol):
    """Composes batches; it travels to worker processes, so it holds no torch and opens lazily."""

    def __call__(self, rng: np.random.Generator) -> Arrays:
        """Return one batch, decided by `rng` alone."""


class Task(Protocol):
    """What is being trained: modules, their optimizers, and what one step does with a batch."""

    @property
    def network(self) -> nn.Module:
        """What will be served; its weights are averaged over the steps, the average is kept."""

    @property
    def modules(self) -> Mapping[str, nn.Module]:
        """Everything whose state a checkpoint must hold, the network among it, by name."""

    @property
    def optimizers(self) -> Mapping[str, Optimizer]:
        """By name. The loop sets each group's rate: the recipe's times the group's own `share`."""

    def step(self, batch: Mapping[str, Tensor], step: int) -> Mapping[str, float]:
        """Take one step of every optimizer; return what to plot, by name.

        Randomness comes from torch's generator, which the loop seeds anew for every step.
        """


def composed_portraits(recipe: Recipe, material: Material) -> str:
    """Return for a card which drawings were trained on, and before what."""
    seeds = recipe.data.trained
    behind = "over drawn patterns"
    if material.backgrounds is not None:
        behind = "over parts of photos without people and drawn patterns"
    return (
        f"The portrait studio's seeds {seeds.start} to {seeds.stop - 1}, {recipe.data.size} px, "
        f"composed {behind}. No photo of a person."
    )


def portraits_held_out(recipe: Recipe, _material: Material) -> str:
    """Return for a card how many drawings the scores were measured on."""
    return f"{recipe.data.held_out} drawn portraits that were never trained on."


def untaught(_recipe: Recipe, _material: Material) -> tuple[Path, ...]:
    """Return no files: no other trained network is needed."""
    return ()


@dataclass(frozen=True)
class Recipe:
    """How one model is made, from the studio's seeds to the numbers on its card.

    Its callables are module-level functions: a recipe is a value that can be printed and compared.
    """

    name: str
    """As `limner train` takes it."""
    contract: Contract
    """What the trained network answers."""
    title: str
    """One line for the model card."""
    data: Drawings
    steps: int
    batch: int
    """Samples in a step."""
    rate: Rate
    network: Callable[[], nn.Module]
    """Builds the untrained network; called with the contract's inputs, in order, it answers its
    outputs, normalization inside."""
    task: Callable[[Recipe, Material, device], Task]
    """Builds what is trained, seeded by the loop before; fetches pretrained parts if it must."""
    sampler: Callable[[Recipe, Material], Sampler]
    scores: Callable[[nn.Module, Recipe, Material], Mapping[str, float]]
    """Measures a network on the drawings held out: in [0, 1], higher better."""
    examples: Callable[[], Arrays]
    """Golden inputs by tensor name, at most the contract's largest batch; drawn, not loaded."""
    seed: int = 0
    average: float = 0.998
    """How much of the running average of the weights each step keeps, in [0, 1)."""
    limits: tuple[str, ...] = ()
    """What the network cannot do, one sentence each, for its card."""
    notices: tuple[str, ...] = ()
    """Whose pretrained weights it starts from, under which license, for its card."""
    license: str = "Apache-2.0"
    """SPDX expression of the trained weights' license."""
    trained_on: Callable[[Recipe, Material], str] = composed_portraits
    """Says for a card, in one paragraph, what batches were composed of."""
    scored_on: Callable[[Recipe, Material], str] = portraits_held_out
    """Says for a card, in one sentence, what the scores were measured on."""
    teachers: Callable[[Recipe, Material], tuple[Path, ...]] = untaught
    """Returns the weights of other recipes' networks that a training builds on."""
    compares: bool = False
    """Whether it compares pictures by a loss network, for which there may be a better one."""
    facts: Mapping[str, str] = field(default_factory=dict)
    """Numbers of its own that also decide the outcome, such as weights of losses."""

    def fingerprint(self) -> str:
        """Return a digest of the values that decide the outcome; a checkpoint is bound to it.

        The number of steps is among them, as it shapes the learning rate.
        """
        values = (
            *(self.name, self.contract.id, self.data, self.steps, self.batch, self.rate),
            *(self.seed, self.average, sorted(self.facts.items())),
        )
        return hashlib.sha256(repr(values).encode()).hexdigest()
