from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class HeaderRule(_message.Message):
    __slots__ = ("header", "value")
    HEADER_FIELD_NUMBER: _ClassVar[int]
    VALUE_FIELD_NUMBER: _ClassVar[int]
    header: str
    value: str
    def __init__(self, header: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...

class Canary(_message.Message):
    __slots__ = ("version", "rollout", "salt", "weight_bps", "shadow_bps", "rules", "slow_seconds")
    VERSION_FIELD_NUMBER: _ClassVar[int]
    ROLLOUT_FIELD_NUMBER: _ClassVar[int]
    SALT_FIELD_NUMBER: _ClassVar[int]
    WEIGHT_BPS_FIELD_NUMBER: _ClassVar[int]
    SHADOW_BPS_FIELD_NUMBER: _ClassVar[int]
    RULES_FIELD_NUMBER: _ClassVar[int]
    SLOW_SECONDS_FIELD_NUMBER: _ClassVar[int]
    version: int
    rollout: str
    salt: str
    weight_bps: int
    shadow_bps: int
    rules: _containers.RepeatedCompositeFieldContainer[HeaderRule]
    slow_seconds: float
    def __init__(self, version: _Optional[int] = ..., rollout: _Optional[str] = ..., salt: _Optional[str] = ..., weight_bps: _Optional[int] = ..., shadow_bps: _Optional[int] = ..., rules: _Optional[_Iterable[_Union[HeaderRule, _Mapping]]] = ..., slow_seconds: _Optional[float] = ...) -> None: ...

class Route(_message.Message):
    __slots__ = ("model", "stable", "previous", "canary")
    MODEL_FIELD_NUMBER: _ClassVar[int]
    STABLE_FIELD_NUMBER: _ClassVar[int]
    PREVIOUS_FIELD_NUMBER: _ClassVar[int]
    CANARY_FIELD_NUMBER: _ClassVar[int]
    model: str
    stable: int
    previous: int
    canary: Canary
    def __init__(self, model: _Optional[str] = ..., stable: _Optional[int] = ..., previous: _Optional[int] = ..., canary: _Optional[_Union[Canary, _Mapping]] = ...) -> None: ...

class RoutingTable(_message.Message):
    __slots__ = ("generation", "routes", "frozen")
    GENERATION_FIELD_NUMBER: _ClassVar[int]
    ROUTES_FIELD_NUMBER: _ClassVar[int]
    FROZEN_FIELD_NUMBER: _ClassVar[int]
    generation: int
    routes: _containers.RepeatedCompositeFieldContainer[Route]
    frozen: bool
    def __init__(self, generation: _Optional[int] = ..., routes: _Optional[_Iterable[_Union[Route, _Mapping]]] = ..., frozen: _Optional[bool] = ...) -> None: ...

class Hello(_message.Message):
    __slots__ = ("instance", "boot", "generation")
    INSTANCE_FIELD_NUMBER: _ClassVar[int]
    BOOT_FIELD_NUMBER: _ClassVar[int]
    GENERATION_FIELD_NUMBER: _ClassVar[int]
    instance: str
    boot: str
    generation: int
    def __init__(self, instance: _Optional[str] = ..., boot: _Optional[str] = ..., generation: _Optional[int] = ...) -> None: ...

class TableReceived(_message.Message):
    __slots__ = ("generation", "refusal")
    GENERATION_FIELD_NUMBER: _ClassVar[int]
    REFUSAL_FIELD_NUMBER: _ClassVar[int]
    generation: int
    refusal: str
    def __init__(self, generation: _Optional[int] = ..., refusal: _Optional[str] = ...) -> None: ...

class Servable(_message.Message):
    __slots__ = ("model", "version", "trouble", "p95_seconds")
    MODEL_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    TROUBLE_FIELD_NUMBER: _ClassVar[int]
    P95_SECONDS_FIELD_NUMBER: _ClassVar[int]
    model: str
    version: int
    trouble: str
    p95_seconds: float
    def __init__(self, model: _Optional[str] = ..., version: _Optional[int] = ..., trouble: _Optional[str] = ..., p95_seconds: _Optional[float] = ...) -> None: ...

class Servables(_message.Message):
    __slots__ = ("versions",)
    VERSIONS_FIELD_NUMBER: _ClassVar[int]
    versions: _containers.RepeatedCompositeFieldContainer[Servable]
    def __init__(self, versions: _Optional[_Iterable[_Union[Servable, _Mapping]]] = ...) -> None: ...

class Count(_message.Message):
    __slots__ = ("rollout", "generation", "name", "value")
    ROLLOUT_FIELD_NUMBER: _ClassVar[int]
    GENERATION_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    VALUE_FIELD_NUMBER: _ClassVar[int]
    rollout: str
    generation: int
    name: str
    value: int
    def __init__(self, rollout: _Optional[str] = ..., generation: _Optional[int] = ..., name: _Optional[str] = ..., value: _Optional[int] = ...) -> None: ...

class Counts(_message.Message):
    __slots__ = ("seq", "counts")
    SEQ_FIELD_NUMBER: _ClassVar[int]
    COUNTS_FIELD_NUMBER: _ClassVar[int]
    seq: int
    counts: _containers.RepeatedCompositeFieldContainer[Count]
    def __init__(self, seq: _Optional[int] = ..., counts: _Optional[_Iterable[_Union[Count, _Mapping]]] = ...) -> None: ...

class Ejection(_message.Message):
    __slots__ = ("rollout", "generation", "text")
    ROLLOUT_FIELD_NUMBER: _ClassVar[int]
    GENERATION_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    rollout: str
    generation: int
    text: str
    def __init__(self, rollout: _Optional[str] = ..., generation: _Optional[int] = ..., text: _Optional[str] = ...) -> None: ...

class SyncRoutingRequest(_message.Message):
    __slots__ = ("hello", "received", "servables", "counts", "ejection")
    HELLO_FIELD_NUMBER: _ClassVar[int]
    RECEIVED_FIELD_NUMBER: _ClassVar[int]
    SERVABLES_FIELD_NUMBER: _ClassVar[int]
    COUNTS_FIELD_NUMBER: _ClassVar[int]
    EJECTION_FIELD_NUMBER: _ClassVar[int]
    hello: Hello
    received: TableReceived
    servables: Servables
    counts: Counts
    ejection: Ejection
    def __init__(self, hello: _Optional[_Union[Hello, _Mapping]] = ..., received: _Optional[_Union[TableReceived, _Mapping]] = ..., servables: _Optional[_Union[Servables, _Mapping]] = ..., counts: _Optional[_Union[Counts, _Mapping]] = ..., ejection: _Optional[_Union[Ejection, _Mapping]] = ...) -> None: ...

class SyncRoutingResponse(_message.Message):
    __slots__ = ("table", "lease_seconds")
    TABLE_FIELD_NUMBER: _ClassVar[int]
    LEASE_SECONDS_FIELD_NUMBER: _ClassVar[int]
    table: RoutingTable
    lease_seconds: float
    def __init__(self, table: _Optional[_Union[RoutingTable, _Mapping]] = ..., lease_seconds: _Optional[float] = ...) -> None: ...

class GetRoutingTableRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class GetRoutingTableResponse(_message.Message):
    __slots__ = ("table", "digest", "servers")
    TABLE_FIELD_NUMBER: _ClassVar[int]
    DIGEST_FIELD_NUMBER: _ClassVar[int]
    SERVERS_FIELD_NUMBER: _ClassVar[int]
    table: RoutingTable
    digest: str
    servers: _containers.RepeatedCompositeFieldContainer[ServerState]
    def __init__(self, table: _Optional[_Union[RoutingTable, _Mapping]] = ..., digest: _Optional[str] = ..., servers: _Optional[_Iterable[_Union[ServerState, _Mapping]]] = ...) -> None: ...

class ServerState(_message.Message):
    __slots__ = ("instance", "generation", "servables")
    INSTANCE_FIELD_NUMBER: _ClassVar[int]
    GENERATION_FIELD_NUMBER: _ClassVar[int]
    SERVABLES_FIELD_NUMBER: _ClassVar[int]
    instance: str
    generation: int
    servables: _containers.RepeatedCompositeFieldContainer[Servable]
    def __init__(self, instance: _Optional[str] = ..., generation: _Optional[int] = ..., servables: _Optional[_Iterable[_Union[Servable, _Mapping]]] = ...) -> None: ...
