from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class ImageFormat(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    IMAGE_FORMAT_UNSPECIFIED: _ClassVar[ImageFormat]
    IMAGE_FORMAT_JPEG: _ClassVar[ImageFormat]
    IMAGE_FORMAT_PNG: _ClassVar[ImageFormat]
    IMAGE_FORMAT_WEBP: _ClassVar[ImageFormat]
    IMAGE_FORMAT_RAW_RGB8: _ClassVar[ImageFormat]
    IMAGE_FORMAT_RAW_RGBA8: _ClassVar[ImageFormat]

class PlaneFormat(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    PLANE_FORMAT_UNSPECIFIED: _ClassVar[PlaneFormat]
    PLANE_FORMAT_PNG8: _ClassVar[PlaneFormat]
    PLANE_FORMAT_RAW_U8: _ClassVar[PlaneFormat]

class LandmarkScheme(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    LANDMARK_SCHEME_UNSPECIFIED: _ClassVar[LandmarkScheme]
    LANDMARK_SCHEME_MEDIAPIPE_478: _ClassVar[LandmarkScheme]

class Priority(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    PRIORITY_UNSPECIFIED: _ClassVar[Priority]
    PRIORITY_INTERACTIVE: _ClassVar[Priority]
    PRIORITY_BATCH: _ClassVar[Priority]

class Arm(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    ARM_UNSPECIFIED: _ClassVar[Arm]
    ARM_STABLE: _ClassVar[Arm]
    ARM_CANARY: _ClassVar[Arm]
    ARM_PINNED: _ClassVar[Arm]
IMAGE_FORMAT_UNSPECIFIED: ImageFormat
IMAGE_FORMAT_JPEG: ImageFormat
IMAGE_FORMAT_PNG: ImageFormat
IMAGE_FORMAT_WEBP: ImageFormat
IMAGE_FORMAT_RAW_RGB8: ImageFormat
IMAGE_FORMAT_RAW_RGBA8: ImageFormat
PLANE_FORMAT_UNSPECIFIED: PlaneFormat
PLANE_FORMAT_PNG8: PlaneFormat
PLANE_FORMAT_RAW_U8: PlaneFormat
LANDMARK_SCHEME_UNSPECIFIED: LandmarkScheme
LANDMARK_SCHEME_MEDIAPIPE_478: LandmarkScheme
PRIORITY_UNSPECIFIED: Priority
PRIORITY_INTERACTIVE: Priority
PRIORITY_BATCH: Priority
ARM_UNSPECIFIED: Arm
ARM_STABLE: Arm
ARM_CANARY: Arm
ARM_PINNED: Arm

class Image(_message.Message):
    __slots__ = ("data", "format", "width_px", "height_px")
    DATA_FIELD_NUMBER: _ClassVar[int]
    FORMAT_FIELD_NUMBER: _ClassVar[int]
    WIDTH_PX_FIELD_NUMBER: _ClassVar[int]
    HEIGHT_PX_FIELD_NUMBER: _ClassVar[int]
    data: bytes
    format: ImageFormat
    width_px: int
    height_px: int
    def __init__(self, data: _Optional[bytes] = ..., format: _Optional[_Union[ImageFormat, str]] = ..., width_px: _Optional[int] = ..., height_px: _Optional[int] = ...) -> None: ...

class Mask(_message.Message):
    __slots__ = ("data", "format", "width_px", "height_px")
    DATA_FIELD_NUMBER: _ClassVar[int]
    FORMAT_FIELD_NUMBER: _ClassVar[int]
    WIDTH_PX_FIELD_NUMBER: _ClassVar[int]
    HEIGHT_PX_FIELD_NUMBER: _ClassVar[int]
    data: bytes
    format: PlaneFormat
    width_px: int
    height_px: int
    def __init__(self, data: _Optional[bytes] = ..., format: _Optional[_Union[PlaneFormat, str]] = ..., width_px: _Optional[int] = ..., height_px: _Optional[int] = ...) -> None: ...

class Alpha(_message.Message):
    __slots__ = ("data", "format", "width_px", "height_px")
    DATA_FIELD_NUMBER: _ClassVar[int]
    FORMAT_FIELD_NUMBER: _ClassVar[int]
    WIDTH_PX_FIELD_NUMBER: _ClassVar[int]
    HEIGHT_PX_FIELD_NUMBER: _ClassVar[int]
    data: bytes
    format: PlaneFormat
    width_px: int
    height_px: int
    def __init__(self, data: _Optional[bytes] = ..., format: _Optional[_Union[PlaneFormat, str]] = ..., width_px: _Optional[int] = ..., height_px: _Optional[int] = ...) -> None: ...

class Point(_message.Message):
    __slots__ = ("x_px", "y_px")
    X_PX_FIELD_NUMBER: _ClassVar[int]
    Y_PX_FIELD_NUMBER: _ClassVar[int]
    x_px: float
    y_px: float
    def __init__(self, x_px: _Optional[float] = ..., y_px: _Optional[float] = ...) -> None: ...

class Box(_message.Message):
    __slots__ = ("left_px", "top_px", "right_px", "bottom_px")
    LEFT_PX_FIELD_NUMBER: _ClassVar[int]
    TOP_PX_FIELD_NUMBER: _ClassVar[int]
    RIGHT_PX_FIELD_NUMBER: _ClassVar[int]
    BOTTOM_PX_FIELD_NUMBER: _ClassVar[int]
    left_px: float
    top_px: float
    right_px: float
    bottom_px: float
    def __init__(self, left_px: _Optional[float] = ..., top_px: _Optional[float] = ..., right_px: _Optional[float] = ..., bottom_px: _Optional[float] = ...) -> None: ...

class Polygon(_message.Message):
    __slots__ = ("x_px", "y_px")
    X_PX_FIELD_NUMBER: _ClassVar[int]
    Y_PX_FIELD_NUMBER: _ClassVar[int]
    x_px: _containers.RepeatedScalarFieldContainer[float]
    y_px: _containers.RepeatedScalarFieldContainer[float]
    def __init__(self, x_px: _Optional[_Iterable[float]] = ..., y_px: _Optional[_Iterable[float]] = ...) -> None: ...

class Landmarks(_message.Message):
    __slots__ = ("scheme", "x_px", "y_px", "z_px")
    SCHEME_FIELD_NUMBER: _ClassVar[int]
    X_PX_FIELD_NUMBER: _ClassVar[int]
    Y_PX_FIELD_NUMBER: _ClassVar[int]
    Z_PX_FIELD_NUMBER: _ClassVar[int]
    scheme: LandmarkScheme
    x_px: _containers.RepeatedScalarFieldContainer[float]
    y_px: _containers.RepeatedScalarFieldContainer[float]
    z_px: _containers.RepeatedScalarFieldContainer[float]
    def __init__(self, scheme: _Optional[_Union[LandmarkScheme, str]] = ..., x_px: _Optional[_Iterable[float]] = ..., y_px: _Optional[_Iterable[float]] = ..., z_px: _Optional[_Iterable[float]] = ...) -> None: ...

class Srgb(_message.Message):
    __slots__ = ("red", "green", "blue")
    RED_FIELD_NUMBER: _ClassVar[int]
    GREEN_FIELD_NUMBER: _ClassVar[int]
    BLUE_FIELD_NUMBER: _ClassVar[int]
    red: int
    green: int
    blue: int
    def __init__(self, red: _Optional[int] = ..., green: _Optional[int] = ..., blue: _Optional[int] = ...) -> None: ...

class Lab(_message.Message):
    __slots__ = ("l", "a", "b")
    L_FIELD_NUMBER: _ClassVar[int]
    A_FIELD_NUMBER: _ClassVar[int]
    B_FIELD_NUMBER: _ClassVar[int]
    l: float
    a: float
    b: float
    def __init__(self, l: _Optional[float] = ..., a: _Optional[float] = ..., b: _Optional[float] = ...) -> None: ...

class HeadPose(_message.Message):
    __slots__ = ("yaw_deg", "pitch_deg", "roll_deg")
    YAW_DEG_FIELD_NUMBER: _ClassVar[int]
    PITCH_DEG_FIELD_NUMBER: _ClassVar[int]
    ROLL_DEG_FIELD_NUMBER: _ClassVar[int]
    yaw_deg: float
    pitch_deg: float
    roll_deg: float
    def __init__(self, yaw_deg: _Optional[float] = ..., pitch_deg: _Optional[float] = ..., roll_deg: _Optional[float] = ...) -> None: ...

class Face(_message.Message):
    __slots__ = ("box", "score", "pose", "landmarks", "oval")
    BOX_FIELD_NUMBER: _ClassVar[int]
    SCORE_FIELD_NUMBER: _ClassVar[int]
    POSE_FIELD_NUMBER: _ClassVar[int]
    LANDMARKS_FIELD_NUMBER: _ClassVar[int]
    OVAL_FIELD_NUMBER: _ClassVar[int]
    box: Box
    score: float
    pose: HeadPose
    landmarks: Landmarks
    oval: Polygon
    def __init__(self, box: _Optional[_Union[Box, _Mapping]] = ..., score: _Optional[float] = ..., pose: _Optional[_Union[HeadPose, _Mapping]] = ..., landmarks: _Optional[_Union[Landmarks, _Mapping]] = ..., oval: _Optional[_Union[Polygon, _Mapping]] = ...) -> None: ...

class FaceSelector(_message.Message):
    __slots__ = ("largest", "index", "point", "all")
    LARGEST_FIELD_NUMBER: _ClassVar[int]
    INDEX_FIELD_NUMBER: _ClassVar[int]
    POINT_FIELD_NUMBER: _ClassVar[int]
    ALL_FIELD_NUMBER: _ClassVar[int]
    largest: bool
    index: int
    point: Point
    all: bool
    def __init__(self, largest: _Optional[bool] = ..., index: _Optional[int] = ..., point: _Optional[_Union[Point, _Mapping]] = ..., all: _Optional[bool] = ...) -> None: ...

class OutputSpec(_message.Message):
    __slots__ = ("format", "quality", "longest_edge_px", "plane_format")
    FORMAT_FIELD_NUMBER: _ClassVar[int]
    QUALITY_FIELD_NUMBER: _ClassVar[int]
    LONGEST_EDGE_PX_FIELD_NUMBER: _ClassVar[int]
    PLANE_FORMAT_FIELD_NUMBER: _ClassVar[int]
    format: ImageFormat
    quality: int
    longest_edge_px: int
    plane_format: PlaneFormat
    def __init__(self, format: _Optional[_Union[ImageFormat, str]] = ..., quality: _Optional[int] = ..., longest_edge_px: _Optional[int] = ..., plane_format: _Optional[_Union[PlaneFormat, str]] = ...) -> None: ...

class CallOptions(_message.Message):
    __slots__ = ("request_id", "validate_only", "routing_key", "priority")
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    VALIDATE_ONLY_FIELD_NUMBER: _ClassVar[int]
    ROUTING_KEY_FIELD_NUMBER: _ClassVar[int]
    PRIORITY_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    validate_only: bool
    routing_key: str
    priority: Priority
    def __init__(self, request_id: _Optional[str] = ..., validate_only: _Optional[bool] = ..., routing_key: _Optional[str] = ..., priority: _Optional[_Union[Priority, str]] = ...) -> None: ...

class ModelUse(_message.Message):
    __slots__ = ("model", "version", "arm", "rollout", "fell_back")
    MODEL_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    ARM_FIELD_NUMBER: _ClassVar[int]
    ROLLOUT_FIELD_NUMBER: _ClassVar[int]
    FELL_BACK_FIELD_NUMBER: _ClassVar[int]
    model: str
    version: int
    arm: Arm
    rollout: str
    fell_back: bool
    def __init__(self, model: _Optional[str] = ..., version: _Optional[int] = ..., arm: _Optional[_Union[Arm, str]] = ..., rollout: _Optional[str] = ..., fell_back: _Optional[bool] = ...) -> None: ...

class ServedBy(_message.Message):
    __slots__ = ("models", "request_id", "routing_generation")
    MODELS_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    ROUTING_GENERATION_FIELD_NUMBER: _ClassVar[int]
    models: _containers.RepeatedCompositeFieldContainer[ModelUse]
    request_id: str
    routing_generation: int
    def __init__(self, models: _Optional[_Iterable[_Union[ModelUse, _Mapping]]] = ..., request_id: _Optional[str] = ..., routing_generation: _Optional[int] = ...) -> None: ...

class Stage(_message.Message):
    __slots__ = ("name", "seconds")
    NAME_FIELD_NUMBER: _ClassVar[int]
    SECONDS_FIELD_NUMBER: _ClassVar[int]
    name: str
    seconds: float
    def __init__(self, name: _Optional[str] = ..., seconds: _Optional[float] = ...) -> None: ...

class Timings(_message.Message):
    __slots__ = ("stages", "total_seconds")
    STAGES_FIELD_NUMBER: _ClassVar[int]
    TOTAL_SECONDS_FIELD_NUMBER: _ClassVar[int]
    stages: _containers.RepeatedCompositeFieldContainer[Stage]
    total_seconds: float
    def __init__(self, stages: _Optional[_Iterable[_Union[Stage, _Mapping]]] = ..., total_seconds: _Optional[float] = ...) -> None: ...

class Warning(_message.Message):
    __slots__ = ("code", "message", "field")
    CODE_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    FIELD_FIELD_NUMBER: _ClassVar[int]
    code: str
    message: str
    field: str
    def __init__(self, code: _Optional[str] = ..., message: _Optional[str] = ..., field: _Optional[str] = ...) -> None: ...

class Progress(_message.Message):
    __slots__ = ("stage", "fraction", "remaining_seconds", "preview")
    STAGE_FIELD_NUMBER: _ClassVar[int]
    FRACTION_FIELD_NUMBER: _ClassVar[int]
    REMAINING_SECONDS_FIELD_NUMBER: _ClassVar[int]
    PREVIEW_FIELD_NUMBER: _ClassVar[int]
    stage: str
    fraction: float
    remaining_seconds: float
    preview: Image
    def __init__(self, stage: _Optional[str] = ..., fraction: _Optional[float] = ..., remaining_seconds: _Optional[float] = ..., preview: _Optional[_Union[Image, _Mapping]] = ...) -> None: ...

class Piece(_message.Message):
    __slots__ = ("data",)
    DATA_FIELD_NUMBER: _ClassVar[int]
    data: bytes
    def __init__(self, data: _Optional[bytes] = ...) -> None: ...
