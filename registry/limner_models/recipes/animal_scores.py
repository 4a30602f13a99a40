"""How well animals are drawn in people's place: expression, outline, and how like drawn ones."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

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

    from limner_models.data.counterparts import Beast, Person
    from limner_models.recipes.recipe import Material, Recipe

    Points = Mapping[str, tuple[float, float]] | Mapping[str, NDArray[np.float32]]

NEAR: Final = 0.03
"""Distances of the eyes' outer corners within which a point is where it should be."""
ASTRAY: Final = 0.005
"""How far off a person's points are when animalizers are measured: about as a mesh's are."""
EYES: Final = (ANCHORS.index("eye_r"), ANCHORS.index("eye_l"))
EXPRESSIVE: Final = [KEYS.index(key) for key in KEYS if key not in ("nose_tip", "chin")]
"""Which key points are of the eyes and the mouth."""
READ: Final = 0.15
"""How far off the finder may be about how open an eye is in the target, for the eye to count: in
a black coat, or beyond a muzzle, nobody sees it."""
GRAY: Final = 0.5
"""What animals are shown before."""
CPU: Final = torch.device("cpu")


@dataclass(frozen=True)
class Faces:
    """What was measured of one animal; a row each."""

    away: list[Tensor] = field(default_factory=list)
    """Distances of the eyes' and the mouth's key points from the target's, in distances of the
    outer corners."""
    doing: list[NDArray[np.float64]] = field(default_factory=list)
    """How open the right eye, the left eye and the mouth are, by the target's widths."""
    person: list[NDArray[np.float64]] = field(default_factory=list)
    """How open the person's eyes are, by their own widths, and how far the jaw was opened."""
    read: list[NDArray[np.bool_]] = field(default_factory=list)
    """Of which of the three the finder can tell in the target how open they are."""
    seen: list[Tensor] = field(default_factory=list)
    """Features of what was drawn."""
    true: list[Tensor] = field(default_factory=list)
    """Features of the target."""

    def add(self, found: tuple[Tensor, Tensor], person: Person, beast: Beast) -> None:
        """Take what `compared` found, the person, and the target."""
        (mine, target), (seen, true) = found
        self.away.append(astray(mine[None], target[None], CORNERS)[0, EXPRESSIVE])
        doing, known = (dict(zip(KEYS, one.numpy(), strict=True)) for one in found[0])
        self.doing.append(openness(doing, known))
        self.person.append(np.array([*openness(person.points)[:2], person.gape]))
        self.read.append(np.abs(openness(known) - openness(beast.points)) < READ)
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
            found[beast.animal].add(compared(mine, true, finder, eye), person, beast)
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
    read = np.array(faces.read)[:, :2]
    return {
        "away": float(away.mean()),
        "near": float((away < NEAR).float().mean()),
        "eyes": correlation(doing[:, :2][read], person[:, :2][read]),
        "read": float(read.mean()),
        "mouth": correlation(doing[:, 2], person[:, 2]),
        "kid": 1 / (1 + max(0.0, kid(torch.stack(faces.seen), torch.stack(faces.true)))),
    }


def scored_animals(recipe: Recipe, _material: Material) -> str:
    """Return for a card what an animalizer was scored on, and how."""
    return (
        f"{recipe.data.held_out} drawn people with two animals each, never trained on; per animal: "
        "`away`, how far the eyes' and the mouth's key points are on average from where they are "
        "in the animal drawn in the person's place, both found by `animal_keypoints`, as a share "
        "of the distance of the eyes' outer corners; `near`, the share of them within "
        f"{NEAR:.0%} of it; `eyes`, the correlation of how open they are with the person's own, "
        "where the finder is right about the target's; `read`, the share of those; `mouth`, the "
        "correlation of how open it is with how far the person's jaw was drawn open; "
        "`kid`, 1 / (1 + d) of the kernel inception distance d of MobileNetV2's "
        "features at stride 8, their means over the picture, to be compared with nobody else's. "
        "`outline` is the intersection of alphas over their union; `kept` the share of pixels "
        "farther than 2 % of the side beyond the target's alpha that are left as they are; "
        f"`anchors` the share of those within {2 * NEAR:.0%} of the distance of the eyes."
    )


def openness(points: Points, by: Points | None = None) -> NDArray[np.float64]:
    """Return how open the right eye, the left eye and the mouth are.

    Args:
        points: Key points by name.
        by: Whose widths lids and lips are measured by: of each eye, and of both from end to end;
            the same points' if None.
    """
    gaps = ("eye_top_r", "eye_bottom_r"), ("eye_top_l", "eye_bottom_l"), ("lip_top", "lip_bottom")
    right, left = ("eye_outer_r", "eye_inner_r"), ("eye_outer_l", "eye_inner_l")
    widths = right, left, ("eye_outer_r", "eye_outer_l")
    apart = np.array([_apart(points, *ends) for ends in gaps])
    wide: NDArray[np.float64] = np.array([_apart(by or points, *ends) for ends in widths])
    return np.asarray(apart / np.maximum(wide, 1e-6), np.float64)


def _apart(points: Points, one: str, other: str) -> float:
    return float(np.hypot(*(np.array(points[one]) - np.array(points[other]))))


def correlation(one: NDArray[np.float64], other: NDArray[np.float64]) -> float:
    """Return Pearson's, at least 0; 0 where either does not vary."""
    if len(one) < 2 or min(one.std(), other.std()) < 1e-9:
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
