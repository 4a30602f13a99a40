"""The search: styles and noise that draw one person with another's hair, step by step."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, Protocol

import torch
from torch.nn import functional

from limner_models.loho import losses
from limner_models.loho.directions import PROTECTED, directions
from limner_models.loho.masks import LEAST, overlap, zones_of
from limner_models.loho.parsing import resized
from limner_models.loho.perception import STRUCTURE, STYLE
from limner_models.loho.schedules import rate_at, shaking_at
from limner_models.loho.settling import Settling

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from typing import Self

    from torch import Tensor

    from limner_models.loho.parsing import Parser
    from limner_models.loho.perception import Eye, Seen
    from limner_models.loho.settings import Settings


class Generator(Protocol):
    """Draws portraits, as `StyleGenerator` does."""

    mean: Tensor
    size: int
    rows: int
    noise_sizes: Sequence[int]

    def synthesize(self, styles: Tensor, noises: Sequence[Tensor] | None = None) -> Tensor:
        """Return Nx3xSxS sRGB, from about -1 to 1, for NxLxW."""

    def mean_style(self) -> tuple[Tensor, Tensor]:
        """Return the mean style, W, and how far styles lie from it in the root mean square."""


class Head(NamedTuple):
    """A portrait, aligned as the generator draws them."""

    picture: Tensor
    """1x3xSxS sRGB in [-1, 1]."""
    hair: Tensor
    """1x1xSxS of 0 and 1."""
    face: Tensor
    """1x1xSxS of 0 and 1."""


class Subjects(NamedTuple):
    """Whose what is wished for."""

    person: Head
    """Whose face."""
    shape: Head
    """Whose hair's shape and structure."""
    look: Head
    """Whose hair's color and strands."""


@dataclass(frozen=True, eq=False)
class Tools:
    """The networks of a search, on one device; none of their weights takes a gradient."""

    generator: Generator
    eye: Eye
    parser: Parser
    mean: Tensor
    """The generator's mean style, W numbers."""
    deviation: Tensor
    """How far its styles lie from that, in the root mean square."""

    @classmethod
    def of(cls, generator: Generator, eye: Eye, parser: Parser) -> Self:
        """Return tools with what is to be known of a generator's styles."""
        return cls(generator, eye, parser, *generator.mean_style())


@dataclass(frozen=True, eq=False)
class Step:
    """How far a search is after one of its steps."""

    index: int
    """Counted from 1."""
    steps: int
    """That there will be at most."""
    stage: int
    """1 while face and shape are sought, then 2."""
    losses: Mapping[str, float]
    """By name, not weighted."""
    total: float
    """Of what is minimized, weighted."""
    cosines: tuple[float, float] | None
    """Between the gradients of the shape's structure and of what it shall leave alone: the largest
    magnitude of any row before, and after. None in the first stage."""
    overlap: float
    """Intersection over union of the wished hair and that found last in the picture."""
    picture: Tensor
    """1x3xSxS sRGB, what the step began with, about in [-1, 1]."""


class Search:
    """One search, iterated over once; between its steps nothing is under way."""

    def __init__(
        self, tools: Tools, subjects: Subjects, settings: Settings, start: Tensor | None = None
    ) -> None:
        """Look at the three portraits.

        Args:
            tools: The networks.
            subjects: The portraits, each of its own size.
            settings: How to go about it.
            start: Styles to begin with, 1xLxW, such as an encoder finds for the person; None begins
                with the mean portrait.
        """
        self._tools, self._settings = tools, settings
        self._weights = settings.weights
        self.side = min(settings.side, tools.generator.size)
        self._deviation = tools.deviation
        begun = tools.mean.expand(1, tools.generator.rows, -1) if start is None else start
        self._styles = begun.detach().clone().requires_grad_()
        self._chance = torch.Generator().manual_seed(settings.seed)
        self._noises = [
            self._normal(1, 1, size, size).requires_grad_() for size in tools.generator.noise_sizes
        ]
        self._sought = [self._styles, *self._noises]
        self._adam = torch.optim.Adam(self._sought, lr=settings.rate)
        self._person, self._shape, self._look = (self._looked_at(head) for head in subjects)
        self._zones = zones_of(self._person.face, self._shape.hair)
        self._hair = self._zones.hair
        with torch.no_grad():
            self._of_person = tools.eye(self._person.picture)
            self._of_shape = tools.eye(self._shape.picture)
            self._shape_hair = self._hair_seen(self._shape.picture, self._shape.hair)
            self._look_hair = self._hair_seen(self._look.picture, self._look.hair)

    def __iter__(self) -> Iterator[Step]:
        """Give each step once it is done, until there are no more or they no longer help."""
        settling = Settling(self._settings)
        for index in range(self._settings.steps):
            step = self._step(index)
            yield step
            if settling.is_over(step.index, step.total):
                return

    def drawn(self) -> Tensor:
        """Return the portrait found, 1x3xRxR in [-1, 1] at the generator's own size."""
        with torch.no_grad():
            return self._tools.generator.synthesize(self._styles, self._noises).clamp(-1, 1)

    def _step(self, index: int) -> Step:
        settings = self._settings
        share = index / settings.steps
        second = index >= settings.first
        for group in self._adam.param_groups:
            group["lr"] = settings.rate * rate_at(share)
        shaken = self._deviation * shaking_at(share) * self._normal(*self._styles.shape)
        drawn = self._tools.generator.synthesize(self._styles + shaken, self._noises)
        picture = self._reduced(drawn)
        if index == settings.first or (settings.refresh and index % settings.refresh == 0):
            self._hair = self._tools.parser(picture.detach()).hair
        found = self._losses(picture, second=second)
        weighted = {name: loss * self._weight(name) for name, loss in found.items()}
        angles = self._descend(weighted)
        return Step(
            index=index + 1,
            steps=settings.steps,
            stage=2 if second else 1,
            losses={name: float(loss.detach()) for name, loss in found.items()},
            total=sum(float(weighted[name].detach()) for name in found if name not in PROTECTED),
            cosines=angles,
            overlap=overlap(self._hair, self._shape.hair),
            picture=picture.detach(),
        )

    def _losses(self, picture: Tensor, *, second: bool) -> dict[str, Tensor]:
        """Return what is minimized, and in the second stage what is protected."""
        eye, zones = self._tools.eye, self._zones
        seen = eye(picture)
        found = {
            "identity": losses.difference(
                seen.levels, self._of_person.levels, eye.weights, zones.face
            ),
            "structure": losses.difference(
                seen.levels[STRUCTURE],
                self._of_shape.levels[STRUCTURE],
                eye.weights[STRUCTURE],
                zones.hair,
            ),
            "noise": losses.noise_patterns(self._noises),
        }
        if self._weights.mask:
            likely = self._tools.parser.shares(picture).hair
            found["mask"] = losses.mask_difference(likely, self._shape.hair, zones.ring)
        if second:
            hair = self._hair if self._hair.sum() >= LEAST else zones.hair
            own = seen if self._settings.by_area else self._hair_seen(picture, hair)
            found |= self._hair_losses("", own, hair, self._look_hair, self._look.hair)
            found |= self._hair_losses("shape_", own, hair, self._shape_hair, self._shape.hair)
        return found

    def _hair_losses(
        self, prefix: str, seen: Seen, hair: Tensor, wanted: Seen, wanted_hair: Tensor
    ) -> dict[str, Tensor]:
        """Return how far the picture's hair differs from another's in colors and strands."""
        return {
            f"{prefix}appearance": losses.appearance_difference(
                seen.appearance, hair, wanted.appearance, wanted_hair
            ),
            f"{prefix}style": losses.style_difference(
                seen.levels[STYLE],
                hair,
                wanted.levels[STYLE],
                wanted_hair,
                by_area=self._settings.by_area,
            ),
        }

    def _descend(self, weighted: Mapping[str, Tensor]) -> tuple[float, float] | None:
        """Take a step down; return the largest cosines before and after, in the second stage."""
        gradients, angles = directions(
            weighted, self._sought, orthogonalized=self._settings.orthogonal
        )
        for sought, gradient in zip(self._sought, gradients, strict=True):
            sought.grad = gradient
        self._adam.step()
        with torch.no_grad():
            for noise in self._noises:
                noise.sub_(noise.mean()).div_(noise.square().mean().sqrt().clamp_min(1e-8))
        return angles

    def _weight(self, name: str) -> float:
        weight: float = getattr(self._weights, name.removeprefix("shape_"))
        return weight

    def _hair_seen(self, picture: Tensor, hair: Tensor) -> Seen:
        """Return what the eye sees of hair."""
        if self._settings.by_area:
            return self._tools.eye(picture)
        return self._tools.eye(picture * hair, raw=True)

    def _reduced(self, picture: Tensor) -> Tensor:
        """Return a drawn picture at the size at which pictures are compared."""
        times = picture.shape[-1] // self.side
        return functional.avg_pool2d(picture, times) if times > 1 else picture

    def _looked_at(self, head: Head) -> Head:
        """Return a portrait at the size at which pictures are compared."""
        planes = [resized(plane.to(self._styles.device), self.side) for plane in head]
        return Head(planes[0], *((plane > 0.5).to(planes[0]) for plane in planes[1:]))

    def _normal(self, *shape: int) -> Tensor:
        """Return normal noise, the same on every device."""
        return torch.randn(*shape, generator=self._chance).to(self._deviation.device)
