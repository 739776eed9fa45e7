"""pending: which revisions the databases still lack, in the words of `runserver` and `check`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy.exc import SQLAlchemyError

from console.schema.errors import SchemaError
from console.schema.history import read_history
from console.schema.revision import Revision
from console.schema.standing import read_standing

if TYPE_CHECKING:
    from console.mount import Console
    from console.schema.target import Target


def pending_revisions(target: Target) -> tuple[Revision, ...]:
    """The revisions that `target` still lacks, oldest first; raises what reading it raises."""
    history = read_history(target)
    standing = read_standing(target, history)
    return tuple(history.find(revision) for revision in standing.pending)


def pending_lines(console: Console, url: str = "") -> list[str]:
    """What to warn of before serving at `url`; empty when every database is up to date.

    A database that cannot be read is one of the lines: the console is what mends it, so it starts.
    """
    lines = []
    for target in console.targets.values():
        try:
            pending = pending_revisions(target)
        except (SchemaError, SQLAlchemyError) as error:
            lines.append(f"The database '{target.name}' cannot be read: {error}")
            continue
        if pending:
            lines += _warning(target.name, pending)
            lines.append(
                f"Review and apply {'it' if len(pending) == 1 else 'them'} at "
                f"{url}{console.url_prefix}/migrations/ or run `manage.py migrate`."
            )
    return lines


def _warning(name: str, pending: tuple[Revision, ...]) -> list[str]:
    count = "1 unapplied migration" if len(pending) == 1 else f"{len(pending)} unapplied migrations"
    return [
        f"You have {count}. The database '{name}' lacks what the code expects until this is applied:",
        *(f"  {revision.id} {revision.message}" for revision in pending),
    ]
