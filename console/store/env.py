"""Runs the store's own history on the connection that `console.store.upgrade` hands over."""

from __future__ import annotations

from alembic import context

from console.store.models import Base

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    version_table="console_alembic_version",
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()
