"""What can stop the making of a model, each with what to do about it in its message.

ModelError
├── MaterialMissing         the portraits a recipe wants are not there
├── MaterialDamaged         a file of portraits is not what the studio writes
├── CheckpointForeign       a checkpoint belongs to another recipe or other data
├── CheckpointDamaged       a checkpoint, or committed weights, cannot be read
├── PretrainedMissing       published weights could not be fetched
├── WeightsRefused          a file holds no weights that can be taken over as they should be
├── ParityMissed            the exported network answers otherwise than the trained one
└── TrainingDiverged        a loss is no number any more
"""

from __future__ import annotations


class ModelError(Exception):
    """Base of everything that stops the making of a model; its text is shown as it stands."""


class MaterialMissing(ModelError):
    """Portraits or photos are not where they were said to be."""


class MaterialDamaged(ModelError):
    """A file does not hold what the studio writes."""


class CheckpointForeign(ModelError):
    """State and recipe, or state and data, do not belong together."""


class CheckpointDamaged(ModelError):
    """Saved state cannot be brought back."""


class PretrainedMissing(ModelError):
    """A published network to start from could not be had."""


class WeightsRefused(ModelError):
    """Other people's weights are unsafe to read, damaged, or not of a network that is known."""


class ParityMissed(ModelError):
    """What was exported is not what was trained; nothing was published."""


class TrainingDiverged(ModelError):
    """A loss is infinite or no number; the last checkpoint is from before."""
