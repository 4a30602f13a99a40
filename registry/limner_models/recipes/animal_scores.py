"""How well animals are drawn in people's place: expression, outline, and how like drawn ones."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import torch
from torch.nn import functional

from limner_models.data import portraits
from limner_models.data.backgrounds import Backgrounds
from limner_models.data.counterparts import KEYS, Counterparts, read
from limner_models.losses.animals import Drawn, astray
from limner_models.networks.eyes import MobileEye
from limner_models.pretrained import MOBILENET, state_of
from limner_models.recipes.animal_faces import SMALL, finished
from limner_models.recipes.animal_keypoints import ANIMAL_KEYPOINTS_RECIPE, CORNERS
from limner_registry.animals import ANCHORS, ANIMALS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray
    from torch import Tensor, nn

    from limner_models.recipes.recipe import Material, Recipe

NEAR: Final = 0.03
"""Distances of the eyes' outer corners within which a point is where it should be."""
ASTRAY: Final = 0.005
"""How far off a person's points are when animalizers are measured: about as a mesh's are."""
EYES: Final = (ANCHORS.index("eye_r"), ANCHORS.index("eye_l"))
GRAY: Final = 0.5
"""What animals are shown before."""
CPU: Final = torch.device("cpu")


@dataclass(frozen=True)
class Faces:
    """What was measured of one animal; a row each."""

    away: list[Tensor] = field(default_factory=list)
    """Distances of key points from the target's, in distances of the outer corners."""
    doing: list[NDArray[np.float64]] = field(default_factory=list)
    """How open the right eye, the left eye and the mouth are."""
    person: list[NDArray[np.float64]] = field(default_factory=list)
    """The same of the person."""
    seen: list[Tensor] = field(default_factory=list)
    """Features of what was drawn."""
    true: list[Tensor] = field(default_factory=list)
    """Features of the target."""

    def add(self, found: tuple[Tensor, Tensor], person: Mapping[str, tuple[float, float]]) -> None:
        """Take what `compared` found, and the person's points."""
        (mine, target), (seen, true) = found
        self.away.append(astray(mine[None], target[None], CORNERS)[0])
        self.doing.append(openness(dict(zip(KEYS, mine.numpy(), strict=True))))
        self.person.append(openness({name: np.array(at) for name, at in person.items()}))
        self.seen.append(seen)
        self.true.append(true)


def held_out_scores(network: nn.Module, recipe: Recipe, material: Material) -> dict[str, float]:
    """Return how well an animalizer does on people it was never taught by.

    What each score means, `scored_animals` says.
    """
    network.eval()
    finder = finished(ANIMAL_KEYPOINTS_RECIPE, material, CPU)
    eye = MobileEye(state_of(MOBILENET, material.downloads)).eval()
    files = portraits.files(material.portraits, recipe.data.measured)
    composer = Counterparts(files, Backgrounds(material.backgrounds), 1, astray=ASTRAY, hidden=0)
    found: dict[str, Faces] = {animal: Faces() for animal in ANIMALS}
    shares = []
    for index in range(2 * len(files)):
        path, which = files[index // 2], index % 2
        sample = composer.sample(path, which, np.random.default_rng((recipe.seed, index)))
        batch = {name: torch.from_numpy(array)[None] for name, array in sample.items()}
        person, beast = read(path, which)
        with torch.inference_mode():
            told = (batch[name] for name in ("image", "points", "animal", "coat"))
            drawn, anchors = network(*told)
            mine, true = Drawn.of_bytes(drawn), Drawn.of_bytes(batch["drawn"])
            found[beast.animal].add(compared(mine, true, finder, eye), person.points)
            off = astray(anchors, batch["anchors"], EYES)
        shares.append([*outlines(mine.alpha, true.alpha), float((off < 2 * NEAR).float().mean())])
    scores: dict[str, float] = {}
    for animal, faces in found.items():
        scores |= {f"{name}_{animal}": value for name, value in of_faces(faces).items()}
    means = np.mean(shares, axis=0)
    return scores | dict(zip(("outline", "kept", "anchors"), map(float, means), strict=True))


def compared(mine: Drawn, true: Drawn, finder: nn.Module, eye: nn.Module) -> tuple[Tensor, Tensor]:
    """Return key points and features of one drawn animal and of its target, 2xKx2 and 2xC."""
    before = torch.cat([each.over(each.color.new_tensor(GRAY)) for each in (mine, true)])
    small = functional.interpolate(before, size=(SMALL, SMALL), mode="area")
    keys = finder((small.permute(0, 2, 3, 1) * 255 + 0.5).to(torch.uint8))
    return keys, looks(eye, small)


def of_faces(faces: Faces) -> dict[str, float]:
    """Return the scores of one animal, by name; none where it was not among those measured."""
    if len(faces.away) < 2:
        return {}
    away, doing, person = torch.stack(faces.away), np.array(faces.doing), np.array(faces.person)
    return {
        "keys": float((away < NEAR).float().mean()),
        "eyes": correlation(doing[:, :2].ravel(), person[:, :2].ravel()),
        "mouth": correlation(doing[:, 2], person[:, 2]),
        "kid": 1 / (1 + max(0.0, kid(torch.stack(faces.seen), torch.stack(faces.true)))),
    }


def scored_animals(recipe: Recipe, _material: Material) -> str:
    """Return for a card what an animalizer was scored on, and how."""
    return (
        f"{recipe.data.held_out} drawn people with two animals each, never trained on; per animal: "
        f"`keys`, the share of key points within {NEAR:.0%} of the distance of the eyes' outer "
        "corners of where they are in the animal drawn in the person's place, both found by "
        "`animal_keypoints`; `eyes` and `mouth`, the correlation of how open they are with the "
        "person's own; `kid`, 1 / (1 + d) of the kernel inception distance d of MobileNetV2's "
        "features at stride 8, their means over the picture, to be compared with nobody else's. "
        "`outline` is the intersection of alphas over their union; `kept` the share of pixels "
        "farther than 2 % of the side beyond the target's alpha that are left as they are; "
        f"`anchors` the share of those within {2 * NEAR:.0%} of the distance of the eyes."
    )


def openness(points: Mapping[str, NDArray[Any]]) -> NDArray[np.float64]:
    """Return how open the right eye, the left eye and the mouth are, against their widths."""

    def apart(one: str, other: str) -> float:
        return float(np.hypot(*(points[one] - points[other])))

    eyes = [
        apart(f"eye_top_{side}", f"eye_bottom_{side}")
        / max(apart(f"eye_outer_{side}", f"eye_inner_{side}"), 1e-6)
        for side in ("r", "l")
    ]
    wide = max(apart("eye_outer_r", "eye_outer_l"), 1e-6)
    return np.array([*eyes, apart("lip_top", "lip_bottom") / wide])


def correlation(one: NDArray[np.float64], other: NDArray[np.float64]) -> float:
    """Return Pearson's, at least 0; 0 where either does not vary."""
    if min(one.std(), other.std()) < 1e-9:
        return 0.0
    return max(0.0, float(np.corrcoef(one, other)[0, 1]))


def outlines(alpha: Tensor, true: Tensor) -> list[float]:
    """Return the overlap of two alphas, 1x1xHxW, and how much beyond the true one is 0."""
    reach = max(1, alpha.shape[-1] // 50)
    beyond = functional.max_pool2d(true, 2 * reach + 1, 1, reach) == 0
    both = torch.minimum(alpha, true).sum() / torch.maximum(alpha, true).sum().clamp_min(1e-6)
    return [float(both), float((alpha[beyond] == 0).float().mean()) if beyond.any() else 1.0]


def looks(eye: nn.Module, planes: Tensor) -> Tensor:
    """Return what a loss network sees in pictures, NxC."""
    seen: Tensor = eye(planes)[0].mean((2, 3))
    return seen


def kid(one: Tensor, other: Tensor) -> float:
    """Return the kernel distance of two sets of features, NxC and MxC; about 0 for one source.

    Source: Binkowski et al., Demystifying MMD GANs, ICLR 2018: its unbiased estimate with the
        cubic kernel. Features are brought to unit deviation first.
    """
    scale = torch.cat((one, other)).std(0).clamp_min(1e-6)
    one, other = one / scale, other / scale

    def kernel(a: Tensor, b: Tensor) -> Tensor:
        return ((a @ b.T) / a.shape[1] + 1) ** 3

    def within(a: Tensor) -> Tensor:
        every = kernel(a, a)
        count = len(a)
        return (every.sum() - every.diagonal().sum()) / (count * (count - 1))

    return float(within(one) + within(other) - 2 * kernel(one, other).mean())
