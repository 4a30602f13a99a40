from limner.v1 import image_pb2 as _image_pb2
from limner.v1 import stream_pb2 as _stream_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class HairColor(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    HAIR_COLOR_UNSPECIFIED: _ClassVar[HairColor]
    HAIR_COLOR_BLACK: _ClassVar[HairColor]
    HAIR_COLOR_BROWN: _ClassVar[HairColor]
    HAIR_COLOR_BLOND: _ClassVar[HairColor]
    HAIR_COLOR_RED: _ClassVar[HairColor]
    HAIR_COLOR_GRAY: _ClassVar[HairColor]
    HAIR_COLOR_BLUE: _ClassVar[HairColor]
    HAIR_COLOR_PINK: _ClassVar[HairColor]

class DyeBlend(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    DYE_BLEND_UNSPECIFIED: _ClassVar[DyeBlend]
    DYE_BLEND_DELTA: _ClassVar[DyeBlend]
    DYE_BLEND_PATENT: _ClassVar[DyeBlend]

class DyeGenerator(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    DYE_GENERATOR_UNSPECIFIED: _ClassVar[DyeGenerator]
    DYE_GENERATOR_NONE: _ClassVar[DyeGenerator]
    DYE_GENERATOR_PAIR: _ClassVar[DyeGenerator]
    DYE_GENERATOR_CONDITIONAL: _ClassVar[DyeGenerator]
    DYE_GENERATOR_CLOSED_FORM: _ClassVar[DyeGenerator]
HAIR_COLOR_UNSPECIFIED: HairColor
HAIR_COLOR_BLACK: HairColor
HAIR_COLOR_BROWN: HairColor
HAIR_COLOR_BLOND: HairColor
HAIR_COLOR_RED: HairColor
HAIR_COLOR_GRAY: HairColor
HAIR_COLOR_BLUE: HairColor
HAIR_COLOR_PINK: HairColor
DYE_BLEND_UNSPECIFIED: DyeBlend
DYE_BLEND_DELTA: DyeBlend
DYE_BLEND_PATENT: DyeBlend
DYE_GENERATOR_UNSPECIFIED: DyeGenerator
DYE_GENERATOR_NONE: DyeGenerator
DYE_GENERATOR_PAIR: DyeGenerator
DYE_GENERATOR_CONDITIONAL: DyeGenerator
DYE_GENERATOR_CLOSED_FORM: DyeGenerator

class DyeColor(_message.Message):
    __slots__ = ("shade", "srgb", "lab", "reference")
    SHADE_FIELD_NUMBER: _ClassVar[int]
    SRGB_FIELD_NUMBER: _ClassVar[int]
    LAB_FIELD_NUMBER: _ClassVar[int]
    REFERENCE_FIELD_NUMBER: _ClassVar[int]
    shade: str
    srgb: _image_pb2.Srgb
    lab: _image_pb2.Lab
    reference: _image_pb2.Image
    def __init__(self, shade: _Optional[str] = ..., srgb: _Optional[_Union[_image_pb2.Srgb, _Mapping]] = ..., lab: _Optional[_Union[_image_pb2.Lab, _Mapping]] = ..., reference: _Optional[_Union[_image_pb2.Image, _Mapping]] = ...) -> None: ...

class DyeRequest(_message.Message):
    __slots__ = ("image", "selector", "color", "strength", "keep_highlights", "blend", "alpha", "want_alpha", "output", "options")
    IMAGE_FIELD_NUMBER: _ClassVar[int]
    SELECTOR_FIELD_NUMBER: _ClassVar[int]
    COLOR_FIELD_NUMBER: _ClassVar[int]
    STRENGTH_FIELD_NUMBER: _ClassVar[int]
    KEEP_HIGHLIGHTS_FIELD_NUMBER: _ClassVar[int]
    BLEND_FIELD_NUMBER: _ClassVar[int]
    ALPHA_FIELD_NUMBER: _ClassVar[int]
    WANT_ALPHA_FIELD_NUMBER: _ClassVar[int]
    OUTPUT_FIELD_NUMBER: _ClassVar[int]
    OPTIONS_FIELD_NUMBER: _ClassVar[int]
    image: _image_pb2.Image
    selector: _image_pb2.FaceSelector
    color: DyeColor
    strength: float
    keep_highlights: bool
    blend: DyeBlend
    alpha: _image_pb2.Alpha
    want_alpha: bool
    output: _image_pb2.OutputSpec
    options: _image_pb2.CallOptions
    def __init__(self, image: _Optional[_Union[_image_pb2.Image, _Mapping]] = ..., selector: _Optional[_Union[_image_pb2.FaceSelector, _Mapping]] = ..., color: _Optional[_Union[DyeColor, _Mapping]] = ..., strength: _Optional[float] = ..., keep_highlights: _Optional[bool] = ..., blend: _Optional[_Union[DyeBlend, str]] = ..., alpha: _Optional[_Union[_image_pb2.Alpha, _Mapping]] = ..., want_alpha: _Optional[bool] = ..., output: _Optional[_Union[_image_pb2.OutputSpec, _Mapping]] = ..., options: _Optional[_Union[_image_pb2.CallOptions, _Mapping]] = ...) -> None: ...

class FoundHair(_message.Message):
    __slots__ = ("lab", "srgb", "color", "margin", "share")
    LAB_FIELD_NUMBER: _ClassVar[int]
    SRGB_FIELD_NUMBER: _ClassVar[int]
    COLOR_FIELD_NUMBER: _ClassVar[int]
    MARGIN_FIELD_NUMBER: _ClassVar[int]
    SHARE_FIELD_NUMBER: _ClassVar[int]
    lab: _image_pb2.Lab
    srgb: _image_pb2.Srgb
    color: HairColor
    margin: float
    share: float
    def __init__(self, lab: _Optional[_Union[_image_pb2.Lab, _Mapping]] = ..., srgb: _Optional[_Union[_image_pb2.Srgb, _Mapping]] = ..., color: _Optional[_Union[HairColor, str]] = ..., margin: _Optional[float] = ..., share: _Optional[float] = ...) -> None: ...

class DyedBy(_message.Message):
    __slots__ = ("generator", "found", "wanted")
    GENERATOR_FIELD_NUMBER: _ClassVar[int]
    FOUND_FIELD_NUMBER: _ClassVar[int]
    WANTED_FIELD_NUMBER: _ClassVar[int]
    generator: DyeGenerator
    found: HairColor
    wanted: HairColor
    def __init__(self, generator: _Optional[_Union[DyeGenerator, str]] = ..., found: _Optional[_Union[HairColor, str]] = ..., wanted: _Optional[_Union[HairColor, str]] = ...) -> None: ...

class DyeResponse(_message.Message):
    __slots__ = ("image", "alpha", "found", "wanted", "wanted_srgb", "dyed_by", "difference_before", "difference_after", "width_px", "height_px", "served_by", "timings", "warnings")
    IMAGE_FIELD_NUMBER: _ClassVar[int]
    ALPHA_FIELD_NUMBER: _ClassVar[int]
    FOUND_FIELD_NUMBER: _ClassVar[int]
    WANTED_FIELD_NUMBER: _ClassVar[int]
    WANTED_SRGB_FIELD_NUMBER: _ClassVar[int]
    DYED_BY_FIELD_NUMBER: _ClassVar[int]
    DIFFERENCE_BEFORE_FIELD_NUMBER: _ClassVar[int]
    DIFFERENCE_AFTER_FIELD_NUMBER: _ClassVar[int]
    WIDTH_PX_FIELD_NUMBER: _ClassVar[int]
    HEIGHT_PX_FIELD_NUMBER: _ClassVar[int]
    SERVED_BY_FIELD_NUMBER: _ClassVar[int]
    TIMINGS_FIELD_NUMBER: _ClassVar[int]
    WARNINGS_FIELD_NUMBER: _ClassVar[int]
    image: _image_pb2.Image
    alpha: _image_pb2.Alpha
    found: FoundHair
    wanted: _image_pb2.Lab
    wanted_srgb: _image_pb2.Srgb
    dyed_by: DyedBy
    difference_before: float
    difference_after: float
    width_px: int
    height_px: int
    served_by: _image_pb2.ServedBy
    timings: _image_pb2.Timings
    warnings: _containers.RepeatedCompositeFieldContainer[_image_pb2.Warning]
    def __init__(self, image: _Optional[_Union[_image_pb2.Image, _Mapping]] = ..., alpha: _Optional[_Union[_image_pb2.Alpha, _Mapping]] = ..., found: _Optional[_Union[FoundHair, _Mapping]] = ..., wanted: _Optional[_Union[_image_pb2.Lab, _Mapping]] = ..., wanted_srgb: _Optional[_Union[_image_pb2.Srgb, _Mapping]] = ..., dyed_by: _Optional[_Union[DyedBy, _Mapping]] = ..., difference_before: _Optional[float] = ..., difference_after: _Optional[float] = ..., width_px: _Optional[int] = ..., height_px: _Optional[int] = ..., served_by: _Optional[_Union[_image_pb2.ServedBy, _Mapping]] = ..., timings: _Optional[_Union[_image_pb2.Timings, _Mapping]] = ..., warnings: _Optional[_Iterable[_Union[_image_pb2.Warning, _Mapping]]] = ...) -> None: ...

class ListShadesRequest(_message.Message):
    __slots__ = ("without_previews", "output", "options")
    WITHOUT_PREVIEWS_FIELD_NUMBER: _ClassVar[int]
    OUTPUT_FIELD_NUMBER: _ClassVar[int]
    OPTIONS_FIELD_NUMBER: _ClassVar[int]
    without_previews: bool
    output: _image_pb2.OutputSpec
    options: _image_pb2.CallOptions
    def __init__(self, without_previews: _Optional[bool] = ..., output: _Optional[_Union[_image_pb2.OutputSpec, _Mapping]] = ..., options: _Optional[_Union[_image_pb2.CallOptions, _Mapping]] = ...) -> None: ...

class Shade(_message.Message):
    __slots__ = ("name", "lab", "srgb", "color", "preview")
    NAME_FIELD_NUMBER: _ClassVar[int]
    LAB_FIELD_NUMBER: _ClassVar[int]
    SRGB_FIELD_NUMBER: _ClassVar[int]
    COLOR_FIELD_NUMBER: _ClassVar[int]
    PREVIEW_FIELD_NUMBER: _ClassVar[int]
    name: str
    lab: _image_pb2.Lab
    srgb: _image_pb2.Srgb
    color: HairColor
    preview: _image_pb2.Image
    def __init__(self, name: _Optional[str] = ..., lab: _Optional[_Union[_image_pb2.Lab, _Mapping]] = ..., srgb: _Optional[_Union[_image_pb2.Srgb, _Mapping]] = ..., color: _Optional[_Union[HairColor, str]] = ..., preview: _Optional[_Union[_image_pb2.Image, _Mapping]] = ...) -> None: ...

class ListShadesResponse(_message.Message):
    __slots__ = ("shades", "served_by", "timings", "warnings")
    SHADES_FIELD_NUMBER: _ClassVar[int]
    SERVED_BY_FIELD_NUMBER: _ClassVar[int]
    TIMINGS_FIELD_NUMBER: _ClassVar[int]
    WARNINGS_FIELD_NUMBER: _ClassVar[int]
    shades: _containers.RepeatedCompositeFieldContainer[Shade]
    served_by: _image_pb2.ServedBy
    timings: _image_pb2.Timings
    warnings: _containers.RepeatedCompositeFieldContainer[_image_pb2.Warning]
    def __init__(self, shades: _Optional[_Iterable[_Union[Shade, _Mapping]]] = ..., served_by: _Optional[_Union[_image_pb2.ServedBy, _Mapping]] = ..., timings: _Optional[_Union[_image_pb2.Timings, _Mapping]] = ..., warnings: _Optional[_Iterable[_Union[_image_pb2.Warning, _Mapping]]] = ...) -> None: ...

class DyeStreamRequest(_message.Message):
    __slots__ = ("settings", "frame")
    SETTINGS_FIELD_NUMBER: _ClassVar[int]
    FRAME_FIELD_NUMBER: _ClassVar[int]
    settings: DyeRequest
    frame: _stream_pb2.Frame
    def __init__(self, settings: _Optional[_Union[DyeRequest, _Mapping]] = ..., frame: _Optional[_Union[_stream_pb2.Frame, _Mapping]] = ...) -> None: ...

class DyeStreamResponse(_message.Message):
    __slots__ = ("number", "skipped", "response", "failure")
    NUMBER_FIELD_NUMBER: _ClassVar[int]
    SKIPPED_FIELD_NUMBER: _ClassVar[int]
    RESPONSE_FIELD_NUMBER: _ClassVar[int]
    FAILURE_FIELD_NUMBER: _ClassVar[int]
    number: int
    skipped: int
    response: DyeResponse
    failure: _stream_pb2.FrameFailure
    def __init__(self, number: _Optional[int] = ..., skipped: _Optional[int] = ..., response: _Optional[_Union[DyeResponse, _Mapping]] = ..., failure: _Optional[_Union[_stream_pb2.FrameFailure, _Mapping]] = ...) -> None: ...
