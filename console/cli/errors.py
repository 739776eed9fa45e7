"""Every expected error becomes one line on stderr and exit status 1; the unexpected keep their traceback."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

import click
from alembic.util import CommandError
from sqlalchemy.exc import DBAPIError, NoSuchModuleError, SQLAlchemyError

from console.cli.output import AS_JSON, WRITTEN, say, write_json
from console.config import SettingsError
from console.host import HostError
from console.schema.errors import SchemaError
from console.services.errors import ServiceError
from console.store.unavailable import StoreUnavailable
from console.store.upgrade import StoreUpgradeFailed

EXPECTED = (
    CommandError,
    HostError,
    SchemaError,
    ServiceError,
    SettingsError,
    StoreUnavailable,
    StoreUpgradeFailed,
)


class Refusal(click.ClickException):
    """The command will not, or could not, do what it was asked; the message names the way out."""

    exit_code = 1

    def __init__(self, message: str) -> None:
        super().__init__(message)
        ctx = click.get_current_context(silent=True)
        meta = ctx.meta if ctx is not None else {}
        self.wants_json = bool(meta.get(AS_JSON)) and not meta.get(WRITTEN)

    def show(self, file: object = None) -> None:
        """Print the message alone, on stderr; with --json an object with it on stdout, too, unless
        the command has printed its data."""
        if self.wants_json:
            write_json({"error": self.format_message()})
        say(f"Error: {self.format_message()}")


@contextmanager
def one_line_errors() -> Iterator[None]:
    """Turn the errors of settings, services, the core and the databases into a Refusal."""
    try:
        yield
    except EXPECTED as error:
        raise Refusal(" ".join(str(error).split())) from error
    except NoSuchModuleError as error:
        raise Refusal(f"A database URL names a dialect that is not installed: {error}") from error
    except (DBAPIError, sqlite3.Error) as error:
        raise Refusal(database_sentence(error)) from error
    except ModuleNotFoundError as error:
        if error.name in {"psycopg", "psycopg2", "MySQLdb", "pymysql", "mariadb"}:
            raise Refusal(
                f"The database driver {error.name} is missing; install it into the environment."
            ) from error
        raise


UNREADABLE = (SQLAlchemyError, SchemaError, sqlite3.Error)  # what reading a database may raise


def database_sentence(error: Exception) -> str:
    """What a database said, in one line and without the statement's parameters."""
    if isinstance(error, SchemaError):
        return " ".join(str(error).split())
    text = " ".join(str(getattr(error, "orig", error)).split()).rstrip(".")
    if "no such table: console_" in text or 'relation "console_' in text:
        return "The console's own database is not up to date. Run `manage.py migrate` first."
    end = "" if text.endswith("?") else "."
    return f"The database refused: {text}{end} `manage.py check` says what can be reached."
