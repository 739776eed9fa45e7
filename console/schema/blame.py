"""blame: turns whatever migration code raised into one line for a person, with its place."""

from __future__ import annotations

import re
import traceback
from pathlib import Path

from alembic.util import CommandError
from sqlalchemy.exc import DBAPIError

from console.schema.capture import Capture
from console.schema.driver import NOBODY_WRITES, code_of, is_read_only
from console.schema.errors import DataLost, MigrationFailed, PlanChanged, SchemaError, WrongDatabase
from console.schema.guard import OUTSIDE, ROLLED_BACK, SPLITS, Guard
from console.schema.job import Failure
from console.schema.spoken import spoken

UNSAVED = "55P04"  # what PostgreSQL says of a value that its own transaction has added
ADDS_VALUE = re.compile(r"\s*ALTER\s+TYPE\b.*\bADD\s+VALUE\b", re.IGNORECASE | re.DOTALL)
SAVED_FIRST = "PostgreSQL lets a new value of an enum be used only when it is saved"


NOTHING = (0, "")  # what PyMySQL says of a connection that it has found closed
MAYBE_IDLE = (
    "The server ends a session that it is told to, or that sends nothing for as long as wait_timeout says. "
    "Where a step thinks that long, let it ask the database meanwhile, or split it."
)


def failure_of(
    error: BaseException, capture: Capture | None, guard: Guard | None = None
) -> Failure:
    """Return the failure for an exception: its class and text, and where the capture stood."""
    error = _cause(error)
    revision = capture.revision if capture else None
    statement = (capture.running if capture else None) or _statement(error)
    if isinstance(error, SchemaError) and not isinstance(error, MigrationFailed):
        return Failure(type(error).__name__, str(error), revision, None, _details(error))
    if lost := _lost_connection(error):
        said = "" if lost.orig is not None and lost.orig.args == NOTHING else f": {one_line(lost)}"
        text = f"The connection to the database was lost{said}."
        if is_mariadb(lost):
            text += f" {MAYBE_IDLE}"
        return Failure("ConnectionLost", text, revision)
    message = str(error) if isinstance(error, SchemaError) else one_line(error)
    if guard is not None and not isinstance(error, SchemaError):
        if guard.outside:
            message = OUTSIDE.format(name=guard.outside)
        elif guard.tried:  # the driver only says "not authorized"
            message = SPLITS.format(word=guard.tried)
        elif guard.rolled_back and "not authorized" in message:
            message = ROLLED_BACK
    if isinstance(error, DBAPIError) and code_of(error.orig) == UNSAVED:
        message = f"{message}. {_enum_way_out(capture)}"
    if not isinstance(error, SchemaError) and is_read_only(error):
        message = f"{message.rstrip('.')}. {NOBODY_WRITES}"
    revision = revision or _revision_file(error)
    return Failure("MigrationFailed", spoken(message), revision, statement and spoken(statement))


def _enum_way_out(capture: Capture | None) -> str:
    """Say what to do where the plan uses a value of an enum that it has added itself."""
    steps = capture.finished() if capture else ()
    adds = [s.revision for s in steps if any(ADDS_VALUE.match(t.sql) for t in s.statements)]
    if adds:
        return f"{SAVED_FIRST}: apply up to {adds[-1]} first, and then the rest."
    return f"{SAVED_FIRST}: add it in a revision of its own, which is applied before this one."


def one_line(error: BaseException) -> str:
    """Return an exception as one line: its kind and the first line of its text."""
    if isinstance(error, CommandError):
        return str(error).strip().splitlines()[0]
    if isinstance(error, SystemExit):
        return f"The migration called sys.exit({error.code!r})."
    source = error.orig if isinstance(error, DBAPIError) and error.orig else error
    text = next((line.strip() for line in str(source).splitlines() if line.strip()), "")
    kind = type(source).__name__
    if isinstance(error, SyntaxError) and error.filename:
        return f"{kind}: {error.msg} ({Path(error.filename).name}, line {error.lineno})"
    return f"{kind}: {text}" if text else kind


def _cause(error: BaseException) -> BaseException:
    """Return the console's own error if one stands behind this one."""
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, SchemaError):
            return seen
        seen = seen.__cause__
    return error


def _lost_connection(error: BaseException) -> DBAPIError | None:
    """Return the error that says that the database went away, if one stands behind this one."""
    seen: BaseException | None = error
    while seen is not None and not isinstance(seen, SchemaError):
        if isinstance(seen, DBAPIError) and seen.connection_invalidated:
            return seen
        seen = seen.__cause__ or seen.__context__
    return None


def is_mariadb(error: DBAPIError) -> bool:
    """Whether this is the error of a driver for MariaDB or MySQL: each names itself after one of them."""
    name = type(error.orig).__module__.lower()
    return "mysql" in name or "mariadb" in name


def _details(error: SchemaError) -> tuple[str, ...]:
    if isinstance(error, PlanChanged):
        return error.changes
    if isinstance(error, DataLost):
        return error.losses
    if isinstance(error, WrongDatabase):
        return (error.expected, error.actual)
    return ()


def _statement(error: BaseException) -> str | None:
    return error.statement if isinstance(error, DBAPIError) else None


def _revision_file(error: BaseException) -> str | None:
    """Return the id of the revision file in which an import failed, as far as its name tells it."""
    frames = traceback.extract_tb(error.__traceback__)
    names = [Path(frame.filename) for frame in frames]
    if isinstance(error, SyntaxError) and error.filename:
        names.append(Path(error.filename))
    for path in reversed(names):
        if path.parent.name == "versions":
            return path.stem.split("_", 1)[0]
    return None
