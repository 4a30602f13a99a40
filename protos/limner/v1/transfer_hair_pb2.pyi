from limner.v1 import image_pb2 as _image_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class TransferHairMode(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    TRANSFER_HAIR_MODE_UNSPECIFIED: _ClassVar[TransferHairMode]
    TRANSFER_HAIR_MODE_FAST: _ClassVar[TransferHairMode]
    TRANSFER_HAIR_MODE_OPTIMIZE: _ClassVar[TransferHairMode]

class ReferenceSource(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    REFERENCE_SOURCE_UNSPECIFIED: _ClassVar[ReferenceSource]
    REFERENCE_SOURCE_STUDIO: _ClassVar[ReferenceSource]
    REFERENCE_SOURCE_OPERATOR: _ClassVar[ReferenceSource]
TRANSFER_HAIR_MODE_UNSPECIFIED: TransferHairMode
TRANSFER_HAIR_MODE_FAST: TransferHairMode
TRANSFER_HAIR_MODE_OPTIMIZE: TransferHairMode
REFERENCE_SOURCE_UNSPECIFIED: ReferenceSource
REFERENCE_SOURCE_STUDIO: ReferenceSource
REFERENCE_SOURCE_OPERATOR: ReferenceSource

class HairReference(_message.Message):
    __slots__ = ("image", "name", "selector")
    IMAGE_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    SELECTOR_FIELD_NUMBER: _ClassVar[int]
    image: _image_pb2.Image
    name: str
    selector: _image_pb2.FaceSelector
    def __init__(self, image: _Optional[_Union[_image_pb2.Image, _Mapping]] = ..., name: _Optional[str] = ..., selector: _Optional[_Union[_image_pb2.FaceSelector, _Mapping]] = ...) -> None: ...

class TransferHairRequest(_message.Message):
    __slots__ = ("person", "person_selector", "shape", "look", "mode", "iterations", "seed", "want_preview", "want_alpha", "want_mask", "keep_face", "output", "options")
    PERSON_FIELD_NUMBER: _ClassVar[int]
    PERSON_SELECTOR_FIELD_NUMBER: _ClassVar[int]
    SHAPE_FIELD_NUMBER: _ClassVar[int]
    LOOK_FIELD_NUMBER: _ClassVar[int]
    MODE_FIELD_NUMBER: _ClassVar[int]
    ITERATIONS_FIELD_NUMBER: _ClassVar[int]
    SEED_FIELD_NUMBER: _ClassVar[int]
    WANT_PREVIEW_FIELD_NUMBER: _ClassVar[int]
    WANT_ALPHA_FIELD_NUMBER: _ClassVar[int]
    WANT_MASK_FIELD_NUMBER: _ClassVar[int]
    KEEP_FACE_FIELD_NUMBER: _ClassVar[int]
    OUTPUT_FIELD_NUMBER: _ClassVar[int]
    OPTIONS_FIELD_NUMBER: _ClassVar[int]
    person: _image_pb2.Image
    person_selector: _image_pb2.FaceSelector
    shape: HairReference
    look: HairReference
    mode: TransferHairMode
    iterations: int
    seed: int
    want_preview: bool
    want_alpha: bool
    want_mask: bool
    keep_face: bool
    output: _image_pb2.OutputSpec
    options: _image_pb2.CallOptions
    def __init__(self, person: _Optional[_Union[_image_pb2.Image, _Mapping]] = ..., person_selector: _Optional[_Union[_image_pb2.FaceSelector, _Mapping]] = ..., shape: _Optional[_Union[HairReference, _Mapping]] = ..., look: _Optional[_Union[HairReference, _Mapping]] = ..., mode: _Optional[_Union[TransferHairMode, str]] = ..., iterations: _Optional[int] = ..., seed: _Optional[int] = ..., want_preview: _Optional[bool] = ..., want_alpha: _Optional[bool] = ..., want_mask: _Optional[bool] = ..., keep_face: _Optional[bool] = ..., output: _Optional[_Union[_image_pb2.OutputSpec, _Mapping]] = ..., options: _Optional[_Union[_image_pb2.CallOptions, _Mapping]] = ...) -> None: ...

class TransferHairLoss(_message.Message):
    __slots__ = ("name", "value")
    NAME_FIELD_NUMBER: _ClassVar[int]
    VALUE_FIELD_NUMBER: _ClassVar[int]
    name: str
    value: float
    def __init__(self, name: _Optional[str] = ..., value: _Optional[float] = ...) -> None: ...

class OptimizationStep(_message.Message):
    __slots__ = ("step", "steps", "losses")
    STEP_FIELD_NUMBER: _ClassVar[int]
    STEPS_FIELD_NUMBER: _ClassVar[int]
    LOSSES_FIELD_NUMBER: _ClassVar[int]
    step: int
    steps: int
    losses: _containers.RepeatedCompositeFieldContainer[TransferHairLoss]
    def __init__(self, step: _Optional[int] = ..., steps: _Optional[int] = ..., losses: _Optional[_Iterable[_Union[TransferHairLoss, _Mapping]]] = ...) -> None: ...

class UsedReference(_message.Message):
    __slots__ = ("name", "sha256", "mirrored", "pose_gap_deg", "face")
    NAME_FIELD_NUMBER: _ClassVar[int]
    SHA256_FIELD_NUMBER: _ClassVar[int]
    MIRRORED_FIELD_NUMBER: _ClassVar[int]
    POSE_GAP_DEG_FIELD_NUMBER: _ClassVar[int]
    FACE_FIELD_NUMBER: _ClassVar[int]
    name: str
    sha256: str
    mirrored: bool
    pose_gap_deg: float
    face: _image_pb2.Face
    def __init__(self, name: _Optional[str] = ..., sha256: _Optional[str] = ..., mirrored: _Optional[bool] = ..., pose_gap_deg: _Optional[float] = ..., face: _Optional[_Union[_image_pb2.Face, _Mapping]] = ...) -> None: ...

class OptimizationOutcome(_message.Message):
    __slots__ = ("steps", "losses", "identity_similarity", "shape_iou")
    STEPS_FIELD_NUMBER: _ClassVar[int]
    LOSSES_FIELD_NUMBER: _ClassVar[int]
    IDENTITY_SIMILARITY_FIELD_NUMBER: _ClassVar[int]
    SHAPE_IOU_FIELD_NUMBER: _ClassVar[int]
    steps: int
    losses: _containers.RepeatedCompositeFieldContainer[TransferHairLoss]
    identity_similarity: float
    shape_iou: float
    def __init__(self, steps: _Optional[int] = ..., losses: _Optional[_Iterable[_Union[TransferHairLoss, _Mapping]]] = ..., identity_similarity: _Optional[float] = ..., shape_iou: _Optional[float] = ...) -> None: ...

class TransferHairResult(_message.Message):
    __slots__ = ("image", "following_bytes", "width_px", "height_px", "hair_alpha", "mask", "mode", "face", "shape", "look", "optimization", "served_by", "timings", "warnings")
    IMAGE_FIELD_NUMBER: _ClassVar[int]
    FOLLOWING_BYTES_FIELD_NUMBER: _ClassVar[int]
    WIDTH_PX_FIELD_NUMBER: _ClassVar[int]
    HEIGHT_PX_FIELD_NUMBER: _ClassVar[int]
    HAIR_ALPHA_FIELD_NUMBER: _ClassVar[int]
    MASK_FIELD_NUMBER: _ClassVar[int]
    MODE_FIELD_NUMBER: _ClassVar[int]
    FACE_FIELD_NUMBER: _ClassVar[int]
    SHAPE_FIELD_NUMBER: _ClassVar[int]
    LOOK_FIELD_NUMBER: _ClassVar[int]
    OPTIMIZATION_FIELD_NUMBER: _ClassVar[int]
    SERVED_BY_FIELD_NUMBER: _ClassVar[int]
    TIMINGS_FIELD_NUMBER: _ClassVar[int]
    WARNINGS_FIELD_NUMBER: _ClassVar[int]
    image: _image_pb2.Image
    following_bytes: int
    width_px: int
    height_px: int
    hair_alpha: _image_pb2.Alpha
    mask: _image_pb2.Alpha
    mode: TransferHairMode
    face: _image_pb2.Face
    shape: UsedReference
    look: UsedReference
    optimization: OptimizationOutcome
    served_by: _image_pb2.ServedBy
    timings: _image_pb2.Timings
    warnings: _containers.RepeatedCompositeFieldContainer[_image_pb2.Warning]
    def __init__(self, image: _Optional[_Union[_image_pb2.Image, _Mapping]] = ..., following_bytes: _Optional[int] = ..., width_px: _Optional[int] = ..., height_px: _Optional[int] = ..., hair_alpha: _Optional[_Union[_image_pb2.Alpha, _Mapping]] = ..., mask: _Optional[_Union[_image_pb2.Alpha, _Mapping]] = ..., mode: _Optional[_Union[TransferHairMode, str]] = ..., face: _Optional[_Union[_image_pb2.Face, _Mapping]] = ..., shape: _Optional[_Union[UsedReference, _Mapping]] = ..., look: _Optional[_Union[UsedReference, _Mapping]] = ..., optimization: _Optional[_Union[OptimizationOutcome, _Mapping]] = ..., served_by: _Optional[_Union[_image_pb2.ServedBy, _Mapping]] = ..., timings: _Optional[_Union[_image_pb2.Timings, _Mapping]] = ..., warnings: _Optional[_Iterable[_Union[_image_pb2.Warning, _Mapping]]] = ...) -> None: ...

class TransferHairResponse(_message.Message):
    __slots__ = ("progress", "result", "piece", "optimization")
    PROGRESS_FIELD_NUMBER: _ClassVar[int]
    RESULT_FIELD_NUMBER: _ClassVar[int]
    PIECE_FIELD_NUMBER: _ClassVar[int]
    OPTIMIZATION_FIELD_NUMBER: _ClassVar[int]
    progress: _image_pb2.Progress
    result: TransferHairResult
    piece: _image_pb2.Piece
    optimization: OptimizationStep
    def __init__(self, progress: _Optional[_Union[_image_pb2.Progress, _Mapping]] = ..., result: _Optional[_Union[TransferHairResult, _Mapping]] = ..., piece: _Optional[_Union[_image_pb2.Piece, _Mapping]] = ..., optimization: _Optional[_Union[OptimizationStep, _Mapping]] = ...) -> None: ...

class ListReferencesRequest(_message.Message):
    __slots__ = ("tags", "without_previews", "output", "page_size", "page_token", "options")
    TAGS_FIELD_NUMBER: _ClassVar[int]
    WITHOUT_PREVIEWS_FIELD_NUMBER: _ClassVar[int]
    OUTPUT_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    OPTIONS_FIELD_NUMBER: _ClassVar[int]
    tags: _containers.RepeatedScalarFieldContainer[str]
    without_previews: bool
    output: _image_pb2.OutputSpec
    page_size: int
    page_token: str
    options: _image_pb2.CallOptions
    def __init__(self, tags: _Optional[_Iterable[str]] = ..., without_previews: _Optional[bool] = ..., output: _Optional[_Union[_image_pb2.OutputSpec, _Mapping]] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ..., options: _Optional[_Union[_image_pb2.CallOptions, _Mapping]] = ...) -> None: ...

class ProductLink(_message.Message):
    __slots__ = ("title", "url")
    TITLE_FIELD_NUMBER: _ClassVar[int]
    URL_FIELD_NUMBER: _ClassVar[int]
    title: str
    url: str
    def __init__(self, title: _Optional[str] = ..., url: _Optional[str] = ...) -> None: ...

class Reference(_message.Message):
    __slots__ = ("name", "title", "tags", "preview", "length", "texture", "color", "yaw_deg", "source", "license", "products")
    NAME_FIELD_NUMBER: _ClassVar[int]
    TITLE_FIELD_NUMBER: _ClassVar[int]
    TAGS_FIELD_NUMBER: _ClassVar[int]
    PREVIEW_FIELD_NUMBER: _ClassVar[int]
    LENGTH_FIELD_NUMBER: _ClassVar[int]
    TEXTURE_FIELD_NUMBER: _ClassVar[int]
    COLOR_FIELD_NUMBER: _ClassVar[int]
    YAW_DEG_FIELD_NUMBER: _ClassVar[int]
    SOURCE_FIELD_NUMBER: _ClassVar[int]
    LICENSE_FIELD_NUMBER: _ClassVar[int]
    PRODUCTS_FIELD_NUMBER: _ClassVar[int]
    name: str
    title: str
    tags: _containers.RepeatedScalarFieldContainer[str]
    preview: _image_pb2.Image
    length: str
    texture: str
    color: str
    yaw_deg: float
    source: ReferenceSource
    license: str
    products: _containers.RepeatedCompositeFieldContainer[ProductLink]
    def __init__(self, name: _Optional[str] = ..., title: _Optional[str] = ..., tags: _Optional[_Iterable[str]] = ..., preview: _Optional[_Union[_image_pb2.Image, _Mapping]] = ..., length: _Optional[str] = ..., texture: _Optional[str] = ..., color: _Optional[str] = ..., yaw_deg: _Optional[float] = ..., source: _Optional[_Union[ReferenceSource, str]] = ..., license: _Optional[str] = ..., products: _Optional[_Iterable[_Union[ProductLink, _Mapping]]] = ...) -> None: ...

class ListReferencesResponse(_message.Message):
    __slots__ = ("references", "next_page_token", "served_by", "timings", "warnings")
    REFERENCES_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    SERVED_BY_FIELD_NUMBER: _ClassVar[int]
    TIMINGS_FIELD_NUMBER: _ClassVar[int]
    WARNINGS_FIELD_NUMBER: _ClassVar[int]
    references: _containers.RepeatedCompositeFieldContainer[Reference]
    next_page_token: str
    served_by: _image_pb2.ServedBy
    timings: _image_pb2.Timings
    warnings: _containers.RepeatedCompositeFieldContainer[_image_pb2.Warning]
    def __init__(self, references: _Optional[_Iterable[_Union[Reference, _Mapping]]] = ..., next_page_token: _Optional[str] = ..., served_by: _Optional[_Union[_image_pb2.ServedBy, _Mapping]] = ..., timings: _Optional[_Union[_image_pb2.Timings, _Mapping]] = ..., warnings: _Optional[_Iterable[_Union[_image_pb2.Warning, _Mapping]]] = ...) -> None: ...

class RecommendReferencesRequest(_message.Message):
    __slots__ = ("image", "selector", "count", "tags", "without_previews", "output", "options")
    IMAGE_FIELD_NUMBER: _ClassVar[int]
    SELECTOR_FIELD_NUMBER: _ClassVar[int]
    COUNT_FIELD_NUMBER: _ClassVar[int]
    TAGS_FIELD_NUMBER: _ClassVar[int]
    WITHOUT_PREVIEWS_FIELD_NUMBER: _ClassVar[int]
    OUTPUT_FIELD_NUMBER: _ClassVar[int]
    OPTIONS_FIELD_NUMBER: _ClassVar[int]
    image: _image_pb2.Image
    selector: _image_pb2.FaceSelector
    count: int
    tags: _containers.RepeatedScalarFieldContainer[str]
    without_previews: bool
    output: _image_pb2.OutputSpec
    options: _image_pb2.CallOptions
    def __init__(self, image: _Optional[_Union[_image_pb2.Image, _Mapping]] = ..., selector: _Optional[_Union[_image_pb2.FaceSelector, _Mapping]] = ..., count: _Optional[int] = ..., tags: _Optional[_Iterable[str]] = ..., without_previews: _Optional[bool] = ..., output: _Optional[_Union[_image_pb2.OutputSpec, _Mapping]] = ..., options: _Optional[_Union[_image_pb2.CallOptions, _Mapping]] = ...) -> None: ...

class RecommendationReason(_message.Message):
    __slots__ = ("code", "message")
    CODE_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    code: str
    message: str
    def __init__(self, code: _Optional[str] = ..., message: _Optional[str] = ...) -> None: ...

class Recommendation(_message.Message):
    __slots__ = ("reference", "score", "reasons", "pose_gap_deg", "mirrored")
    REFERENCE_FIELD_NUMBER: _ClassVar[int]
    SCORE_FIELD_NUMBER: _ClassVar[int]
    REASONS_FIELD_NUMBER: _ClassVar[int]
    POSE_GAP_DEG_FIELD_NUMBER: _ClassVar[int]
    MIRRORED_FIELD_NUMBER: _ClassVar[int]
    reference: Reference
    score: float
    reasons: _containers.RepeatedCompositeFieldContainer[RecommendationReason]
    pose_gap_deg: float
    mirrored: bool
    def __init__(self, reference: _Optional[_Union[Reference, _Mapping]] = ..., score: _Optional[float] = ..., reasons: _Optional[_Iterable[_Union[RecommendationReason, _Mapping]]] = ..., pose_gap_deg: _Optional[float] = ..., mirrored: _Optional[bool] = ...) -> None: ...

class RecommendReferencesResponse(_message.Message):
    __slots__ = ("recommendations", "face", "served_by", "timings", "warnings")
    RECOMMENDATIONS_FIELD_NUMBER: _ClassVar[int]
    FACE_FIELD_NUMBER: _ClassVar[int]
    SERVED_BY_FIELD_NUMBER: _ClassVar[int]
    TIMINGS_FIELD_NUMBER: _ClassVar[int]
    WARNINGS_FIELD_NUMBER: _ClassVar[int]
    recommendations: _containers.RepeatedCompositeFieldContainer[Recommendation]
    face: _image_pb2.Face
    served_by: _image_pb2.ServedBy
    timings: _image_pb2.Timings
    warnings: _containers.RepeatedCompositeFieldContainer[_image_pb2.Warning]
    def __init__(self, recommendations: _Optional[_Iterable[_Union[Recommendation, _Mapping]]] = ..., face: _Optional[_Union[_image_pb2.Face, _Mapping]] = ..., served_by: _Optional[_Union[_image_pb2.ServedBy, _Mapping]] = ..., timings: _Optional[_Union[_image_pb2.Timings, _Mapping]] = ..., warnings: _Optional[_Iterable[_Union[_image_pb2.Warning, _Mapping]]] = ...) -> None: ...
