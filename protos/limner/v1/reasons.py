"""The error classes of limner.v1, one for each ErrorReason; generated."""

from __future__ import annotations

import grpc

from limner.errors import LimnerError

__all__ = [
    "AnimalUnknown",
    "CoatUnknown",
    "DeadlinePassed",
    "DeadlineTooShort",
    "Draining",
    "EtagMismatch",
    "FormatUnsupported",
    "ImageTooLarge",
    "ImageTooManyPixels",
    "ImageUnreadable",
    "Internal",
    "MaskSizeMismatch",
    "ModelFailed",
    "ModelNotReady",
    "ModelVersionUnknown",
    "NoFace",
    "NoHair",
    "NoPerson",
    "OverloadedBytes",
    "OverloadedWork",
    "ParameterOutOfRange",
    "PinRefused",
    "PoseTooFar",
    "ReferenceUnknown",
    "RegistryUnavailable",
    "RolloutUnknown",
    "ShadeUnknown",
    "StickerUnknown",
    "StyleUnknown",
    "TransitionIllegal",
    "VersionRefused",
]


class ImageTooLarge(LimnerError):
    """The picture's data is over 32 MB."""

    reason = "IMAGE_TOO_LARGE"
    code = grpc.StatusCode.INVALID_ARGUMENT
    retryable = False


class ImageTooManyPixels(LimnerError):
    """The picture's header declares more than 50 megapixels."""

    reason = "IMAGE_TOO_MANY_PIXELS"
    code = grpc.StatusCode.INVALID_ARGUMENT
    retryable = False


class ImageUnreadable(LimnerError):
    """The picture is empty, cut short or damaged, or is not a picture."""

    reason = "IMAGE_UNREADABLE"
    code = grpc.StatusCode.INVALID_ARGUMENT
    retryable = False


class FormatUnsupported(LimnerError):
    """The picture is of a kind the server does not read."""

    reason = "FORMAT_UNSUPPORTED"
    code = grpc.StatusCode.INVALID_ARGUMENT
    retryable = False


class MaskSizeMismatch(LimnerError):
    """A mask or alpha is not of the upright picture's size."""

    reason = "MASK_SIZE_MISMATCH"
    code = grpc.StatusCode.INVALID_ARGUMENT
    retryable = False


class ParameterOutOfRange(LimnerError):
    """One or more fields are missing, out of range or contradict each other."""

    reason = "PARAMETER_OUT_OF_RANGE"
    code = grpc.StatusCode.INVALID_ARGUMENT
    retryable = False


class NoFace(LimnerError):
    """The photo is fine but shows no face, or not the face that was asked for."""

    reason = "NO_FACE"
    code = grpc.StatusCode.FAILED_PRECONDITION
    retryable = False


class NoPerson(LimnerError):
    """The photo is fine but shows no person."""

    reason = "NO_PERSON"
    code = grpc.StatusCode.FAILED_PRECONDITION
    retryable = False


class ModelNotReady(LimnerError):
    """No version of a model this call needs is ready to answer."""

    reason = "MODEL_NOT_READY"
    code = grpc.StatusCode.UNAVAILABLE
    retryable = True


class Draining(LimnerError):
    """The server is shutting down and takes no new calls."""

    reason = "DRAINING"
    code = grpc.StatusCode.UNAVAILABLE
    retryable = True


class DeadlineTooShort(LimnerError):
    """Too little of the caller's deadline is left to begin the work."""

    reason = "DEADLINE_TOO_SHORT"
    code = grpc.StatusCode.DEADLINE_EXCEEDED
    retryable = False


class DeadlinePassed(LimnerError):
    """The call's deadline passed while it was being worked on."""

    reason = "DEADLINE_PASSED"
    code = grpc.StatusCode.DEADLINE_EXCEEDED
    retryable = False


class ModelFailed(LimnerError):
    """A model version failed on this request."""

    reason = "MODEL_FAILED"
    code = grpc.StatusCode.INTERNAL
    retryable = False


class Internal(LimnerError):
    """A defect of the server; the request id finds it in the server's log."""

    reason = "INTERNAL"
    code = grpc.StatusCode.INTERNAL
    retryable = False


class NoHair(LimnerError):
    """The photo is fine but shows no hair, or too little of it to be worked on."""

    reason = "NO_HAIR"
    code = grpc.StatusCode.FAILED_PRECONDITION
    retryable = False


class ShadeUnknown(LimnerError):
    """No shade has that name; the message lists the nearest three."""

    reason = "SHADE_UNKNOWN"
    code = grpc.StatusCode.NOT_FOUND
    retryable = False


class PinRefused(LimnerError):
    """A version was asked for by name, without the right to."""

    reason = "PIN_REFUSED"
    code = grpc.StatusCode.PERMISSION_DENIED
    retryable = False


class ModelVersionUnknown(LimnerError):
    """There is no such model, or no such version of it."""

    reason = "MODEL_VERSION_UNKNOWN"
    code = grpc.StatusCode.NOT_FOUND
    retryable = False


class RolloutUnknown(LimnerError):
    """There is no such rollout."""

    reason = "ROLLOUT_UNKNOWN"
    code = grpc.StatusCode.NOT_FOUND
    retryable = False


class EtagMismatch(LimnerError):
    """The rollout has changed since it was looked at."""

    reason = "ETAG_MISMATCH"
    code = grpc.StatusCode.ABORTED
    retryable = False


class TransitionIllegal(LimnerError):
    """The rollout, as it stands, allows no such change; the message says which it does."""

    reason = "TRANSITION_ILLEGAL"
    code = grpc.StatusCode.FAILED_PRECONDITION
    retryable = False


class VersionRefused(LimnerError):
    """The version may not be rolled out: it lacks what each must carry, or is stable already."""

    reason = "VERSION_REFUSED"
    code = grpc.StatusCode.FAILED_PRECONDITION
    retryable = False


class RegistryUnavailable(LimnerError):
    """The registry or its database does not answer."""

    reason = "REGISTRY_UNAVAILABLE"
    code = grpc.StatusCode.UNAVAILABLE
    retryable = True


class StyleUnknown(LimnerError):
    """No style has that name; the message lists those there are."""

    reason = "STYLE_UNKNOWN"
    code = grpc.StatusCode.NOT_FOUND
    retryable = False


class PoseTooFar(LimnerError):
    """A head is turned too far, or two that are to become one differ too much."""

    reason = "POSE_TOO_FAR"
    code = grpc.StatusCode.FAILED_PRECONDITION
    retryable = False


class AnimalUnknown(LimnerError):
    """No animal has that name; the message lists those there are."""

    reason = "ANIMAL_UNKNOWN"
    code = grpc.StatusCode.NOT_FOUND
    retryable = False


class CoatUnknown(LimnerError):
    """The animal has no coat of that name; the message lists those it has."""

    reason = "COAT_UNKNOWN"
    code = grpc.StatusCode.NOT_FOUND
    retryable = False


class StickerUnknown(LimnerError):
    """No sticker of that name comes with the server; the message lists those that do."""

    reason = "STICKER_UNKNOWN"
    code = grpc.StatusCode.NOT_FOUND
    retryable = False


class ReferenceUnknown(LimnerError):
    """No reference of that name is stored; the message lists the nearest three."""

    reason = "REFERENCE_UNKNOWN"
    code = grpc.StatusCode.NOT_FOUND
    retryable = False


class OverloadedBytes(LimnerError):
    """The requests that are being worked on take all the memory there is for them."""

    reason = "OVERLOADED_BYTES"
    code = grpc.StatusCode.RESOURCE_EXHAUSTED
    retryable = True


class OverloadedWork(LimnerError):
    """So much is being worked on that this call would wait too long, or end too late."""

    reason = "OVERLOADED_WORK"
    code = grpc.StatusCode.RESOURCE_EXHAUSTED
    retryable = True
