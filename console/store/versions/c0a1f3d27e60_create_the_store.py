"""Create the store

Revision ID: c0a1f3d27e60
Revises:
Create Date: 2026-11-22 07:50:00+00:00
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

from console.store.times import UtcDateTime

revision = "c0a1f3d27e60"
down_revision = None
branch_labels = None
depends_on = None


def _id() -> sa.Column[int]:
    return sa.Column("id", sa.Integer(), primary_key=True)


def _at(name: str, nullable: bool = False) -> sa.Column[Any]:
    return sa.Column(name, UtcDateTime(), nullable=nullable)


def _to(name: str, table: str, nullable: bool = False, index: bool = False) -> sa.Column[int]:
    return sa.Column(
        name, sa.Integer(), sa.ForeignKey(f"{table}.id"), nullable=nullable, index=index
    )


def _text(
    name: str, length: int | None = None, *, nullable: bool = False, index: bool = False
) -> sa.Column[str]:
    kind = sa.String(length) if length else sa.Text()
    return sa.Column(name, kind, nullable=nullable, index=index)


def _unique(name: str, length: int, *, nullable: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.String(length), nullable=nullable, unique=True)


def _json(name: str, nullable: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.JSON(none_as_null=True), nullable=nullable)


def upgrade() -> None:
    """Create every table, and make the audit trail append-only."""
    _create_accounts()
    _create_reviews()
    _create_runs()
    _create_audit()


def _create_accounts() -> None:
    op.create_table(
        "console_account",
        _id(),
        _unique("email", 254),
        _text("name", 120),
        _text("role", 20),
        _text("password_hash", 255),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        _at("created_at"),
    )
    op.create_table(
        "console_session",
        _id(),
        _unique("token_hash", 64),
        _to("account_id", "console_account", index=True),
        _at("created_at"),
        _at("seen_at"),
        _text("address", 64),
        _text("agent", 200),
    )


def _create_reviews() -> None:
    op.create_table(
        "console_review",
        _id(),
        _text("title", 200),
        _text("description"),
        _text("target", 100, index=True),
        _text("goal", 200),
        _text("direction", 4),
        _text("digest", 64),
        _unique("open_digest", 64, nullable=True),
        _json("plan"),
        _text("state", 20, index=True),
        _to("author_id", "console_account"),
        _to("renewed_by_id", "console_account", nullable=True),
        _at("created_at"),
    )
    op.create_table(
        "console_approval",
        _id(),
        _to("review_id", "console_review", index=True),
        _to("account_id", "console_account"),
        _text("digest", 64),
        _text("vote", 10),
        _text("reason"),
        _at("created_at"),
        _at("voided_at", nullable=True),
    )
    op.create_table(
        "console_comment",
        _id(),
        _to("review_id", "console_review", index=True),
        _to("account_id", "console_account"),
        _text("text"),
        _at("created_at"),
    )


def _create_runs() -> None:
    op.create_table(
        "console_runner",
        _id(),
        _text("kind", 10),
        _text("host", 200),
        sa.Column("pid", sa.Integer(), nullable=False),
        _text("born", 40),
        _at("started_at"),
        sa.Column("seen_at", UtcDateTime(), nullable=False, index=True),
        _at("stopped_at", nullable=True),
    )
    op.create_table(
        "console_run",
        _id(),
        _text("kind", 10),
        _to("review_id", "console_review", nullable=True, index=True),
        _to("rehearsal_id", "console_run", nullable=True),
        _text("target", 100, index=True),
        _text("goal", 200),
        _text("digest", 64),
        _json("plan"),
        _text("state", 12, index=True),
        _unique("active_target", 100, nullable=True),
        _text("requested_by", 120),
        _to("requested_by_id", "console_account", nullable=True),
        _at("queued_at"),
        _at("started_at", nullable=True),
        _at("finished_at", nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        _to("runner_id", "console_runner", nullable=True),
        _at("lease_until", nullable=True),
        _text("error", nullable=True),
        _text("note", nullable=True),
        _json("outcome", nullable=True),
        _json("rehearsal", nullable=True),
        _json("hazards", nullable=True),
    )
    op.create_table(
        "console_run_event",
        _id(),
        _to("run_id", "console_run", index=True),
        _at("at"),
        _text("kind", 20),
        _text("revision", 200, nullable=True),
        _text("text"),
        sa.Column("done", sa.Integer(), nullable=True),
        sa.Column("total", sa.Integer(), nullable=True),
    )
    op.create_table(
        "console_standing",
        sa.Column("target", sa.String(100), primary_key=True),
        _text("identity", 500),
        _json("heads"),
        _at("noted_at"),
    )


def _create_audit() -> None:
    op.create_table(
        "console_audit_entry",
        _id(),
        _at("at"),
        _text("actor", 120),
        _text("actor_email", 254, nullable=True),
        sa.Column("actor_id", sa.Integer(), nullable=True),
        _text("action", 60, index=True),
        _text("subject", 200),
        _text("text"),
        _json("data"),
        sa.Column("review_id", sa.Integer(), nullable=True, index=True),
        sa.Column("run_id", sa.Integer(), nullable=True),
    )
    for statement in APPEND_ONLY.get(op.get_bind().dialect.name, ()):
        op.execute(statement)


APPEND_ONLY = {
    "sqlite": tuple(
        f"CREATE TRIGGER console_audit_entry_no_{act.lower()} BEFORE {act} ON console_audit_entry "
        "BEGIN SELECT RAISE(ABORT, 'the audit trail is append-only'); END"
        for act in ("UPDATE", "DELETE")
    ),
    "postgresql": (
        "CREATE FUNCTION console_audit_entry_refuse() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'the audit trail is append-only'; END $$",
        "CREATE TRIGGER console_audit_entry_append_only "
        "BEFORE UPDATE OR DELETE OR TRUNCATE ON console_audit_entry "
        "FOR EACH STATEMENT EXECUTE FUNCTION console_audit_entry_refuse()",
    ),
    "mysql": tuple(
        f"CREATE TRIGGER console_audit_entry_no_{act.lower()} BEFORE {act} ON console_audit_entry "
        "FOR EACH ROW SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'the audit trail is append-only'"
        for act in ("UPDATE", "DELETE")
    ),
}
APPEND_ONLY["mariadb"] = APPEND_ONLY["mysql"]


def downgrade() -> None:
    """There is nothing before the first revision but the loss of the whole record."""
    raise NotImplementedError("The store is never taken back to nothing; delete it by hand.")
