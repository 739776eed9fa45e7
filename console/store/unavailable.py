"""unavailable: the store does not answer, in a sentence that says why and what to do."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, SQLAlchemyError

SILENT = "The console's own database does not answer."
KEPT = "Another process keeps it locked."
LOCKED = f"{SILENT} {KEPT}"
# What the drivers say, and what it means for the person who has to mend it.
REASONS = (
    (
        ("no such table", "no such column", "does not exist", "doesn't exist"),
        "It was not set up, or is older than this code. `manage.py runserver` and `manage.py worker` "
        "set it up when they start.",
    ),
    (("locked", "busy", "lock timeout"), KEPT),
    (("readonly", "read-only"), "It cannot be written to; see who owns the file and its folder."),
    (
        ("not a database", "malformed", "disk image"),
        "Its file is damaged; put a backup in its place.",
    ),
    (("unable to open",), "Its file cannot be opened; see whether its folder is there."),
)
OTHERWISE = "See whether it is running; the log has the details."


class StoreUnavailable(SQLAlchemyError):
    """The console's own database cannot be used now; `str()` is two sentences for a person."""


@contextmanager
def in_words() -> Iterator[None]:
    """Raise StoreUnavailable instead of what a driver says about a database that does not work.

    What it says about values and constraints, and about the trail that cannot be rewritten, passes
    through, for callers that know better.
    """
    try:
        yield
    except (IntegrityError, DataError):
        raise
    except DBAPIError as error:
        said = str(error.orig).lower()
        if "append-only" in said:
            raise
        reason = next((text for words, text in REASONS if any(w in said for w in words)), OTHERWISE)
        raise StoreUnavailable(f"{SILENT} {reason}") from error
