"""The training loop: resumable, reproducible, and the same for every recipe."""

from __future__ import annotations

import hashlib
import math
import signal
import time
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Protocol

import torch
from safetensors.torch import save_file

from limner_models import checkpoint
from limner_models.batches import STOPPING, prepared
from limner_models.checkpoint import Progress
from limner_models.errors import TrainingDiverged
from limner_models.starters import load_state

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path
    from types import FrameType

    from torch import Tensor, nn
    from torch.optim import Optimizer

    from limner_models.recipes.recipe import Arrays, Material, Recipe, Task

WEIGHTS = "weights.safetensors"
CHECKPOINT_SECONDS = 120.0
"""How often the state is saved; an interrupted training loses no step anyway."""


class Watch(Protocol):
    """Sees a training's curves; whatever draws or records them hangs here."""

    def __call__(self, step: int, values: Mapping[str, float]) -> None:
        """Take what a step, counted from 1, has to show: losses, the rate, seconds so far."""


@dataclass(frozen=True)
class Trained:
    """What a training has come to."""

    progress: Progress
    weights: Path | None
    """The averaged weights of the network; None when it was interrupted."""


@dataclass(frozen=True)
class Run:
    """One training: what is made, of what, where its state lies and on what it runs."""

    recipe: Recipe
    material: Material
    data_sha256: str
    """Digest of all it learns from; a checkpoint is bound to it."""
    folder: Path
    """Keeps the checkpoint and at last the weights; made if missing."""
    device: torch.device
    workers: int = 1
    """Processes that compose batches; 0 composes between the steps."""
    first: Path | None = None
    """Weights of the network to begin with; None begins as the recipe does."""

    @property
    def binding(self) -> str:
        """What a checkpoint must have been written by."""
        first = "" if self.first is None else f" {self.first_sha256}"
        return f"{self.recipe.fingerprint()} {self.data_sha256}{first}"

    @property
    def first_sha256(self) -> str:
        """Digest of the weights to begin with; empty without any."""
        if self.first is None:
            return ""
        with self.first.open("rb") as opened:
            return hashlib.file_digest(opened, "sha256").hexdigest()


def train(run: Run, watch: Watch) -> Trained:
    """Train, or go on training, until the recipe's last step or an interruption.

    SIGINT and SIGTERM end it after the step they come in, with its state saved. An interrupted
    training that is resumed takes the very steps it would have taken. An error, too, ends it with
    its state saved, unless that is an error of a step, which leaves the state half changed.

    Raises:
        CheckpointForeign: The folder keeps a training of another recipe or other data.
        CheckpointDamaged: The state in the folder cannot be read, or the first weights do not fit.
        TrainingDiverged: A loss is no number any more.
    """
    recipe = run.recipe
    run.folder.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(recipe.seed)
    task = recipe.task(recipe, run.material, run.device)
    if run.first is not None:
        load_state(task.network, run.first)
    average = {name: tensor.clone() for name, tensor in weights_of(task.network).items()}
    start = checkpoint.load(run.folder, run.binding, task, average) or Progress(0, 0.0)

    steps = range(start.step, recipe.steps)
    sampler = recipe.sampler(recipe, run.material)
    state = _State(run, task, average, start)
    with (
        interruption() as stopped,
        prepared(sampler, recipe.seed, steps, run.workers) as batches,
        state,
    ):
        for step, batch in zip(steps, batches, strict=True):
            with state.changing():
                values = _step(recipe, task, batch, step, run.device)
                _blend(average, weights_of(task.network), _kept(recipe.average, step))
            watch(state.done.step, {**values, "seconds": state.done.seconds})
            if state.is_due or stopped() or state.done.step == recipe.steps:
                state.save()
            if stopped():
                break
    done = state.done
    if done.step < recipe.steps:
        return Trained(done, None)
    return Trained(done, _write(run.folder, average))


def weights_of(network: nn.Module) -> dict[str, Tensor]:
    """Return the tensors of a network's state, by name, detached."""
    return {name: tensor.detach() for name, tensor in network.state_dict().items()}


def descend(
    network: nn.Module, optimizer: Optimizer, losses: Mapping[str, Tensor]
) -> dict[str, float]:
    """Step a network down along the sum of some losses, by a gradient of length 1 at most.

    Returns:
        Each loss by its name, as curves show it.
    """
    optimizer.zero_grad(set_to_none=True)
    torch.stack([*losses.values()]).sum().backward()
    torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
    optimizer.step()
    return {name: float(loss.detach()) for name, loss in losses.items()}


@contextmanager
def precision(device: torch.device) -> Iterator[None]:
    """Compute in bfloat16 where that is enough; it needs no scaling of losses.

    Not where the processor would have to imitate it.
    """
    able = device.type == "cuda" or torch.backends.mkldnn.is_available()
    with torch.autocast(device.type, torch.bfloat16, enabled=able):
        yield


@contextmanager
def interruption() -> Iterator[Interrupted]:
    """Give a function that says whether the process was asked to end, instead of ending it."""
    asked: list[int] = []

    def note(number: int, _frame: FrameType | None) -> None:
        asked.append(number)

    before = {number: signal.signal(number, note) for number in STOPPING}
    try:
        yield lambda: bool(asked)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


class _State:
    """What a training has come to; it is saved when an error ends it between two steps."""

    def __init__(
        self, run: Run, task: Task, average: Mapping[str, Tensor], start: Progress
    ) -> None:
        self.done = start
        self._keep = partial(checkpoint.save, run.folder, run.binding)
        self._task, self._average = task, average
        self._saved, self._saved_at = start.step, time.monotonic()
        self._before = start.seconds - self._saved_at
        self._is_whole = True

    def __enter__(self) -> None:
        """Nothing is to be done."""

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is not None and self._is_whole and self._saved != self.done.step:
            self.save()

    @contextmanager
    def changing(self) -> Iterator[None]:
        """Enter a step; an error within leaves the state as it was saved last."""
        self._is_whole = False
        yield
        self.done = Progress(self.done.step + 1, self._before + time.monotonic())
        self._is_whole = True

    @property
    def is_due(self) -> bool:
        """Whether it is long since the state was saved."""
        return time.monotonic() - self._saved_at > CHECKPOINT_SECONDS

    def save(self) -> None:
        """Save the state; one that could not be saved is not tried again."""
        self._saved, self._saved_at = self.done.step, time.monotonic()
        self._keep(self.done, self._task, self._average)


class Interrupted(Protocol):
    """Whether the process was asked to end."""

    def __call__(self) -> bool: ...


def _step(
    recipe: Recipe, task: Task, batch: Arrays, step: int, device: torch.device
) -> dict[str, float]:
    torch.manual_seed(recipe.seed * 1_000_003 + step + 1)
    rate = recipe.rate.at(step, recipe.steps)
    for optimizer in task.optimizers.values():
        for group in optimizer.param_groups:
            group["lr"] = rate * group.get("share", 1.0)
    tensors = {name: torch.from_numpy(array).to(device) for name, array in batch.items()}
    values = dict(task.step(tensors, step))
    wrong = [name for name, value in values.items() if not math.isfinite(value)]
    if wrong:
        raise TrainingDiverged(f"{', '.join(wrong)} of step {step + 1} is no number")
    return {**values, "rate": rate}


def _kept(average: float, step: int) -> float:
    """Return how much of the average to keep: early on less, or it would recall the start."""
    return min(average, (step + 1) / (step + 10))


def _blend(average: Mapping[str, Tensor], fresh: Mapping[str, Tensor], kept: float) -> None:
    for name, tensor in average.items():
        if tensor.is_floating_point():
            tensor.lerp_(fresh[name], 1 - kept)
        else:
            tensor.copy_(fresh[name])


def _write(folder: Path, average: Mapping[str, Tensor]) -> Path:
    weights = folder / WEIGHTS
    begun = folder / f"{WEIGHTS}.partial"
    save_file({name: tensor.to("cpu").contiguous() for name, tensor in average.items()}, begun)
    return begun.replace(weights)
