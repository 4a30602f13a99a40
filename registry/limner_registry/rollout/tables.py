"""The tables that truth about rollouts is kept in; `migrations` makes them, this reads them.

Documents are canonical JSON kept as text, so that digests hold for the bytes as they lie there.
Instants are seconds since 1970.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Double,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
)

from limner_registry.rollout.record import ACTIVE

METADATA = MetaData()

rollouts = Table(
    "rollouts",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("model", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("etag", Integer, nullable=False),
    Column("created_seq", Integer, nullable=False),  # of the event that created it
    Column("document", Text, nullable=False),
    Column("sha256", Text, nullable=False),
    UniqueConstraint("created_seq", name="rollouts_created_seq"),
)
"""One row a rollout: its record, and of that again what rows are found by."""

ONE_ACTIVE = "rollouts_one_active"
"""No model has two rollouts that both want its traffic."""
_active = rollouts.c.state.in_(sorted(ACTIVE))
Index(ONE_ACTIVE, rollouts.c.model, unique=True, sqlite_where=_active, postgresql_where=_active)

events = Table(
    "events",
    METADATA,
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("rollout", Text, ForeignKey("rollouts.id")),  # null: it concerns all of them
    Column("type", Text, nullable=False),
    Column("details", Text, nullable=False),
    Column("actor_kind", Text, nullable=False),
    Column("actor", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("request_id", Text, nullable=False),
    Column("evidence", Text, nullable=False),
    Column("before_sha256", Text, nullable=False),
    Column("after_sha256", Text, nullable=False),
    Column("changed", Text, nullable=False),
    Column("at", Double, nullable=False),
    UniqueConstraint("request_id", name="events_request_id"),
    Index("events_of_rollout", "rollout", "seq"),
)
"""What happened, without gaps from 1 on; triggers refuse to change or delete a row."""

generations = Table(
    "generations",
    METADATA,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("at", Double, nullable=False),
    Column("sha256", Text, nullable=False),
    Column("document", Text, nullable=False),
)
"""Every routing table there was, by rising numbers."""

carried = Table(
    "carried",
    METADATA,
    Column("generation", Integer, ForeignKey("generations.number"), primary_key=True),
    Column("rollout", Text, ForeignKey("rollouts.id"), primary_key=True),
    Column("attempt", Integer, nullable=False),
    Column("weight_bps", Integer, nullable=False),
    Column("shadow_bps", Integer, nullable=False),
    Index("carried_by_rollout", "rollout", "attempt"),
)
"""The rollouts in a routing table, each with the weights it had there."""

counters = Table(
    "counters",
    METADATA,
    Column("instance", Text, primary_key=True),
    Column("boot", Text, primary_key=True),
    Column("seq", BigInteger, nullable=False),
    Column("at", Double, nullable=False),
    Column("document", Text, nullable=False),
)
"""The newest snapshot of each start of each server."""

servables = Table(
    "servables",
    METADATA,
    Column("model", Text, primary_key=True),
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("instance", Text, primary_key=True),
    Column("proven", Boolean, nullable=False),
    Column("text", Text, nullable=False),
    Column("at", Double, nullable=False),
    Column("p95_seconds", Double, nullable=False),
)
"""What each server last said of a version that it was to load."""

servers = Table(
    "servers",
    METADATA,
    Column("instance", Text, primary_key=True),
    Column("boot", Text, nullable=False),
    Column("generation", BigInteger, nullable=False),
    Column("refusal", Text, nullable=False),
    Column("ejections", Text, nullable=False),
    Column("at", Double, nullable=False),
)
"""The servers that are connected to any controller, and which table each has in force."""

projections = Table(
    "projections",
    METADATA,
    Column("model", Text, primary_key=True),
    Column("last", Text, nullable=False),
    Column("coming", Text, nullable=False),
    Column("at", Double, nullable=False),
    Column("etag", Integer, nullable=False),
)
"""What was last written to MLflow of each model, and what is being written."""

settings = Table(
    "settings",
    METADATA,
    Column("name", Text, primary_key=True),
    Column("document", Text, nullable=False),
)
"""What holds for all rollouts."""
