import datetime

from google.protobuf import struct_pb2 as _struct_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class RolloutState(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    ROLLOUT_STATE_UNSPECIFIED: _ClassVar[RolloutState]
    ROLLOUT_STATE_PENDING: _ClassVar[RolloutState]
    ROLLOUT_STATE_VERIFYING: _ClassVar[RolloutState]
    ROLLOUT_STATE_SHADOWING: _ClassVar[RolloutState]
    ROLLOUT_STATE_PROGRESSING: _ClassVar[RolloutState]
    ROLLOUT_STATE_PAUSED: _ClassVar[RolloutState]
    ROLLOUT_STATE_AWAITING_APPROVAL: _ClassVar[RolloutState]
    ROLLOUT_STATE_PROMOTING: _ClassVar[RolloutState]
    ROLLOUT_STATE_SUCCEEDED: _ClassVar[RolloutState]
    ROLLOUT_STATE_ABORTING: _ClassVar[RolloutState]
    ROLLOUT_STATE_ABORTED: _ClassVar[RolloutState]
    ROLLOUT_STATE_SUPERSEDED: _ClassVar[RolloutState]

class RolloutVerb(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    ROLLOUT_VERB_UNSPECIFIED: _ClassVar[RolloutVerb]
    ROLLOUT_VERB_PAUSE: _ClassVar[RolloutVerb]
    ROLLOUT_VERB_RESUME: _ClassVar[RolloutVerb]
    ROLLOUT_VERB_ADVANCE: _ClassVar[RolloutVerb]
    ROLLOUT_VERB_PROMOTE: _ClassVar[RolloutVerb]
    ROLLOUT_VERB_ABORT: _ClassVar[RolloutVerb]
    ROLLOUT_VERB_RETRY: _ClassVar[RolloutVerb]
    ROLLOUT_VERB_APPROVE: _ClassVar[RolloutVerb]
ROLLOUT_STATE_UNSPECIFIED: RolloutState
ROLLOUT_STATE_PENDING: RolloutState
ROLLOUT_STATE_VERIFYING: RolloutState
ROLLOUT_STATE_SHADOWING: RolloutState
ROLLOUT_STATE_PROGRESSING: RolloutState
ROLLOUT_STATE_PAUSED: RolloutState
ROLLOUT_STATE_AWAITING_APPROVAL: RolloutState
ROLLOUT_STATE_PROMOTING: RolloutState
ROLLOUT_STATE_SUCCEEDED: RolloutState
ROLLOUT_STATE_ABORTING: RolloutState
ROLLOUT_STATE_ABORTED: RolloutState
ROLLOUT_STATE_SUPERSEDED: RolloutState
ROLLOUT_VERB_UNSPECIFIED: RolloutVerb
ROLLOUT_VERB_PAUSE: RolloutVerb
ROLLOUT_VERB_RESUME: RolloutVerb
ROLLOUT_VERB_ADVANCE: RolloutVerb
ROLLOUT_VERB_PROMOTE: RolloutVerb
ROLLOUT_VERB_ABORT: RolloutVerb
ROLLOUT_VERB_RETRY: RolloutVerb
ROLLOUT_VERB_APPROVE: RolloutVerb

class Rollout(_message.Message):
    __slots__ = ("id", "model", "stable_version", "canary_version", "spec", "state", "reason", "text", "step", "step_started_at", "active_seconds", "paused_seconds", "weight_bps", "shadow_bps", "attempt", "created_at", "ended_at", "creator", "etag")
    ID_FIELD_NUMBER: _ClassVar[int]
    MODEL_FIELD_NUMBER: _ClassVar[int]
    STABLE_VERSION_FIELD_NUMBER: _ClassVar[int]
    CANARY_VERSION_FIELD_NUMBER: _ClassVar[int]
    SPEC_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    STEP_FIELD_NUMBER: _ClassVar[int]
    STEP_STARTED_AT_FIELD_NUMBER: _ClassVar[int]
    ACTIVE_SECONDS_FIELD_NUMBER: _ClassVar[int]
    PAUSED_SECONDS_FIELD_NUMBER: _ClassVar[int]
    WEIGHT_BPS_FIELD_NUMBER: _ClassVar[int]
    SHADOW_BPS_FIELD_NUMBER: _ClassVar[int]
    ATTEMPT_FIELD_NUMBER: _ClassVar[int]
    CREATED_AT_FIELD_NUMBER: _ClassVar[int]
    ENDED_AT_FIELD_NUMBER: _ClassVar[int]
    CREATOR_FIELD_NUMBER: _ClassVar[int]
    ETAG_FIELD_NUMBER: _ClassVar[int]
    id: str
    model: str
    stable_version: int
    canary_version: int
    spec: _struct_pb2.Struct
    state: RolloutState
    reason: str
    text: str
    step: int
    step_started_at: _timestamp_pb2.Timestamp
    active_seconds: float
    paused_seconds: float
    weight_bps: int
    shadow_bps: int
    attempt: int
    created_at: _timestamp_pb2.Timestamp
    ended_at: _timestamp_pb2.Timestamp
    creator: str
    etag: str
    def __init__(self, id: _Optional[str] = ..., model: _Optional[str] = ..., stable_version: _Optional[int] = ..., canary_version: _Optional[int] = ..., spec: _Optional[_Union[_struct_pb2.Struct, _Mapping]] = ..., state: _Optional[_Union[RolloutState, str]] = ..., reason: _Optional[str] = ..., text: _Optional[str] = ..., step: _Optional[int] = ..., step_started_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., active_seconds: _Optional[float] = ..., paused_seconds: _Optional[float] = ..., weight_bps: _Optional[int] = ..., shadow_bps: _Optional[int] = ..., attempt: _Optional[int] = ..., created_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., ended_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., creator: _Optional[str] = ..., etag: _Optional[str] = ...) -> None: ...

class RolloutEvent(_message.Message):
    __slots__ = ("seq", "rollout", "type", "actor", "actor_kind", "reason", "request_id", "at", "evidence")
    SEQ_FIELD_NUMBER: _ClassVar[int]
    ROLLOUT_FIELD_NUMBER: _ClassVar[int]
    TYPE_FIELD_NUMBER: _ClassVar[int]
    ACTOR_FIELD_NUMBER: _ClassVar[int]
    ACTOR_KIND_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    AT_FIELD_NUMBER: _ClassVar[int]
    EVIDENCE_FIELD_NUMBER: _ClassVar[int]
    seq: int
    rollout: str
    type: str
    actor: str
    actor_kind: str
    reason: str
    request_id: str
    at: _timestamp_pb2.Timestamp
    evidence: _struct_pb2.Struct
    def __init__(self, seq: _Optional[int] = ..., rollout: _Optional[str] = ..., type: _Optional[str] = ..., actor: _Optional[str] = ..., actor_kind: _Optional[str] = ..., reason: _Optional[str] = ..., request_id: _Optional[str] = ..., at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., evidence: _Optional[_Union[_struct_pb2.Struct, _Mapping]] = ...) -> None: ...

class CreateRolloutRequest(_message.Message):
    __slots__ = ("model", "version", "spec", "request_id", "validate_only", "actor")
    MODEL_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    SPEC_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    VALIDATE_ONLY_FIELD_NUMBER: _ClassVar[int]
    ACTOR_FIELD_NUMBER: _ClassVar[int]
    model: str
    version: int
    spec: _struct_pb2.Struct
    request_id: str
    validate_only: bool
    actor: str
    def __init__(self, model: _Optional[str] = ..., version: _Optional[int] = ..., spec: _Optional[_Union[_struct_pb2.Struct, _Mapping]] = ..., request_id: _Optional[str] = ..., validate_only: _Optional[bool] = ..., actor: _Optional[str] = ...) -> None: ...

class CreateRolloutResponse(_message.Message):
    __slots__ = ("rollout",)
    ROLLOUT_FIELD_NUMBER: _ClassVar[int]
    rollout: Rollout
    def __init__(self, rollout: _Optional[_Union[Rollout, _Mapping]] = ...) -> None: ...

class GetRolloutRequest(_message.Message):
    __slots__ = ("rollout",)
    ROLLOUT_FIELD_NUMBER: _ClassVar[int]
    rollout: str
    def __init__(self, rollout: _Optional[str] = ...) -> None: ...

class GetRolloutResponse(_message.Message):
    __slots__ = ("rollout",)
    ROLLOUT_FIELD_NUMBER: _ClassVar[int]
    rollout: Rollout
    def __init__(self, rollout: _Optional[_Union[Rollout, _Mapping]] = ...) -> None: ...

class ListRolloutsRequest(_message.Message):
    __slots__ = ("model", "active", "page_size", "page_token")
    MODEL_FIELD_NUMBER: _ClassVar[int]
    ACTIVE_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    model: str
    active: bool
    page_size: int
    page_token: str
    def __init__(self, model: _Optional[str] = ..., active: _Optional[bool] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class ListRolloutsResponse(_message.Message):
    __slots__ = ("rollouts", "next_page_token")
    ROLLOUTS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    rollouts: _containers.RepeatedCompositeFieldContainer[Rollout]
    next_page_token: str
    def __init__(self, rollouts: _Optional[_Iterable[_Union[Rollout, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class ChangeRolloutRequest(_message.Message):
    __slots__ = ("rollout", "verb", "etag", "request_id", "reason", "actor")
    ROLLOUT_FIELD_NUMBER: _ClassVar[int]
    VERB_FIELD_NUMBER: _ClassVar[int]
    ETAG_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    ACTOR_FIELD_NUMBER: _ClassVar[int]
    rollout: str
    verb: RolloutVerb
    etag: str
    request_id: str
    reason: str
    actor: str
    def __init__(self, rollout: _Optional[str] = ..., verb: _Optional[_Union[RolloutVerb, str]] = ..., etag: _Optional[str] = ..., request_id: _Optional[str] = ..., reason: _Optional[str] = ..., actor: _Optional[str] = ...) -> None: ...

class ChangeRolloutResponse(_message.Message):
    __slots__ = ("rollout",)
    ROLLOUT_FIELD_NUMBER: _ClassVar[int]
    rollout: Rollout
    def __init__(self, rollout: _Optional[_Union[Rollout, _Mapping]] = ...) -> None: ...

class RollbackModelRequest(_message.Message):
    __slots__ = ("model", "request_id", "reason", "actor")
    MODEL_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    ACTOR_FIELD_NUMBER: _ClassVar[int]
    model: str
    request_id: str
    reason: str
    actor: str
    def __init__(self, model: _Optional[str] = ..., request_id: _Optional[str] = ..., reason: _Optional[str] = ..., actor: _Optional[str] = ...) -> None: ...

class RollbackModelResponse(_message.Message):
    __slots__ = ("stable_version", "previous_version")
    STABLE_VERSION_FIELD_NUMBER: _ClassVar[int]
    PREVIOUS_VERSION_FIELD_NUMBER: _ClassVar[int]
    stable_version: int
    previous_version: int
    def __init__(self, stable_version: _Optional[int] = ..., previous_version: _Optional[int] = ...) -> None: ...

class FreezeRolloutsRequest(_message.Message):
    __slots__ = ("frozen", "request_id", "reason", "actor")
    FROZEN_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    ACTOR_FIELD_NUMBER: _ClassVar[int]
    frozen: bool
    request_id: str
    reason: str
    actor: str
    def __init__(self, frozen: _Optional[bool] = ..., request_id: _Optional[str] = ..., reason: _Optional[str] = ..., actor: _Optional[str] = ...) -> None: ...

class FreezeRolloutsResponse(_message.Message):
    __slots__ = ("frozen",)
    FROZEN_FIELD_NUMBER: _ClassVar[int]
    frozen: bool
    def __init__(self, frozen: _Optional[bool] = ...) -> None: ...

class Evidence(_message.Message):
    __slots__ = ("kind", "test", "log_e", "threshold", "counts")
    KIND_FIELD_NUMBER: _ClassVar[int]
    TEST_FIELD_NUMBER: _ClassVar[int]
    LOG_E_FIELD_NUMBER: _ClassVar[int]
    THRESHOLD_FIELD_NUMBER: _ClassVar[int]
    COUNTS_FIELD_NUMBER: _ClassVar[int]
    kind: str
    test: str
    log_e: float
    threshold: float
    counts: _struct_pb2.Struct
    def __init__(self, kind: _Optional[str] = ..., test: _Optional[str] = ..., log_e: _Optional[float] = ..., threshold: _Optional[float] = ..., counts: _Optional[_Union[_struct_pb2.Struct, _Mapping]] = ...) -> None: ...

class ExplainRolloutRequest(_message.Message):
    __slots__ = ("rollout",)
    ROLLOUT_FIELD_NUMBER: _ClassVar[int]
    rollout: str
    def __init__(self, rollout: _Optional[str] = ...) -> None: ...

class ExplainRolloutResponse(_message.Message):
    __slots__ = ("rollout", "outcome", "evidence", "missing", "stable_units", "canary_units")
    ROLLOUT_FIELD_NUMBER: _ClassVar[int]
    OUTCOME_FIELD_NUMBER: _ClassVar[int]
    EVIDENCE_FIELD_NUMBER: _ClassVar[int]
    MISSING_FIELD_NUMBER: _ClassVar[int]
    STABLE_UNITS_FIELD_NUMBER: _ClassVar[int]
    CANARY_UNITS_FIELD_NUMBER: _ClassVar[int]
    rollout: Rollout
    outcome: str
    evidence: _containers.RepeatedCompositeFieldContainer[Evidence]
    missing: _containers.RepeatedScalarFieldContainer[str]
    stable_units: int
    canary_units: int
    def __init__(self, rollout: _Optional[_Union[Rollout, _Mapping]] = ..., outcome: _Optional[str] = ..., evidence: _Optional[_Iterable[_Union[Evidence, _Mapping]]] = ..., missing: _Optional[_Iterable[str]] = ..., stable_units: _Optional[int] = ..., canary_units: _Optional[int] = ...) -> None: ...

class WatchRolloutRequest(_message.Message):
    __slots__ = ("rollout",)
    ROLLOUT_FIELD_NUMBER: _ClassVar[int]
    rollout: str
    def __init__(self, rollout: _Optional[str] = ...) -> None: ...

class WatchRolloutResponse(_message.Message):
    __slots__ = ("explained",)
    EXPLAINED_FIELD_NUMBER: _ClassVar[int]
    explained: ExplainRolloutResponse
    def __init__(self, explained: _Optional[_Union[ExplainRolloutResponse, _Mapping]] = ...) -> None: ...

class ListEventsRequest(_message.Message):
    __slots__ = ("rollout", "after_seq", "page_size")
    ROLLOUT_FIELD_NUMBER: _ClassVar[int]
    AFTER_SEQ_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    rollout: str
    after_seq: int
    page_size: int
    def __init__(self, rollout: _Optional[str] = ..., after_seq: _Optional[int] = ..., page_size: _Optional[int] = ...) -> None: ...

class ListEventsResponse(_message.Message):
    __slots__ = ("events",)
    EVENTS_FIELD_NUMBER: _ClassVar[int]
    events: _containers.RepeatedCompositeFieldContainer[RolloutEvent]
    def __init__(self, events: _Optional[_Iterable[_Union[RolloutEvent, _Mapping]]] = ...) -> None: ...

class SimulateRolloutRequest(_message.Message):
    __slots__ = ("spec", "rate", "stable_bad", "canary_bad", "traffic", "runs", "seed")
    class StableBadEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: float
        def __init__(self, key: _Optional[str] = ..., value: _Optional[float] = ...) -> None: ...
    class CanaryBadEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: float
        def __init__(self, key: _Optional[str] = ..., value: _Optional[float] = ...) -> None: ...
    SPEC_FIELD_NUMBER: _ClassVar[int]
    RATE_FIELD_NUMBER: _ClassVar[int]
    STABLE_BAD_FIELD_NUMBER: _ClassVar[int]
    CANARY_BAD_FIELD_NUMBER: _ClassVar[int]
    TRAFFIC_FIELD_NUMBER: _ClassVar[int]
    RUNS_FIELD_NUMBER: _ClassVar[int]
    SEED_FIELD_NUMBER: _ClassVar[int]
    spec: _struct_pb2.Struct
    rate: float
    stable_bad: _containers.ScalarMap[str, float]
    canary_bad: _containers.ScalarMap[str, float]
    traffic: str
    runs: int
    seed: int
    def __init__(self, spec: _Optional[_Union[_struct_pb2.Struct, _Mapping]] = ..., rate: _Optional[float] = ..., stable_bad: _Optional[_Mapping[str, float]] = ..., canary_bad: _Optional[_Mapping[str, float]] = ..., traffic: _Optional[str] = ..., runs: _Optional[int] = ..., seed: _Optional[int] = ...) -> None: ...

class SimulateRolloutResponse(_message.Message):
    __slots__ = ("healthy", "asked")
    HEALTHY_FIELD_NUMBER: _ClassVar[int]
    ASKED_FIELD_NUMBER: _ClassVar[int]
    healthy: SimulatedOutcome
    asked: SimulatedOutcome
    def __init__(self, healthy: _Optional[_Union[SimulatedOutcome, _Mapping]] = ..., asked: _Optional[_Union[SimulatedOutcome, _Mapping]] = ...) -> None: ...

class SimulatedOutcome(_message.Message):
    __slots__ = ("aborted", "promoted", "undecided", "skewed", "abort_seconds", "promote_seconds", "abort_units", "abort_bad", "aborted_in", "undecided_in")
    class AbortedInEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: int
        value: int
        def __init__(self, key: _Optional[int] = ..., value: _Optional[int] = ...) -> None: ...
    class UndecidedInEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: int
        value: int
        def __init__(self, key: _Optional[int] = ..., value: _Optional[int] = ...) -> None: ...
    ABORTED_FIELD_NUMBER: _ClassVar[int]
    PROMOTED_FIELD_NUMBER: _ClassVar[int]
    UNDECIDED_FIELD_NUMBER: _ClassVar[int]
    SKEWED_FIELD_NUMBER: _ClassVar[int]
    ABORT_SECONDS_FIELD_NUMBER: _ClassVar[int]
    PROMOTE_SECONDS_FIELD_NUMBER: _ClassVar[int]
    ABORT_UNITS_FIELD_NUMBER: _ClassVar[int]
    ABORT_BAD_FIELD_NUMBER: _ClassVar[int]
    ABORTED_IN_FIELD_NUMBER: _ClassVar[int]
    UNDECIDED_IN_FIELD_NUMBER: _ClassVar[int]
    aborted: SimulatedShare
    promoted: SimulatedShare
    undecided: SimulatedShare
    skewed: SimulatedShare
    abort_seconds: SimulatedSpread
    promote_seconds: SimulatedSpread
    abort_units: SimulatedSpread
    abort_bad: SimulatedSpread
    aborted_in: _containers.ScalarMap[int, int]
    undecided_in: _containers.ScalarMap[int, int]
    def __init__(self, aborted: _Optional[_Union[SimulatedShare, _Mapping]] = ..., promoted: _Optional[_Union[SimulatedShare, _Mapping]] = ..., undecided: _Optional[_Union[SimulatedShare, _Mapping]] = ..., skewed: _Optional[_Union[SimulatedShare, _Mapping]] = ..., abort_seconds: _Optional[_Union[SimulatedSpread, _Mapping]] = ..., promote_seconds: _Optional[_Union[SimulatedSpread, _Mapping]] = ..., abort_units: _Optional[_Union[SimulatedSpread, _Mapping]] = ..., abort_bad: _Optional[_Union[SimulatedSpread, _Mapping]] = ..., aborted_in: _Optional[_Mapping[int, int]] = ..., undecided_in: _Optional[_Mapping[int, int]] = ...) -> None: ...

class SimulatedShare(_message.Message):
    __slots__ = ("count", "of", "low", "high", "share")
    COUNT_FIELD_NUMBER: _ClassVar[int]
    OF_FIELD_NUMBER: _ClassVar[int]
    LOW_FIELD_NUMBER: _ClassVar[int]
    HIGH_FIELD_NUMBER: _ClassVar[int]
    SHARE_FIELD_NUMBER: _ClassVar[int]
    count: int
    of: int
    low: float
    high: float
    share: float
    def __init__(self, count: _Optional[int] = ..., of: _Optional[int] = ..., low: _Optional[float] = ..., high: _Optional[float] = ..., share: _Optional[float] = ...) -> None: ...

class SimulatedSpread(_message.Message):
    __slots__ = ("median", "most")
    MEDIAN_FIELD_NUMBER: _ClassVar[int]
    MOST_FIELD_NUMBER: _ClassVar[int]
    median: float
    most: float
    def __init__(self, median: _Optional[float] = ..., most: _Optional[float] = ...) -> None: ...
