from limner.v1 import image_pb2 as _image_pb2
from limner.v1 import stream_pb2 as _stream_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class CompositeEngine(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    COMPOSITE_ENGINE_UNSPECIFIED: _ClassVar[CompositeEngine]
    COMPOSITE_ENGINE_NETWORK: _ClassVar[CompositeEngine]
    COMPOSITE_ENGINE_CONVENTIONAL: _ClassVar[CompositeEngine]
COMPOSITE_ENGINE_UNSPECIFIED: CompositeEngine
COMPOSITE_ENGINE_NETWORK: CompositeEngine
COMPOSITE_ENGINE_CONVENTIONAL: CompositeEngine

class CompositeRequest(_message.Message):
    __slots__ = ("original", "converted", "original_selector", "converted_selector", "engine", "want_mask", "output", "options")
    ORIGINAL_FIELD_NUMBER: _ClassVar[int]
    CONVERTED_FIELD_NUMBER: _ClassVar[int]
    ORIGINAL_SELECTOR_FIELD_NUMBER: _ClassVar[int]
    CONVERTED_SELECTOR_FIELD_NUMBER: _ClassVar[int]
    ENGINE_FIELD_NUMBER: _ClassVar[int]
    WANT_MASK_FIELD_NUMBER: _ClassVar[int]
    OUTPUT_FIELD_NUMBER: _ClassVar[int]
    OPTIONS_FIELD_NUMBER: _ClassVar[int]
    original: _image_pb2.Image
    converted: _image_pb2.Image
    original_selector: _image_pb2.FaceSelector
    converted_selector: _image_pb2.FaceSelector
    engine: CompositeEngine
    want_mask: bool
    output: _image_pb2.OutputSpec
    options: _image_pb2.CallOptions
    def __init__(self, original: _Optional[_Union[_image_pb2.Image, _Mapping]] = ..., converted: _Optional[_Union[_image_pb2.Image, _Mapping]] = ..., original_selector: _Optional[_Union[_image_pb2.FaceSelector, _Mapping]] = ..., converted_selector: _Optional[_Union[_image_pb2.FaceSelector, _Mapping]] = ..., engine: _Optional[_Union[CompositeEngine, str]] = ..., want_mask: _Optional[bool] = ..., output: _Optional[_Union[_image_pb2.OutputSpec, _Mapping]] = ..., options: _Optional[_Union[_image_pb2.CallOptions, _Mapping]] = ...) -> None: ...

class CompositeResponse(_message.Message):
    __slots__ = ("image", "mask", "original_face", "converted_face", "misfit", "scale", "visible", "engine", "width_px", "height_px", "served_by", "timings", "warnings")
    IMAGE_FIELD_NUMBER: _ClassVar[int]
    MASK_FIELD_NUMBER: _ClassVar[int]
    ORIGINAL_FACE_FIELD_NUMBER: _ClassVar[int]
    CONVERTED_FACE_FIELD_NUMBER: _ClassVar[int]
    MISFIT_FIELD_NUMBER: _ClassVar[int]
    SCALE_FIELD_NUMBER: _ClassVar[int]
    VISIBLE_FIELD_NUMBER: _ClassVar[int]
    ENGINE_FIELD_NUMBER: _ClassVar[int]
    WIDTH_PX_FIELD_NUMBER: _ClassVar[int]
    HEIGHT_PX_FIELD_NUMBER: _ClassVar[int]
    SERVED_BY_FIELD_NUMBER: _ClassVar[int]
    TIMINGS_FIELD_NUMBER: _ClassVar[int]
    WARNINGS_FIELD_NUMBER: _ClassVar[int]
    image: _image_pb2.Image
    mask: _image_pb2.Alpha
    original_face: _image_pb2.Face
    converted_face: _image_pb2.Face
    misfit: float
    scale: float
    visible: float
    engine: CompositeEngine
    width_px: int
    height_px: int
    served_by: _image_pb2.ServedBy
    timings: _image_pb2.Timings
    warnings: _containers.RepeatedCompositeFieldContainer[_image_pb2.Warning]
    def __init__(self, image: _Optional[_Union[_image_pb2.Image, _Mapping]] = ..., mask: _Optional[_Union[_image_pb2.Alpha, _Mapping]] = ..., original_face: _Optional[_Union[_image_pb2.Face, _Mapping]] = ..., converted_face: _Optional[_Union[_image_pb2.Face, _Mapping]] = ..., misfit: _Optional[float] = ..., scale: _Optional[float] = ..., visible: _Optional[float] = ..., engine: _Optional[_Union[CompositeEngine, str]] = ..., width_px: _Optional[int] = ..., height_px: _Optional[int] = ..., served_by: _Optional[_Union[_image_pb2.ServedBy, _Mapping]] = ..., timings: _Optional[_Union[_image_pb2.Timings, _Mapping]] = ..., warnings: _Optional[_Iterable[_Union[_image_pb2.Warning, _Mapping]]] = ...) -> None: ...

class CompositeFrame(_message.Message):
    __slots__ = ("number", "converted", "original")
    NUMBER_FIELD_NUMBER: _ClassVar[int]
    CONVERTED_FIELD_NUMBER: _ClassVar[int]
    ORIGINAL_FIELD_NUMBER: _ClassVar[int]
    number: int
    converted: _image_pb2.Image
    original: _image_pb2.Image
    def __init__(self, number: _Optional[int] = ..., converted: _Optional[_Union[_image_pb2.Image, _Mapping]] = ..., original: _Optional[_Union[_image_pb2.Image, _Mapping]] = ...) -> None: ...

class CompositeStreamRequest(_message.Message):
    __slots__ = ("settings", "frame")
    SETTINGS_FIELD_NUMBER: _ClassVar[int]
    FRAME_FIELD_NUMBER: _ClassVar[int]
    settings: CompositeRequest
    frame: CompositeFrame
    def __init__(self, settings: _Optional[_Union[CompositeRequest, _Mapping]] = ..., frame: _Optional[_Union[CompositeFrame, _Mapping]] = ...) -> None: ...

class CompositeStreamResponse(_message.Message):
    __slots__ = ("number", "skipped", "response", "failure")
    NUMBER_FIELD_NUMBER: _ClassVar[int]
    SKIPPED_FIELD_NUMBER: _ClassVar[int]
    RESPONSE_FIELD_NUMBER: _ClassVar[int]
    FAILURE_FIELD_NUMBER: _ClassVar[int]
    number: int
    skipped: int
    response: CompositeResponse
    failure: _stream_pb2.FrameFailure
    def __init__(self, number: _Optional[int] = ..., skipped: _Optional[int] = ..., response: _Optional[_Union[CompositeResponse, _Mapping]] = ..., failure: _Optional[_Union[_stream_pb2.FrameFailure, _Mapping]] = ...) -> None: ...
