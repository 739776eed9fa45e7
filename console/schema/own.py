"""own: the tables that the console makes, which are no part of the application's schema."""

from __future__ import annotations

OWN_TABLES = frozenset(
    f"console_{name}"
    for name in (
        "acceptance",
        "account",
        "alembic_version",
        "approval",
        "audit_entry",
        "comment",
        "drift",
        "journal",
        "journal_void",
        "review",
        "run",
        "run_event",
        "runner",
        "session",
        "standing",
    )
)


def is_own(name: str) -> bool:
    """Whether a table, in whatever schema, is the console's by its whole name."""
    return name.rpartition(".")[2].lower() in OWN_TABLES
