"""Checkpoints: a training's whole state in one safetensors file, written whole or not at all."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file

from limner_models.errors import CheckpointDamaged, CheckpointForeign

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from limner_models.recipes.recipe import Task

FILE = "checkpoint.safetensors"


@dataclass(frozen=True)
class Progress:
    """How far a training has come."""

    step: int
    """Steps taken."""
    seconds: float
    """Spent in them, interruptions left out."""


def save(
    folder: Path,
    binding: str,
    progress: Progress,
    task: Task,
    average: Mapping[str, torch.Tensor],
) -> None:
    """Replace the folder's checkpoint; a crash in between leaves the former one.

    Args:
        folder: Of this training, existing.
        binding: What the state belongs to: a digest of recipe and data.
        progress: How far the training has come.
        task: Modules and optimizers to keep.
        average: The averaged weights of the task's network.
    """
    tensors = {f"average.{name}": tensor for name, tensor in average.items()}
    for name, module in task.modules.items():
        state = module.state_dict()
        tensors |= {f"modules.{name}.{key}": tensor for key, tensor in state.items()}
    plain: dict[str, Any] = {}
    for name, optimizer in task.optimizers.items():
        state = optimizer.state_dict()
        plain[name] = {"groups": state["param_groups"], "state": {}}
        for index, values in state["state"].items():
            for key, value in values.items():
                if isinstance(value, torch.Tensor):
                    tensors[f"optimizers.{name}.{index}.{key}"] = value
                else:
                    plain[name]["state"].setdefault(str(index), {})[key] = value
    header = {
        "binding": binding,
        "step": str(progress.step),
        "seconds": repr(progress.seconds),
        "optimizers": json.dumps(plain),
    }
    # shared memory and strides are nothing to keep
    kept = {key: tensor.detach().to("cpu").contiguous() for key, tensor in tensors.items()}
    partial = folder / f"{FILE}.partial"
    save_file({key: tensor.clone() for key, tensor in kept.items()}, partial, header)
    with partial.open("rb") as written:
        os.fsync(written.fileno())
    partial.replace(folder / FILE)


def load(
    folder: Path, binding: str, task: Task, average: Mapping[str, torch.Tensor]
) -> Progress | None:
    """Bring a task back to the folder's checkpoint; None where there is none.

    The averaged weights are written into the tensors of `average`.

    Raises:
        CheckpointForeign: It belongs to another recipe, or to other data.
        CheckpointDamaged: The file cannot be read, or lacks a tensor.
    """
    file = folder / FILE
    if not file.exists():
        return None
    try:
        with safe_open(file, "pt") as opened:
            header = opened.metadata() or {}
            if header.get("binding") != binding:
                raise CheckpointForeign(
                    f"{file} was written by another recipe or with other data; "
                    "move it away, or train into another folder"
                )
            tensors = {key: opened.get_tensor(key) for key in opened.keys()}  # noqa: SIM118
        _restore(task, tensors, json.loads(header["optimizers"]))
        for name, tensor in average.items():
            tensor.copy_(tensors[f"average.{name}"])
        return Progress(int(header["step"]), float(header["seconds"]))
    except (SafetensorError, KeyError, ValueError, RuntimeError) as error:
        raise CheckpointDamaged(f"{file} cannot be read: {error}") from error


def _restore(task: Task, tensors: Mapping[str, torch.Tensor], plain: Mapping[str, Any]) -> None:
    for name, module in task.modules.items():
        module.load_state_dict(_under(tensors, f"modules.{name}."))
    for name, optimizer in task.optimizers.items():
        state: dict[int, dict[str, Any]] = {
            int(index): dict(values) for index, values in plain[name]["state"].items()
        }
        for key, tensor in _under(tensors, f"optimizers.{name}.").items():
            index, _, value = key.partition(".")
            state.setdefault(int(index), {})[value] = tensor
        optimizer.load_state_dict({"param_groups": plain[name]["groups"], "state": state})


def _under(tensors: Mapping[str, torch.Tensor], prefix: str) -> dict[str, torch.Tensor]:
    return {
        key.removeprefix(prefix): tensor
        for key, tensor in tensors.items()
        if key.startswith(prefix)
    }
