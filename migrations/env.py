"""Runs the managed history: from `flask db`, from `manage.py`, and inside the console's child processes."""

from __future__ import annotations

from logging.config import fileConfig
from typing import Any

from alembic import context
from flask import current_app

config = context.config
if config.config_file_name:
    fileConfig(config.config_file_name, disable_existing_loggers=False)

extension = current_app.extensions["migrate"]
database = extension.db


def belongs_to_the_application(name: str | None, kind: str, parent: dict[str, Any]) -> bool:
    """Keep the console's own tables out of autogenerate, should they share the database."""
    return not (kind == "table" and name and name.startswith("console_"))


def options() -> dict[str, Any]:
    """What Flask-Migrate was configured with, and what this history adds."""
    return {
        "target_metadata": database.metadatas[None],
        "include_name": belongs_to_the_application,
        **extension.configure_args,
    }


def run_offline() -> None:
    """Render SQL without a connection."""
    url = database.engine.url.render_as_string(hide_password=False)
    context.configure(url=url, literal_binds=True, **options())
    with context.begin_transaction():
        context.run_migrations()


def run_online() -> None:
    """Run on the application's own engine."""
    with database.engine.connect() as connection:
        context.configure(connection=connection, **options())
        with context.begin_transaction():
            context.run_migrations()


if context.is_offline_mode():
    run_offline()
else:
    run_online()
