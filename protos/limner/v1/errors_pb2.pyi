from google.protobuf import descriptor_pb2 as _descriptor_pb2
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from typing import ClassVar as _ClassVar

DESCRIPTOR: _descriptor.FileDescriptor

class ErrorReason(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    ERROR_REASON_UNSPECIFIED: _ClassVar[ErrorReason]
    ERROR_REASON_IMAGE_TOO_LARGE: _ClassVar[ErrorReason]
    ERROR_REASON_IMAGE_TOO_MANY_PIXELS: _ClassVar[ErrorReason]
    ERROR_REASON_IMAGE_UNREADABLE: _ClassVar[ErrorReason]
    ERROR_REASON_FORMAT_UNSUPPORTED: _ClassVar[ErrorReason]
    ERROR_REASON_MASK_SIZE_MISMATCH: _ClassVar[ErrorReason]
    ERROR_REASON_PARAMETER_OUT_OF_RANGE: _ClassVar[ErrorReason]
    ERROR_REASON_NO_FACE: _ClassVar[ErrorReason]
    ERROR_REASON_NO_PERSON: _ClassVar[ErrorReason]
    ERROR_REASON_MODEL_NOT_READY: _ClassVar[ErrorReason]
    ERROR_REASON_DRAINING: _ClassVar[ErrorReason]
    ERROR_REASON_DEADLINE_TOO_SHORT: _ClassVar[ErrorReason]
    ERROR_REASON_DEADLINE_PASSED: _ClassVar[ErrorReason]
    ERROR_REASON_MODEL_FAILED: _ClassVar[ErrorReason]
    ERROR_REASON_INTERNAL: _ClassVar[ErrorReason]
    ERROR_REASON_NO_HAIR: _ClassVar[ErrorReason]
    ERROR_REASON_SHADE_UNKNOWN: _ClassVar[ErrorReason]
    ERROR_REASON_PIN_REFUSED: _ClassVar[ErrorReason]
    ERROR_REASON_MODEL_VERSION_UNKNOWN: _ClassVar[ErrorReason]
    ERROR_REASON_ROLLOUT_UNKNOWN: _ClassVar[ErrorReason]
    ERROR_REASON_ETAG_MISMATCH: _ClassVar[ErrorReason]
    ERROR_REASON_TRANSITION_ILLEGAL: _ClassVar[ErrorReason]
    ERROR_REASON_VERSION_REFUSED: _ClassVar[ErrorReason]
    ERROR_REASON_REGISTRY_UNAVAILABLE: _ClassVar[ErrorReason]
    ERROR_REASON_STYLE_UNKNOWN: _ClassVar[ErrorReason]
    ERROR_REASON_POSE_TOO_FAR: _ClassVar[ErrorReason]
    ERROR_REASON_ANIMAL_UNKNOWN: _ClassVar[ErrorReason]
    ERROR_REASON_COAT_UNKNOWN: _ClassVar[ErrorReason]
    ERROR_REASON_STICKER_UNKNOWN: _ClassVar[ErrorReason]
    ERROR_REASON_REFERENCE_UNKNOWN: _ClassVar[ErrorReason]
    ERROR_REASON_OVERLOADED_BYTES: _ClassVar[ErrorReason]
    ERROR_REASON_OVERLOADED_WORK: _ClassVar[ErrorReason]
ERROR_REASON_UNSPECIFIED: ErrorReason
ERROR_REASON_IMAGE_TOO_LARGE: ErrorReason
ERROR_REASON_IMAGE_TOO_MANY_PIXELS: ErrorReason
ERROR_REASON_IMAGE_UNREADABLE: ErrorReason
ERROR_REASON_FORMAT_UNSUPPORTED: ErrorReason
ERROR_REASON_MASK_SIZE_MISMATCH: ErrorReason
ERROR_REASON_PARAMETER_OUT_OF_RANGE: ErrorReason
ERROR_REASON_NO_FACE: ErrorReason
ERROR_REASON_NO_PERSON: ErrorReason
ERROR_REASON_MODEL_NOT_READY: ErrorReason
ERROR_REASON_DRAINING: ErrorReason
ERROR_REASON_DEADLINE_TOO_SHORT: ErrorReason
ERROR_REASON_DEADLINE_PASSED: ErrorReason
ERROR_REASON_MODEL_FAILED: ErrorReason
ERROR_REASON_INTERNAL: ErrorReason
ERROR_REASON_NO_HAIR: ErrorReason
ERROR_REASON_SHADE_UNKNOWN: ErrorReason
ERROR_REASON_PIN_REFUSED: ErrorReason
ERROR_REASON_MODEL_VERSION_UNKNOWN: ErrorReason
ERROR_REASON_ROLLOUT_UNKNOWN: ErrorReason
ERROR_REASON_ETAG_MISMATCH: ErrorReason
ERROR_REASON_TRANSITION_ILLEGAL: ErrorReason
ERROR_REASON_VERSION_REFUSED: ErrorReason
ERROR_REASON_REGISTRY_UNAVAILABLE: ErrorReason
ERROR_REASON_STYLE_UNKNOWN: ErrorReason
ERROR_REASON_POSE_TOO_FAR: ErrorReason
ERROR_REASON_ANIMAL_UNKNOWN: ErrorReason
ERROR_REASON_COAT_UNKNOWN: ErrorReason
ERROR_REASON_STICKER_UNKNOWN: ErrorReason
ERROR_REASON_REFERENCE_UNKNOWN: ErrorReason
ERROR_REASON_OVERLOADED_BYTES: ErrorReason
ERROR_REASON_OVERLOADED_WORK: ErrorReason
STATUS_FIELD_NUMBER: _ClassVar[int]
status: _descriptor.FieldDescriptor
RETRYABLE_FIELD_NUMBER: _ClassVar[int]
retryable: _descriptor.FieldDescriptor
