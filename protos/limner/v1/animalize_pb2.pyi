from limner.v1 import image_pb2 as _image_pb2
from limner.v1 import stream_pb2 as _stream_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class AnimalAnchor(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    ANIMAL_ANCHOR_UNSPECIFIED: _ClassVar[AnimalAnchor]
    ANIMAL_ANCHOR_FOREHEAD: _ClassVar[AnimalAnchor]
    ANIMAL_ANCHOR_NOSE: _ClassVar[AnimalAnchor]
    ANIMAL_ANCHOR_CHIN: _ClassVar[AnimalAnchor]
    ANIMAL_ANCHOR_EAR_R: _ClassVar[AnimalAnchor]
    ANIMAL_ANCHOR_EAR_L: _ClassVar[AnimalAnchor]
    ANIMAL_ANCHOR_EYE_R: _ClassVar[AnimalAnchor]
    ANIMAL_ANCHOR_EYE_L: _ClassVar[AnimalAnchor]
    ANIMAL_ANCHOR_MOUTH_R: _ClassVar[AnimalAnchor]
    ANIMAL_ANCHOR_MOUTH_L: _ClassVar[AnimalAnchor]
    ANIMAL_ANCHOR_EYES: _ClassVar[AnimalAnchor]
    ANIMAL_ANCHOR_MOUTH: _ClassVar[AnimalAnchor]
ANIMAL_ANCHOR_UNSPECIFIED: AnimalAnchor
ANIMAL_ANCHOR_FOREHEAD: AnimalAnchor
ANIMAL_ANCHOR_NOSE: AnimalAnchor
ANIMAL_ANCHOR_CHIN: AnimalAnchor
ANIMAL_ANCHOR_EAR_R: AnimalAnchor
ANIMAL_ANCHOR_EAR_L: AnimalAnchor
ANIMAL_ANCHOR_EYE_R: AnimalAnchor
ANIMAL_ANCHOR_EYE_L: AnimalAnchor
ANIMAL_ANCHOR_MOUTH_R: AnimalAnchor
ANIMAL_ANCHOR_MOUTH_L: AnimalAnchor
ANIMAL_ANCHOR_EYES: AnimalAnchor
ANIMAL_ANCHOR_MOUTH: AnimalAnchor

class AnimalSticker(_message.Message):
    __slots__ = ("name", "image", "anchor", "scale", "right", "down")
    NAME_FIELD_NUMBER: _ClassVar[int]
    IMAGE_FIELD_NUMBER: _ClassVar[int]
    ANCHOR_FIELD_NUMBER: _ClassVar[int]
    SCALE_FIELD_NUMBER: _ClassVar[int]
    RIGHT_FIELD_NUMBER: _ClassVar[int]
    DOWN_FIELD_NUMBER: _ClassVar[int]
    name: str
    image: _image_pb2.Image
    anchor: AnimalAnchor
    scale: float
    right: float
    down: float
    def __init__(self, name: _Optional[str] = ..., image: _Optional[_Union[_image_pb2.Image, _Mapping]] = ..., anchor: _Optional[_Union[AnimalAnchor, str]] = ..., scale: _Optional[float] = ..., right: _Optional[float] = ..., down: _Optional[float] = ...) -> None: ...

class AnimalizeRequest(_message.Message):
    __slots__ = ("image", "animal", "coat", "selector", "stickers", "want_mask", "output", "numbers_per_second", "options", "keep_hair")
    IMAGE_FIELD_NUMBER: _ClassVar[int]
    ANIMAL_FIELD_NUMBER: _ClassVar[int]
    COAT_FIELD_NUMBER: _ClassVar[int]
    SELECTOR_FIELD_NUMBER: _ClassVar[int]
    STICKERS_FIELD_NUMBER: _ClassVar[int]
    WANT_MASK_FIELD_NUMBER: _ClassVar[int]
    OUTPUT_FIELD_NUMBER: _ClassVar[int]
    NUMBERS_PER_SECOND_FIELD_NUMBER: _ClassVar[int]
    OPTIONS_FIELD_NUMBER: _ClassVar[int]
    KEEP_HAIR_FIELD_NUMBER: _ClassVar[int]
    image: _image_pb2.Image
    animal: str
    coat: str
    selector: _image_pb2.FaceSelector
    stickers: _containers.RepeatedCompositeFieldContainer[AnimalSticker]
    want_mask: bool
    output: _image_pb2.OutputSpec
    numbers_per_second: float
    options: _image_pb2.CallOptions
    keep_hair: bool
    def __init__(self, image: _Optional[_Union[_image_pb2.Image, _Mapping]] = ..., animal: _Optional[str] = ..., coat: _Optional[str] = ..., selector: _Optional[_Union[_image_pb2.FaceSelector, _Mapping]] = ..., stickers: _Optional[_Iterable[_Union[AnimalSticker, _Mapping]]] = ..., want_mask: _Optional[bool] = ..., output: _Optional[_Union[_image_pb2.OutputSpec, _Mapping]] = ..., numbers_per_second: _Optional[float] = ..., options: _Optional[_Union[_image_pb2.CallOptions, _Mapping]] = ..., keep_hair: _Optional[bool] = ...) -> None: ...

class AnimalPoint(_message.Message):
    __slots__ = ("anchor", "place")
    ANCHOR_FIELD_NUMBER: _ClassVar[int]
    PLACE_FIELD_NUMBER: _ClassVar[int]
    anchor: AnimalAnchor
    place: _image_pb2.Point
    def __init__(self, anchor: _Optional[_Union[AnimalAnchor, str]] = ..., place: _Optional[_Union[_image_pb2.Point, _Mapping]] = ...) -> None: ...

class AnimalizedFace(_message.Message):
    __slots__ = ("face", "index", "animal", "coat", "points", "visible")
    FACE_FIELD_NUMBER: _ClassVar[int]
    INDEX_FIELD_NUMBER: _ClassVar[int]
    ANIMAL_FIELD_NUMBER: _ClassVar[int]
    COAT_FIELD_NUMBER: _ClassVar[int]
    POINTS_FIELD_NUMBER: _ClassVar[int]
    VISIBLE_FIELD_NUMBER: _ClassVar[int]
    face: _image_pb2.Face
    index: int
    animal: str
    coat: str
    points: _containers.RepeatedCompositeFieldContainer[AnimalPoint]
    visible: float
    def __init__(self, face: _Optional[_Union[_image_pb2.Face, _Mapping]] = ..., index: _Optional[int] = ..., animal: _Optional[str] = ..., coat: _Optional[str] = ..., points: _Optional[_Iterable[_Union[AnimalPoint, _Mapping]]] = ..., visible: _Optional[float] = ...) -> None: ...

class AnimalizeResponse(_message.Message):
    __slots__ = ("image", "mask", "faces", "width_px", "height_px", "served_by", "timings", "warnings")
    IMAGE_FIELD_NUMBER: _ClassVar[int]
    MASK_FIELD_NUMBER: _ClassVar[int]
    FACES_FIELD_NUMBER: _ClassVar[int]
    WIDTH_PX_FIELD_NUMBER: _ClassVar[int]
    HEIGHT_PX_FIELD_NUMBER: _ClassVar[int]
    SERVED_BY_FIELD_NUMBER: _ClassVar[int]
    TIMINGS_FIELD_NUMBER: _ClassVar[int]
    WARNINGS_FIELD_NUMBER: _ClassVar[int]
    image: _image_pb2.Image
    mask: _image_pb2.Alpha
    faces: _containers.RepeatedCompositeFieldContainer[AnimalizedFace]
    width_px: int
    height_px: int
    served_by: _image_pb2.ServedBy
    timings: _image_pb2.Timings
    warnings: _containers.RepeatedCompositeFieldContainer[_image_pb2.Warning]
    def __init__(self, image: _Optional[_Union[_image_pb2.Image, _Mapping]] = ..., mask: _Optional[_Union[_image_pb2.Alpha, _Mapping]] = ..., faces: _Optional[_Iterable[_Union[AnimalizedFace, _Mapping]]] = ..., width_px: _Optional[int] = ..., height_px: _Optional[int] = ..., served_by: _Optional[_Union[_image_pb2.ServedBy, _Mapping]] = ..., timings: _Optional[_Union[_image_pb2.Timings, _Mapping]] = ..., warnings: _Optional[_Iterable[_Union[_image_pb2.Warning, _Mapping]]] = ...) -> None: ...

class AnimalizeStreamRequest(_message.Message):
    __slots__ = ("settings", "frame")
    SETTINGS_FIELD_NUMBER: _ClassVar[int]
    FRAME_FIELD_NUMBER: _ClassVar[int]
    settings: AnimalizeRequest
    frame: _stream_pb2.Frame
    def __init__(self, settings: _Optional[_Union[AnimalizeRequest, _Mapping]] = ..., frame: _Optional[_Union[_stream_pb2.Frame, _Mapping]] = ...) -> None: ...

class AnimalizeStreamResponse(_message.Message):
    __slots__ = ("number", "skipped", "response", "failure")
    NUMBER_FIELD_NUMBER: _ClassVar[int]
    SKIPPED_FIELD_NUMBER: _ClassVar[int]
    RESPONSE_FIELD_NUMBER: _ClassVar[int]
    FAILURE_FIELD_NUMBER: _ClassVar[int]
    number: int
    skipped: int
    response: AnimalizeResponse
    failure: _stream_pb2.FrameFailure
    def __init__(self, number: _Optional[int] = ..., skipped: _Optional[int] = ..., response: _Optional[_Union[AnimalizeResponse, _Mapping]] = ..., failure: _Optional[_Union[_stream_pb2.FrameFailure, _Mapping]] = ...) -> None: ...

class ListAnimalsRequest(_message.Message):
    __slots__ = ("without_previews", "options")
    WITHOUT_PREVIEWS_FIELD_NUMBER: _ClassVar[int]
    OPTIONS_FIELD_NUMBER: _ClassVar[int]
    without_previews: bool
    options: _image_pb2.CallOptions
    def __init__(self, without_previews: _Optional[bool] = ..., options: _Optional[_Union[_image_pb2.CallOptions, _Mapping]] = ...) -> None: ...

class Animal(_message.Message):
    __slots__ = ("name", "coats")
    NAME_FIELD_NUMBER: _ClassVar[int]
    COATS_FIELD_NUMBER: _ClassVar[int]
    name: str
    coats: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, name: _Optional[str] = ..., coats: _Optional[_Iterable[str]] = ...) -> None: ...

class PackagedSticker(_message.Message):
    __slots__ = ("name", "anchor", "preview")
    NAME_FIELD_NUMBER: _ClassVar[int]
    ANCHOR_FIELD_NUMBER: _ClassVar[int]
    PREVIEW_FIELD_NUMBER: _ClassVar[int]
    name: str
    anchor: AnimalAnchor
    preview: _image_pb2.Image
    def __init__(self, name: _Optional[str] = ..., anchor: _Optional[_Union[AnimalAnchor, str]] = ..., preview: _Optional[_Union[_image_pb2.Image, _Mapping]] = ...) -> None: ...

class ListAnimalsResponse(_message.Message):
    __slots__ = ("animals", "stickers", "anchors", "served_by", "timings", "warnings")
    ANIMALS_FIELD_NUMBER: _ClassVar[int]
    STICKERS_FIELD_NUMBER: _ClassVar[int]
    ANCHORS_FIELD_NUMBER: _ClassVar[int]
    SERVED_BY_FIELD_NUMBER: _ClassVar[int]
    TIMINGS_FIELD_NUMBER: _ClassVar[int]
    WARNINGS_FIELD_NUMBER: _ClassVar[int]
    animals: _containers.RepeatedCompositeFieldContainer[Animal]
    stickers: _containers.RepeatedCompositeFieldContainer[PackagedSticker]
    anchors: _containers.RepeatedScalarFieldContainer[AnimalAnchor]
    served_by: _image_pb2.ServedBy
    timings: _image_pb2.Timings
    warnings: _containers.RepeatedCompositeFieldContainer[_image_pb2.Warning]
    def __init__(self, animals: _Optional[_Iterable[_Union[Animal, _Mapping]]] = ..., stickers: _Optional[_Iterable[_Union[PackagedSticker, _Mapping]]] = ..., anchors: _Optional[_Iterable[_Union[AnimalAnchor, str]]] = ..., served_by: _Optional[_Union[_image_pb2.ServedBy, _Mapping]] = ..., timings: _Optional[_Union[_image_pb2.Timings, _Mapping]] = ..., warnings: _Optional[_Iterable[_Union[_image_pb2.Warning, _Mapping]]] = ...) -> None: ...
