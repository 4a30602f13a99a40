"""Limner from Python: an async client, its synchronous twin, and the `limner` command.

from limner_client import LimnerClient

with LimnerClient() as limner:
    limner.segment("me.jpg").masks["person"].save("person.png")
"""

from limner.errors import LimnerError, UnknownReason, Violation
from limner.v1.reasons import (
    DeadlinePassed,
    DeadlineTooShort,
    Draining,
    FormatUnsupported,
    ImageTooLarge,
    ImageTooManyPixels,
    ImageUnreadable,
    Internal,
    MaskSizeMismatch,
    ModelFailed,
    ModelNotReady,
    NoFace,
    NoPerson,
    ParameterOutOfRange,
)
from limner_client.client import AsyncLimnerClient
from limner_client.errors import DeadlineExceeded, Unavailable
from limner_client.photos import PhotoLike, PlaneLike
from limner_client.pictures import Output, Picture, Plane
from limner_client.requests import FaceChoice
from limner_client.results import (
    Box,
    Caution,
    Face,
    HeadPose,
    Hint,
    MatteResult,
    ModelUse,
    SegmentResult,
    Stage,
    Timings,
)
from limner_client.sync_client import LimnerClient

__all__ = [
    "AsyncLimnerClient",
    "Box",
    "Caution",
    "DeadlineExceeded",
    "DeadlinePassed",
    "DeadlineTooShort",
    "Draining",
    "Face",
    "FaceChoice",
    "FormatUnsupported",
    "HeadPose",
    "Hint",
    "ImageTooLarge",
    "ImageTooManyPixels",
    "ImageUnreadable",
    "Internal",
    "LimnerClient",
    "LimnerError",
    "MaskSizeMismatch",
    "MatteResult",
    "ModelFailed",
    "ModelNotReady",
    "ModelUse",
    "NoFace",
    "NoPerson",
    "Output",
    "ParameterOutOfRange",
    "PhotoLike",
    "Picture",
    "Plane",
    "PlaneLike",
    "SegmentResult",
    "Stage",
    "Timings",
    "Unavailable",
    "UnknownReason",
    "Violation",
]
