from limner.v1 import image_pb2 as _image_pb2
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class ExportModelRequest(_message.Message):
    __slots__ = ("model", "version", "options")
    MODEL_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    OPTIONS_FIELD_NUMBER: _ClassVar[int]
    model: str
    version: int
    options: _image_pb2.CallOptions
    def __init__(self, model: _Optional[str] = ..., version: _Optional[int] = ..., options: _Optional[_Union[_image_pb2.CallOptions, _Mapping]] = ...) -> None: ...

class ModelManifest(_message.Message):
    __slots__ = ("model", "version", "contract", "license", "network_sha256", "network_bytes", "document")
    MODEL_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    CONTRACT_FIELD_NUMBER: _ClassVar[int]
    LICENSE_FIELD_NUMBER: _ClassVar[int]
    NETWORK_SHA256_FIELD_NUMBER: _ClassVar[int]
    NETWORK_BYTES_FIELD_NUMBER: _ClassVar[int]
    DOCUMENT_FIELD_NUMBER: _ClassVar[int]
    model: str
    version: int
    contract: str
    license: str
    network_sha256: str
    network_bytes: int
    document: str
    def __init__(self, model: _Optional[str] = ..., version: _Optional[int] = ..., contract: _Optional[str] = ..., license: _Optional[str] = ..., network_sha256: _Optional[str] = ..., network_bytes: _Optional[int] = ..., document: _Optional[str] = ...) -> None: ...

class ExportModelResponse(_message.Message):
    __slots__ = ("manifest", "piece")
    MANIFEST_FIELD_NUMBER: _ClassVar[int]
    PIECE_FIELD_NUMBER: _ClassVar[int]
    manifest: ModelManifest
    piece: _image_pb2.Piece
    def __init__(self, manifest: _Optional[_Union[ModelManifest, _Mapping]] = ..., piece: _Optional[_Union[_image_pb2.Piece, _Mapping]] = ...) -> None: ...
