"""Limner from Python: an async client, its synchronous twin, and the `limner` command.

from limner_client import LimnerClient

with LimnerClient() as limner:
    limner.dye("me.jpg", shade="auburn").image.save("auburn.jpg")
"""

from limner.errors import LimnerError, UnknownReason, Violation
from limner.v1.reasons import (
    DeadlinePassed,
    DeadlineTooShort,
    Draining,
    EtagMismatch,
    FormatUnsupported,
    ImageTooLarge,
    ImageTooManyPixels,
    ImageUnreadable,
    Internal,
    MaskSizeMismatch,
    ModelFailed,
    ModelNotReady,
    ModelVersionUnknown,
    NoFace,
    NoHair,
    NoPerson,
    ParameterOutOfRange,
    PinRefused,
    RegistryUnavailable,
    RolloutUnknown,
    ShadeUnknown,
    TransitionIllegal,
    VersionRefused,
)
from limner_client.client import AsyncLimnerClient
from limner_client.errors import DeadlineExceeded, Unavailable
from limner_client.photos import PhotoLike, PlaneLike
from limner_client.pictures import Output, Picture, Plane
from limner_client.requests import ColorLike, FaceChoice
from limner_client.results import (
    Box,
    Caution,
    Color,
    DyeResult,
    Face,
    FoundHair,
    FrameResult,
    HeadPose,
    Hint,
    Lab,
    MatteResult,
    ModelUse,
    SegmentResult,
    Shade,
    Stage,
    Timings,
)
from limner_client.sync_client import LimnerClient

__all__ = [
    "AsyncLimnerClient",
    "Box",
    "Caution",
    "Color",
    "ColorLike",
    "DeadlineExceeded",
    "DeadlinePassed",
    "DeadlineTooShort",
    "Draining",
    "DyeResult",
    "EtagMismatch",
    "Face",
    "FaceChoice",
    "FormatUnsupported",
    "FoundHair",
    "FrameResult",
    "HeadPose",
    "Hint",
    "ImageTooLarge",
    "ImageTooManyPixels",
    "ImageUnreadable",
    "Internal",
    "Lab",
    "LimnerClient",
    "LimnerError",
    "MaskSizeMismatch",
    "MatteResult",
    "ModelFailed",
    "ModelNotReady",
    "ModelUse",
    "ModelVersionUnknown",
    "NoFace",
    "NoHair",
    "NoPerson",
    "Output",
    "ParameterOutOfRange",
    "PhotoLike",
    "Picture",
    "PinRefused",
    "Plane",
    "PlaneLike",
    "RegistryUnavailable",
    "RolloutUnknown",
    "SegmentResult",
    "Shade",
    "ShadeUnknown",
    "Stage",
    "Timings",
    "TransitionIllegal",
    "Unavailable",
    "UnknownReason",
    "VersionRefused",
    "Violation",
]
