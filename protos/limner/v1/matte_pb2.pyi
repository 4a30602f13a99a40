from limner.v1 import image_pb2 as _image_pb2
from limner.v1 import stream_pb2 as _stream_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class MatteSubject(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    MATTE_SUBJECT_UNSPECIFIED: _ClassVar[MatteSubject]
    MATTE_SUBJECT_PERSON: _ClassVar[MatteSubject]
    MATTE_SUBJECT_HAIR: _ClassVar[MatteSubject]

class MatteEngine(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    MATTE_ENGINE_UNSPECIFIED: _ClassVar[MatteEngine]
    MATTE_ENGINE_CLOSED_FORM: _ClassVar[MatteEngine]
    MATTE_ENGINE_NETWORK: _ClassVar[MatteEngine]
MATTE_SUBJECT_UNSPECIFIED: MatteSubject
MATTE_SUBJECT_PERSON: MatteSubject
MATTE_SUBJECT_HAIR: MatteSubject
MATTE_ENGINE_UNSPECIFIED: MatteEngine
MATTE_ENGINE_CLOSED_FORM: MatteEngine
MATTE_ENGINE_NETWORK: MatteEngine

class MatteRequest(_message.Message):
    __slots__ = ("image", "subject", "map", "trimap", "band_px", "engine", "want_foreground", "output", "options", "selector")
    IMAGE_FIELD_NUMBER: _ClassVar[int]
    SUBJECT_FIELD_NUMBER: _ClassVar[int]
    MAP_FIELD_NUMBER: _ClassVar[int]
    TRIMAP_FIELD_NUMBER: _ClassVar[int]
    BAND_PX_FIELD_NUMBER: _ClassVar[int]
    ENGINE_FIELD_NUMBER: _ClassVar[int]
    WANT_FOREGROUND_FIELD_NUMBER: _ClassVar[int]
    OUTPUT_FIELD_NUMBER: _ClassVar[int]
    OPTIONS_FIELD_NUMBER: _ClassVar[int]
    SELECTOR_FIELD_NUMBER: _ClassVar[int]
    image: _image_pb2.Image
    subject: MatteSubject
    map: _image_pb2.Mask
    trimap: _image_pb2.Mask
    band_px: int
    engine: MatteEngine
    want_foreground: bool
    output: _image_pb2.OutputSpec
    options: _image_pb2.CallOptions
    selector: _image_pb2.FaceSelector
    def __init__(self, image: _Optional[_Union[_image_pb2.Image, _Mapping]] = ..., subject: _Optional[_Union[MatteSubject, str]] = ..., map: _Optional[_Union[_image_pb2.Mask, _Mapping]] = ..., trimap: _Optional[_Union[_image_pb2.Mask, _Mapping]] = ..., band_px: _Optional[int] = ..., engine: _Optional[_Union[MatteEngine, str]] = ..., want_foreground: _Optional[bool] = ..., output: _Optional[_Union[_image_pb2.OutputSpec, _Mapping]] = ..., options: _Optional[_Union[_image_pb2.CallOptions, _Mapping]] = ..., selector: _Optional[_Union[_image_pb2.FaceSelector, _Mapping]] = ...) -> None: ...

class MatteResponse(_message.Message):
    __slots__ = ("alpha", "trimap", "unknown", "foreground", "width_px", "height_px", "served_by", "timings", "warnings")
    ALPHA_FIELD_NUMBER: _ClassVar[int]
    TRIMAP_FIELD_NUMBER: _ClassVar[int]
    UNKNOWN_FIELD_NUMBER: _ClassVar[int]
    FOREGROUND_FIELD_NUMBER: _ClassVar[int]
    WIDTH_PX_FIELD_NUMBER: _ClassVar[int]
    HEIGHT_PX_FIELD_NUMBER: _ClassVar[int]
    SERVED_BY_FIELD_NUMBER: _ClassVar[int]
    TIMINGS_FIELD_NUMBER: _ClassVar[int]
    WARNINGS_FIELD_NUMBER: _ClassVar[int]
    alpha: _image_pb2.Alpha
    trimap: _image_pb2.Mask
    unknown: float
    foreground: _image_pb2.Image
    width_px: int
    height_px: int
    served_by: _image_pb2.ServedBy
    timings: _image_pb2.Timings
    warnings: _containers.RepeatedCompositeFieldContainer[_image_pb2.Warning]
    def __init__(self, alpha: _Optional[_Union[_image_pb2.Alpha, _Mapping]] = ..., trimap: _Optional[_Union[_image_pb2.Mask, _Mapping]] = ..., unknown: _Optional[float] = ..., foreground: _Optional[_Union[_image_pb2.Image, _Mapping]] = ..., width_px: _Optional[int] = ..., height_px: _Optional[int] = ..., served_by: _Optional[_Union[_image_pb2.ServedBy, _Mapping]] = ..., timings: _Optional[_Union[_image_pb2.Timings, _Mapping]] = ..., warnings: _Optional[_Iterable[_Union[_image_pb2.Warning, _Mapping]]] = ...) -> None: ...

class MatteStreamRequest(_message.Message):
    __slots__ = ("settings", "frame")
    SETTINGS_FIELD_NUMBER: _ClassVar[int]
    FRAME_FIELD_NUMBER: _ClassVar[int]
    settings: MatteRequest
    frame: _stream_pb2.Frame
    def __init__(self, settings: _Optional[_Union[MatteRequest, _Mapping]] = ..., frame: _Optional[_Union[_stream_pb2.Frame, _Mapping]] = ...) -> None: ...

class MatteStreamResponse(_message.Message):
    __slots__ = ("number", "skipped", "response", "failure")
    NUMBER_FIELD_NUMBER: _ClassVar[int]
    SKIPPED_FIELD_NUMBER: _ClassVar[int]
    RESPONSE_FIELD_NUMBER: _ClassVar[int]
    FAILURE_FIELD_NUMBER: _ClassVar[int]
    number: int
    skipped: int
    response: MatteResponse
    failure: _stream_pb2.FrameFailure
    def __init__(self, number: _Optional[int] = ..., skipped: _Optional[int] = ..., response: _Optional[_Union[MatteResponse, _Mapping]] = ..., failure: _Optional[_Union[_stream_pb2.FrameFailure, _Mapping]] = ...) -> None: ...
