"""Make every table, and keep events from being changed."""

from __future__ import annotations

from alembic import op
from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Double,
    ForeignKey,
    Integer,
    Text,
    UniqueConstraint,
    text,
)

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

ACTIVE = text(
    "state IN ('awaiting_approval', 'paused', 'pending', 'progressing', 'promoting', "
    "'shadowing', 'verifying')"
)

ON_SQLITE = (
    """CREATE TRIGGER events_no_update BEFORE UPDATE ON events
        BEGIN SELECT RAISE(ABORT, 'events are append-only'); END""",
    """CREATE TRIGGER events_no_delete BEFORE DELETE ON events
        BEGIN SELECT RAISE(ABORT, 'events are append-only'); END""",
    # INSERT OR REPLACE deletes what it replaces without asking the trigger above
    """CREATE TRIGGER events_no_replace BEFORE INSERT ON events WHEN EXISTS
        (SELECT 1 FROM events WHERE seq = NEW.seq OR request_id = NEW.request_id)
        BEGIN SELECT RAISE(ABORT, 'events are append-only'); END""",
)
ON_POSTGRESQL = (
    """CREATE FUNCTION events_append_only() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN RAISE EXCEPTION 'events are append-only'; END $$""",
    """CREATE TRIGGER events_no_change BEFORE UPDATE OR DELETE ON events
        FOR EACH ROW EXECUTE FUNCTION events_append_only()""",
    """CREATE TRIGGER events_no_truncate BEFORE TRUNCATE ON events
        FOR EACH STATEMENT EXECUTE FUNCTION events_append_only()""",
)


def upgrade() -> None:
    """Go from an empty database to revision 0001."""
    _rollouts_and_events()
    _traffic()
    _servers_and_projections()
    on_sqlite = op.get_context().dialect.name == "sqlite"
    for statement in ON_SQLITE if on_sqlite else ON_POSTGRESQL:
        op.execute(statement)


def _rollouts_and_events() -> None:
    op.create_table(
        "rollouts",
        Column("id", Text, primary_key=True),
        Column("model", Text, nullable=False),
        Column("state", Text, nullable=False),
        Column("etag", Integer, nullable=False),
        Column("created_seq", Integer, nullable=False),
        Column("document", Text, nullable=False),
        Column("sha256", Text, nullable=False),
        UniqueConstraint("created_seq", name="rollouts_created_seq"),
    )
    op.create_index(
        "rollouts_one_active",
        "rollouts",
        ["model"],
        unique=True,
        sqlite_where=ACTIVE,
        postgresql_where=ACTIVE,
    )
    op.create_table(
        "events",
        Column("seq", Integer, primary_key=True, autoincrement=False),
        Column("rollout", Text, ForeignKey("rollouts.id")),
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
    )
    op.create_index("events_of_rollout", "events", ["rollout", "seq"])
    op.create_table(
        "settings",
        Column("name", Text, primary_key=True),
        Column("document", Text, nullable=False),
    )


def _traffic() -> None:
    op.create_table(
        "generations",
        Column("number", Integer, primary_key=True, autoincrement=False),
        Column("at", Double, nullable=False),
        Column("sha256", Text, nullable=False),
        Column("document", Text, nullable=False),
    )
    op.create_table(
        "carried",
        Column("generation", Integer, ForeignKey("generations.number"), primary_key=True),
        Column("rollout", Text, ForeignKey("rollouts.id"), primary_key=True),
        Column("attempt", Integer, nullable=False),
        Column("weight_bps", Integer, nullable=False),
        Column("shadow_bps", Integer, nullable=False),
    )
    op.create_index("carried_by_rollout", "carried", ["rollout", "attempt"])
    op.create_table(
        "counters",
        Column("instance", Text, primary_key=True),
        Column("boot", Text, primary_key=True),
        Column("seq", BigInteger, nullable=False),
        Column("at", Double, nullable=False),
        Column("document", Text, nullable=False),
    )


def _servers_and_projections() -> None:
    op.create_table(
        "servables",
        Column("model", Text, primary_key=True),
        Column("version", Integer, primary_key=True, autoincrement=False),
        Column("instance", Text, primary_key=True),
        Column("manifest_sha256", Text, nullable=False),
        Column("proven", Boolean, nullable=False),
        Column("text", Text, nullable=False),
        Column("at", Double, nullable=False),
        Column("p95_seconds", Double, nullable=False),
    )
    op.create_table(
        "servers",
        Column("instance", Text, primary_key=True),
        Column("boot", Text, nullable=False),
        Column("generation", BigInteger, nullable=False),
        Column("refusal", Text, nullable=False),
        Column("ejections", Text, nullable=False),
        Column("at", Double, nullable=False),
    )
    op.create_table(
        "projections",
        Column("model", Text, primary_key=True),
        Column("last", Text, nullable=False),
        Column("coming", Text, nullable=False),
        Column("at", Double, nullable=False),
        Column("etag", Integer, nullable=False),
    )
