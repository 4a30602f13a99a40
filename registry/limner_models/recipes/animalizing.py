"""How an animalizer is taught: what it is held to, step by step."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple, Protocol

import torch
from torch.nn import functional

from limner_models.data.counterparts import ASTRAY, KEYS
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
from limner_models.losses.style import content_difference, style_difference
from limner_models.networks.animal_judge import AnimalJudge, hinged
from limner_models.networks.animal_keypoints import middles
from limner_models.networks.animalizer import COATS, FIRSTS, Animalizer, Parts, Window
from limner_models.networks.dye_generator import to_planes
from limner_models.networks.told import eyes_among, gaping
from limner_models.recipes.animal_faces import SMALL
from limner_models.recipes.animal_keypoints import CORNERS
from limner_models.train import precision
from limner_registry.animals import TOLD

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch import Tensor, nn

    Batch = Mapping[str, Tensor]
    Losses = dict[str, Tensor]

PIXELS, OUTLINE, STEPS, PLACE, ANCHORS = 10.0, 5.0, 2.0, 2.0, 10.0
"""Weights of pixels, alpha, their changes, places on the unrolled head, and anchors."""
CONTENT, STYLE, POINTS, JUDGED = 0.5, 0.2, 2.0, 0.2
"""Weights of what a loss network sees, of key points found, and of the judge."""

ALONE: Final = 0.35
"""Share of the steps before judge and key points join."""
EVERY: Final = 2
"""Steps of which one has the judge, once it has joined; the loss network looks at the others."""
SLOWER: Final = 0.3
"""The judge's rate as a share of the network's."""
SEEN: Final = 0.55
"""Side, as a share of the picture's, of what is drawn fine in a step."""
LIDS: Final = 1.0
"""Weight of how far apart lids are found."""
FOCUS: Final = (8.0, 0.045)
"""How much more eyes and mouth count than the rest, and how far around them, in sides."""
EVENED: Final = (0.4, 4.0)
"""How bright a head is from which on it counts once, and how often a dark one counts at most."""
FOCUSED: Final = [
    KEYS.index(name)
    for name in ("pupil_r", "pupil_l", "nose_tip", "lip_top", "lip_bottom", "mouth_r", "mouth_l")
]
EYES: Final = eyes_among(KEYS)
"""Outer and inner corner, top and bottom of each eye among KEYS."""
POSES: Final = 64
"""Heads of which only the points are seen, in a step."""
RIM: Final = 2
"""At a window's edge, in its pixels, nothing is held to: convolutions see nothing beyond."""


class Source(Protocol):
    """Gives batches with truths of SMALL pixels a side."""

    def __call__(self, count: int) -> Batch:
        """Return image, points, animal and coat as `Counterparts` names them, and `drawn`."""


class Lookers(NamedTuple):
    """Networks that look at what is drawn; neither changes."""

    eye: nn.Module
    """A loss network."""
    finder: nn.Module
    """Finds key points."""


class Animalizing:
    """Trains an animalizer on exact pairs and, if it has a source of them, on generated ones."""

    def __init__(
        self,
        network: Animalizer,
        lookers: Lookers,
        poses: Batch,
        steps: int,
        device: torch.device,
        generated: tuple[float, Source] | None = None,
    ) -> None:
        """Train `network`.

        Args:
            network: What is trained.
            lookers: What looks at its pictures.
            poses: Heads by their points, as `poses` returns them.
            steps: How many there will be.
            device: Where.
            generated: The share of steps on generated pairs, and what gives them.
        """
        self.device = device
        self.network = network.to(device, memory_format=torch.channels_last)
        self.network.train()
        self.judge = AnimalJudge(sum(COATS)).to(device)
        self.modules: dict[str, nn.Module] = {"network": self.network, "judge": self.judge}
        self.optimizers: dict[str, torch.optim.Optimizer] = {
            "network": torch.optim.AdamW(
                self.network.parameters(), betas=(0.8, 0.99), weight_decay=1e-4
            ),
            "judge": torch.optim.Adam(
                [{"params": [*self.judge.parameters()], "share": SLOWER}], betas=(0.0, 0.99)
            ),
        }
        self.eye, self.finder = (
            looker.to(device).eval().requires_grad_(requires_grad=False) for looker in lookers
        )
        self._poses = {name: tensor.to(device) for name, tensor in poses.items()}
        self._generated = generated
        self._alone = round(ALONE * steps)

    def step(self, batch: Batch, step: int) -> dict[str, float]:
        """Take one step."""
        if self._generated is not None and float(torch.rand(())) < self._generated[0]:
            return self._learn_generated(self._generated[1](len(batch["image"])))
        window = some_window(self.network.shape.side // 2)
        with precision(self.device):
            parts = parts_of(self.network, batch)
            fine = self.network.fine(parts, which_animal(batch), window)
        truth = Drawn.of_bytes(batch["drawn"])
        behind = torch.rand(len(fine), 3, 1, 1, device=self.device)
        shown = Drawn.of_logits(fine), seen(truth, window)
        mine, wanted = (inner(each) for each in shown)
        focus = focused(batch["keys"][:, FOCUSED], parts.coarse.shape[-1], *FOCUS)
        focus = focus * evening(truth, *EVENED)
        near = functional.interpolate(window.of(focus), scale_factor=4, mode="bilinear")
        losses = coarse_losses(parts.coarse, truth, behind, focus)
        losses |= known_losses(parts, batch) | self._posed()
        losses |= {
            "pixels": PIXELS * drawing_error(mine, wanted, behind, inner_planes(near)),
            "outline": OUTLINE * outline_error(mine, wanted),
            "steps": STEPS * steps_error(mine, wanted, behind),
        }
        joined = step >= self._alone
        judged = joined and step % EVERY == 0
        with precision(self.device):
            if joined:
                losses |= self._pointed(parts, batch, behind)
            if judged:
                losses["judged"] = -JUDGED * self.judge(mine.planes(), kind_of(batch)).mean()
            else:
                losses |= self._looked(mine, wanted, behind)
        values = self._descend("network", losses)
        if judged:
            with precision(self.device):
                true, false = (
                    self.judge(each.planes().detach(), kind_of(batch)) for each in (wanted, mine)
                )
            values |= self._descend("judge", {"judge": hinged(true, false)})
        return values

    def _learn_generated(self, batch: Batch) -> dict[str, float]:
        with precision(self.device):
            parts = parts_of(self.network, batch)
        behind = torch.rand(len(parts.coarse), 3, 1, 1, device=self.device)
        losses = coarse_losses(parts.coarse, Drawn.of_bytes(batch["drawn"]), behind)
        named = {f"generated {name}": loss for name, loss in losses.items()}
        return self._descend("network", named)

    def _posed(self) -> Losses:
        """Return how far off heads are placed of which only the points are told."""
        count = len(self._poses["points"])
        chosen = torch.randint(0, count, (POSES,), device=self.device)
        rows = {name: tensor[chosen] for name, tensor in self._poses.items()}
        points = trembling(rows["points"])
        side = rows["unrolled"].shape[-1]
        place, anchors = self.network.placer(points, which_animal(rows), side)
        return {
            "posed": PLACE * place_error(place, rows["unrolled"], rows["on_head"].float()),
            "posed anchors": ANCHORS * (anchors - rows["anchors"]).abs().mean(),
        }

    def _looked(self, mine: Drawn, wanted: Drawn, behind: Tensor) -> Losses:
        """Return how differently the loss network sees both."""
        content, style = self.eye(mine.over(behind))
        true_content, true_style = self.eye(wanted.over(behind))
        return {
            "content": CONTENT * content_difference(content, true_content),
            "style": STYLE * style_difference(style, true_style),
        }

    def _pointed(self, parts: Parts, batch: Batch, behind: Tensor) -> Losses:
        """Return how far off key points, and how open eyes, are found in what was drawn."""
        picture = Drawn.of_logits(parts.coarse).over(behind)
        if picture.shape[-1] != SMALL:
            picture = functional.interpolate(picture, size=(SMALL, SMALL), mode="bilinear")
        found = middles(self.finder.scores(picture))
        # one that cannot be found where it is hidden must not rule the others
        off = astray(found, batch["keys"], CORNERS).clamp(max=0.5).mean()
        apart = gaping(found, EYES) - gaping(batch["keys"], EYES)
        return {"points": POINTS * off, "lids": LIDS * apart.abs().clamp(max=0.5).mean()}

    def _descend(self, name: str, losses: Losses) -> dict[str, float]:
        for optimizer in self.optimizers.values():
            optimizer.zero_grad(set_to_none=True)
        torch.stack([*losses.values()]).sum().backward()
        torch.nn.utils.clip_grad_norm_(self.modules[name].parameters(), 2.0)
        self.optimizers[name].step()
        return {name: float(loss.detach()) for name, loss in losses.items()}


def parts_of(network: Animalizer, batch: Batch) -> Parts:
    """Return what an animalizer makes of a batch of `Counterparts`."""
    return network.parts(
        to_planes(batch["image"]),
        batch["points"],
        which_animal(batch),
        batch["coat"][:, 0].long(),
    )


def trembling(points: Tensor) -> Tensor:
    """Return points, Nx23x2, as far astray as `Counterparts` tells them."""
    right, left = (list(TOLD).index(name) for name in ("pupil_r", "pupil_l"))
    apart = (points[:, left] - points[:, right]).norm(dim=-1)[:, None, None]
    more = 1 + 2 * (torch.rand_like(apart) < 0.1)
    return points + ASTRAY * more * apart * torch.randn_like(points)


def coarse_losses(
    coarse: Tensor, truth: Drawn, behind: Tensor, focus: Tensor | float = 1.0
) -> Losses:
    """Return what a picture of a quarter of full size is held to, by name."""
    mine, wanted = Drawn.of_logits(coarse), truth.smaller(coarse.shape[-1])
    return {
        "coarse": PIXELS * drawing_error(mine, wanted, behind, focus),
        "coarse outline": OUTLINE * outline_error(mine, wanted),
        "coarse steps": STEPS * steps_error(mine, wanted, behind),
    }


def known_losses(parts: Parts, batch: Batch) -> Losses:
    """Return what else the studio knows: where pixels lie on the head, and its anchors."""
    on_head = batch["on_head"].float()
    return {
        "place": PLACE * place_error(parts.place, batch["unrolled"], on_head),
        "anchors": ANCHORS * (parts.anchors - batch["anchors"]).abs().mean(),
    }


def which_animal(batch: Batch) -> Tensor:
    """Return N int64, indices into ANIMALS."""
    return batch["animal"][:, 0].long()


def kind_of(batch: Batch) -> Tensor:
    """Return N int64, indices into all animals' coats."""
    firsts = torch.tensor(FIRSTS, device=batch["animal"].device)
    return firsts[which_animal(batch)] + batch["coat"][:, 0].long()


def some_window(side: int) -> Window:
    """Return a random square of a picture that is `side` pixels a side."""
    wide = max(2 * RIM + 8, round(side * SEEN))
    left, top = torch.randint(0, side - wide + 1, (2,)).tolist()
    return Window(left, top, wide)


def seen(truth: Drawn, window: Window) -> Drawn:
    """Return what of a picture at full size a window shows."""
    return Drawn(*(window.of(planes, 4) for planes in truth))


def inner(shown: Drawn) -> Drawn:
    """Return a window's picture without its rim."""
    return Drawn(*(inner_planes(planes) for planes in shown))


def inner_planes(planes: Tensor) -> Tensor:
    """Return NxCx4Hx4W without the rim of a window."""
    rim = 4 * RIM
    return planes[:, :, rim:-rim, rim:-rim]
