from limner.v1 import image_pb2 as _image_pb2
from limner.v1 import stream_pb2 as _stream_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class SegmentClass(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    SEGMENT_CLASS_UNSPECIFIED: _ClassVar[SegmentClass]
    SEGMENT_CLASS_BACKGROUND: _ClassVar[SegmentClass]
    SEGMENT_CLASS_PERSON: _ClassVar[SegmentClass]
    SEGMENT_CLASS_HAIR: _ClassVar[SegmentClass]
    SEGMENT_CLASS_FACE_SKIN: _ClassVar[SegmentClass]
    SEGMENT_CLASS_BODY_AND_CLOTHES: _ClassVar[SegmentClass]

class CaptureAdvice(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    CAPTURE_ADVICE_UNSPECIFIED: _ClassVar[CaptureAdvice]
    CAPTURE_ADVICE_COME_NEARER: _ClassVar[CaptureAdvice]
    CAPTURE_ADVICE_FACE_THE_CAMERA: _ClassVar[CaptureAdvice]
    CAPTURE_ADVICE_HOLD_UPRIGHT: _ClassVar[CaptureAdvice]
    CAPTURE_ADVICE_CENTER_THE_FACE: _ClassVar[CaptureAdvice]
    CAPTURE_ADVICE_STEP_BACK: _ClassVar[CaptureAdvice]
    CAPTURE_ADVICE_FIND_MORE_LIGHT: _ClassVar[CaptureAdvice]
SEGMENT_CLASS_UNSPECIFIED: SegmentClass
SEGMENT_CLASS_BACKGROUND: SegmentClass
SEGMENT_CLASS_PERSON: SegmentClass
SEGMENT_CLASS_HAIR: SegmentClass
SEGMENT_CLASS_FACE_SKIN: SegmentClass
SEGMENT_CLASS_BODY_AND_CLOTHES: SegmentClass
CAPTURE_ADVICE_UNSPECIFIED: CaptureAdvice
CAPTURE_ADVICE_COME_NEARER: CaptureAdvice
CAPTURE_ADVICE_FACE_THE_CAMERA: CaptureAdvice
CAPTURE_ADVICE_HOLD_UPRIGHT: CaptureAdvice
CAPTURE_ADVICE_CENTER_THE_FACE: CaptureAdvice
CAPTURE_ADVICE_STEP_BACK: CaptureAdvice
CAPTURE_ADVICE_FIND_MORE_LIGHT: CaptureAdvice

class SegmentRequest(_message.Message):
    __slots__ = ("image", "selector", "classes", "without_faces", "output", "options")
    IMAGE_FIELD_NUMBER: _ClassVar[int]
    SELECTOR_FIELD_NUMBER: _ClassVar[int]
    CLASSES_FIELD_NUMBER: _ClassVar[int]
    WITHOUT_FACES_FIELD_NUMBER: _ClassVar[int]
    OUTPUT_FIELD_NUMBER: _ClassVar[int]
    OPTIONS_FIELD_NUMBER: _ClassVar[int]
    image: _image_pb2.Image
    selector: _image_pb2.FaceSelector
    classes: _containers.RepeatedScalarFieldContainer[SegmentClass]
    without_faces: bool
    output: _image_pb2.OutputSpec
    options: _image_pb2.CallOptions
    def __init__(self, image: _Optional[_Union[_image_pb2.Image, _Mapping]] = ..., selector: _Optional[_Union[_image_pb2.FaceSelector, _Mapping]] = ..., classes: _Optional[_Iterable[_Union[SegmentClass, str]]] = ..., without_faces: _Optional[bool] = ..., output: _Optional[_Union[_image_pb2.OutputSpec, _Mapping]] = ..., options: _Optional[_Union[_image_pb2.CallOptions, _Mapping]] = ...) -> None: ...

class ClassMask(_message.Message):
    __slots__ = ("mask", "area")
    CLASS_FIELD_NUMBER: _ClassVar[int]
    MASK_FIELD_NUMBER: _ClassVar[int]
    AREA_FIELD_NUMBER: _ClassVar[int]
    mask: _image_pb2.Mask
    area: float
    def __init__(self, mask: _Optional[_Union[_image_pb2.Mask, _Mapping]] = ..., area: _Optional[float] = ..., **kwargs) -> None: ...

class CaptureHint(_message.Message):
    __slots__ = ("advice", "message")
    ADVICE_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    advice: CaptureAdvice
    message: str
    def __init__(self, advice: _Optional[_Union[CaptureAdvice, str]] = ..., message: _Optional[str] = ...) -> None: ...

class SegmentResponse(_message.Message):
    __slots__ = ("masks", "faces", "selected_face", "hints", "width_px", "height_px", "served_by", "timings", "warnings")
    MASKS_FIELD_NUMBER: _ClassVar[int]
    FACES_FIELD_NUMBER: _ClassVar[int]
    SELECTED_FACE_FIELD_NUMBER: _ClassVar[int]
    HINTS_FIELD_NUMBER: _ClassVar[int]
    WIDTH_PX_FIELD_NUMBER: _ClassVar[int]
    HEIGHT_PX_FIELD_NUMBER: _ClassVar[int]
    SERVED_BY_FIELD_NUMBER: _ClassVar[int]
    TIMINGS_FIELD_NUMBER: _ClassVar[int]
    WARNINGS_FIELD_NUMBER: _ClassVar[int]
    masks: _containers.RepeatedCompositeFieldContainer[ClassMask]
    faces: _containers.RepeatedCompositeFieldContainer[_image_pb2.Face]
    selected_face: int
    hints: _containers.RepeatedCompositeFieldContainer[CaptureHint]
    width_px: int
    height_px: int
    served_by: _image_pb2.ServedBy
    timings: _image_pb2.Timings
    warnings: _containers.RepeatedCompositeFieldContainer[_image_pb2.Warning]
    def __init__(self, masks: _Optional[_Iterable[_Union[ClassMask, _Mapping]]] = ..., faces: _Optional[_Iterable[_Union[_image_pb2.Face, _Mapping]]] = ..., selected_face: _Optional[int] = ..., hints: _Optional[_Iterable[_Union[CaptureHint, _Mapping]]] = ..., width_px: _Optional[int] = ..., height_px: _Optional[int] = ..., served_by: _Optional[_Union[_image_pb2.ServedBy, _Mapping]] = ..., timings: _Optional[_Union[_image_pb2.Timings, _Mapping]] = ..., warnings: _Optional[_Iterable[_Union[_image_pb2.Warning, _Mapping]]] = ...) -> None: ...

class SegmentStreamRequest(_message.Message):
    __slots__ = ("settings", "frame")
    SETTINGS_FIELD_NUMBER: _ClassVar[int]
    FRAME_FIELD_NUMBER: _ClassVar[int]
    settings: SegmentRequest
    frame: _stream_pb2.Frame
    def __init__(self, settings: _Optional[_Union[SegmentRequest, _Mapping]] = ..., frame: _Optional[_Union[_stream_pb2.Frame, _Mapping]] = ...) -> None: ...

class SegmentStreamResponse(_message.Message):
    __slots__ = ("number", "skipped", "response", "failure")
    NUMBER_FIELD_NUMBER: _ClassVar[int]
    SKIPPED_FIELD_NUMBER: _ClassVar[int]
    RESPONSE_FIELD_NUMBER: _ClassVar[int]
    FAILURE_FIELD_NUMBER: _ClassVar[int]
    number: int
    skipped: int
    response: SegmentResponse
    failure: _stream_pb2.FrameFailure
    def __init__(self, number: _Optional[int] = ..., skipped: _Optional[int] = ..., response: _Optional[_Union[SegmentResponse, _Mapping]] = ..., failure: _Optional[_Union[_stream_pb2.FrameFailure, _Mapping]] = ...) -> None: ...
