from limner.v1 import image_pb2 as _image_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class StylizeTiling(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    STYLIZE_TILING_UNSPECIFIED: _ClassVar[StylizeTiling]
    STYLIZE_TILING_OVERLAPPING: _ClassVar[StylizeTiling]
    STYLIZE_TILING_PLAIN_GRID: _ClassVar[StylizeTiling]
STYLIZE_TILING_UNSPECIFIED: StylizeTiling
STYLIZE_TILING_OVERLAPPING: StylizeTiling
STYLIZE_TILING_PLAIN_GRID: StylizeTiling

class StylizeRequest(_message.Message):
    __slots__ = ("image", "style", "colors", "strength", "line_width", "seed", "tiling", "tile_px", "output", "options")
    IMAGE_FIELD_NUMBER: _ClassVar[int]
    STYLE_FIELD_NUMBER: _ClassVar[int]
    COLORS_FIELD_NUMBER: _ClassVar[int]
    STRENGTH_FIELD_NUMBER: _ClassVar[int]
    LINE_WIDTH_FIELD_NUMBER: _ClassVar[int]
    SEED_FIELD_NUMBER: _ClassVar[int]
    TILING_FIELD_NUMBER: _ClassVar[int]
    TILE_PX_FIELD_NUMBER: _ClassVar[int]
    OUTPUT_FIELD_NUMBER: _ClassVar[int]
    OPTIONS_FIELD_NUMBER: _ClassVar[int]
    image: _image_pb2.Image
    style: str
    colors: int
    strength: float
    line_width: float
    seed: int
    tiling: StylizeTiling
    tile_px: int
    output: _image_pb2.OutputSpec
    options: _image_pb2.CallOptions
    def __init__(self, image: _Optional[_Union[_image_pb2.Image, _Mapping]] = ..., style: _Optional[str] = ..., colors: _Optional[int] = ..., strength: _Optional[float] = ..., line_width: _Optional[float] = ..., seed: _Optional[int] = ..., tiling: _Optional[_Union[StylizeTiling, str]] = ..., tile_px: _Optional[int] = ..., output: _Optional[_Union[_image_pb2.OutputSpec, _Mapping]] = ..., options: _Optional[_Union[_image_pb2.CallOptions, _Mapping]] = ...) -> None: ...

class PaletteColor(_message.Message):
    __slots__ = ("srgb", "lab", "share")
    SRGB_FIELD_NUMBER: _ClassVar[int]
    LAB_FIELD_NUMBER: _ClassVar[int]
    SHARE_FIELD_NUMBER: _ClassVar[int]
    srgb: _image_pb2.Srgb
    lab: _image_pb2.Lab
    share: float
    def __init__(self, srgb: _Optional[_Union[_image_pb2.Srgb, _Mapping]] = ..., lab: _Optional[_Union[_image_pb2.Lab, _Mapping]] = ..., share: _Optional[float] = ...) -> None: ...

class StylizeResult(_message.Message):
    __slots__ = ("image", "following_bytes", "style", "palette", "width_px", "height_px", "drawn_width_px", "drawn_height_px", "tiles", "served_by", "timings", "warnings")
    IMAGE_FIELD_NUMBER: _ClassVar[int]
    FOLLOWING_BYTES_FIELD_NUMBER: _ClassVar[int]
    STYLE_FIELD_NUMBER: _ClassVar[int]
    PALETTE_FIELD_NUMBER: _ClassVar[int]
    WIDTH_PX_FIELD_NUMBER: _ClassVar[int]
    HEIGHT_PX_FIELD_NUMBER: _ClassVar[int]
    DRAWN_WIDTH_PX_FIELD_NUMBER: _ClassVar[int]
    DRAWN_HEIGHT_PX_FIELD_NUMBER: _ClassVar[int]
    TILES_FIELD_NUMBER: _ClassVar[int]
    SERVED_BY_FIELD_NUMBER: _ClassVar[int]
    TIMINGS_FIELD_NUMBER: _ClassVar[int]
    WARNINGS_FIELD_NUMBER: _ClassVar[int]
    image: _image_pb2.Image
    following_bytes: int
    style: str
    palette: _containers.RepeatedCompositeFieldContainer[PaletteColor]
    width_px: int
    height_px: int
    drawn_width_px: int
    drawn_height_px: int
    tiles: int
    served_by: _image_pb2.ServedBy
    timings: _image_pb2.Timings
    warnings: _containers.RepeatedCompositeFieldContainer[_image_pb2.Warning]
    def __init__(self, image: _Optional[_Union[_image_pb2.Image, _Mapping]] = ..., following_bytes: _Optional[int] = ..., style: _Optional[str] = ..., palette: _Optional[_Iterable[_Union[PaletteColor, _Mapping]]] = ..., width_px: _Optional[int] = ..., height_px: _Optional[int] = ..., drawn_width_px: _Optional[int] = ..., drawn_height_px: _Optional[int] = ..., tiles: _Optional[int] = ..., served_by: _Optional[_Union[_image_pb2.ServedBy, _Mapping]] = ..., timings: _Optional[_Union[_image_pb2.Timings, _Mapping]] = ..., warnings: _Optional[_Iterable[_Union[_image_pb2.Warning, _Mapping]]] = ...) -> None: ...

class StylizeResponse(_message.Message):
    __slots__ = ("progress", "result", "piece")
    PROGRESS_FIELD_NUMBER: _ClassVar[int]
    RESULT_FIELD_NUMBER: _ClassVar[int]
    PIECE_FIELD_NUMBER: _ClassVar[int]
    progress: _image_pb2.Progress
    result: StylizeResult
    piece: _image_pb2.Piece
    def __init__(self, progress: _Optional[_Union[_image_pb2.Progress, _Mapping]] = ..., result: _Optional[_Union[StylizeResult, _Mapping]] = ..., piece: _Optional[_Union[_image_pb2.Piece, _Mapping]] = ...) -> None: ...

class ListStylesRequest(_message.Message):
    __slots__ = ("without_previews", "output", "options")
    WITHOUT_PREVIEWS_FIELD_NUMBER: _ClassVar[int]
    OUTPUT_FIELD_NUMBER: _ClassVar[int]
    OPTIONS_FIELD_NUMBER: _ClassVar[int]
    without_previews: bool
    output: _image_pb2.OutputSpec
    options: _image_pb2.CallOptions
    def __init__(self, without_previews: _Optional[bool] = ..., output: _Optional[_Union[_image_pb2.OutputSpec, _Mapping]] = ..., options: _Optional[_Union[_image_pb2.CallOptions, _Mapping]] = ...) -> None: ...

class Style(_message.Message):
    __slots__ = ("name", "title", "colors", "preview")
    NAME_FIELD_NUMBER: _ClassVar[int]
    TITLE_FIELD_NUMBER: _ClassVar[int]
    COLORS_FIELD_NUMBER: _ClassVar[int]
    PREVIEW_FIELD_NUMBER: _ClassVar[int]
    name: str
    title: str
    colors: int
    preview: _image_pb2.Image
    def __init__(self, name: _Optional[str] = ..., title: _Optional[str] = ..., colors: _Optional[int] = ..., preview: _Optional[_Union[_image_pb2.Image, _Mapping]] = ...) -> None: ...

class ListStylesResponse(_message.Message):
    __slots__ = ("styles", "served_by", "timings", "warnings")
    STYLES_FIELD_NUMBER: _ClassVar[int]
    SERVED_BY_FIELD_NUMBER: _ClassVar[int]
    TIMINGS_FIELD_NUMBER: _ClassVar[int]
    WARNINGS_FIELD_NUMBER: _ClassVar[int]
    styles: _containers.RepeatedCompositeFieldContainer[Style]
    served_by: _image_pb2.ServedBy
    timings: _image_pb2.Timings
    warnings: _containers.RepeatedCompositeFieldContainer[_image_pb2.Warning]
    def __init__(self, styles: _Optional[_Iterable[_Union[Style, _Mapping]]] = ..., served_by: _Optional[_Union[_image_pb2.ServedBy, _Mapping]] = ..., timings: _Optional[_Union[_image_pb2.Timings, _Mapping]] = ..., warnings: _Optional[_Iterable[_Union[_image_pb2.Warning, _Mapping]]] = ...) -> None: ...
