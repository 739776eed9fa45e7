"""What can go wrong in the core: typed, carrying data. The web and the command line word each once."""

from __future__ import annotations

from console.schema.listing import enumerated


class SchemaError(Exception):
    """Base of every error the core raises; `str()` is one sentence that a person can act on."""


class HistoryError(SchemaError):
    """The revision files cannot be used as they are."""


class UnknownRevision(HistoryError):
    """A name was given that no revision file carries."""

    def __init__(self, name: str) -> None:
        self.name = name
        super().__init__(f"There is no revision '{name}' in this history.")


class AmbiguousRevision(HistoryError):
    """A partial name fits several revisions; `candidates` are some of them, as far as they are known."""

    def __init__(self, name: str, candidates: tuple[str, ...]) -> None:
        self.name, self.candidates = name, candidates
        which = f"any of {enumerated(candidates)}" if candidates else "one of several revisions"
        super().__init__(f"'{name}' could be {which}. Give more of it.")


class BrokenRevision(HistoryError):
    """A file on the path of a plan cannot be read as a revision."""

    def __init__(self, path: str, reason: str) -> None:
        self.path, self.reason = path, reason
        super().__init__(f"{path} cannot be used: {reason}")


class MultipleHeads(HistoryError):
    """`head` was asked for and the history has several."""

    def __init__(self, heads: tuple[str, ...]) -> None:
        self.heads = heads
        super().__init__(
            f"The history has {len(heads)} heads ({enumerated(heads)}). "
            "Name one of them, or 'heads' for all, or merge them with `manage.py db merge`."
        )


class UnknownDatabaseRevision(HistoryError):
    """The database is stamped with a revision that the files do not know."""

    def __init__(self, revisions: tuple[str, ...]) -> None:
        self.revisions = revisions
        super().__init__(
            f"The database stands at {enumerated(revisions)}, which no revision file carries. "
            "Bring the missing files back from version control before planning anything."
        )


class UnreadableVersions(HistoryError):
    """The version table does not say where the database stands."""


class NothingToDo(SchemaError):
    """The database stands where the plan would take it."""


class RunError(SchemaError):
    """A run could not begin or did not end well."""


class PlanChanged(RunError):
    """What would run now is not what was approved; `changes` says where they differ."""

    def __init__(self, changes: tuple[str, ...]) -> None:
        self.changes = changes
        super().__init__(f"What was approved is not what would run now: {'; '.join(changes)}.")


class WrongDatabase(RunError):
    """env.py connected somewhere else than to the database of the plan."""

    def __init__(self, expected: str, actual: str) -> None:
        self.expected, self.actual = expected, actual
        super().__init__(
            f"env.py connected to {actual} instead of {expected}. Nothing was executed there."
        )


class TargetLocked(RunError):
    """Somebody else is migrating this database."""


class DataLost(RunError):
    """The ledger found losses that the rehearsal had not; the run was rolled back where it could be."""

    def __init__(self, losses: tuple[str, ...]) -> None:
        self.losses = losses
        super().__init__(f"Data would be lost that the rehearsal kept: {'; '.join(losses)}.")


class OthersWrote(RunError):
    """What the ledger found may be what others did to `tables` meanwhile; the run was rolled back, and
    is tried again while they wait."""

    def __init__(self, tables: frozenset[str]) -> None:
        self.tables = tables
        super().__init__(f"Others may have written to {', '.join(sorted(tables))} meanwhile.")


class MigrationFailed(RunError):
    """The migration code itself raised; `revision` and `statement` say where."""

    def __init__(
        self, message: str, revision: str | None = None, statement: str | None = None
    ) -> None:
        self.revision, self.statement = revision, statement
        super().__init__(message)


UNCHANGED = "Nothing was changed."


def with_more(error: RunError, sentence: str) -> RunError:
    """Return the same error, which says this too."""
    error.args = (f"{str(error).rstrip('.')}. {sentence}", *error.args[1:])
    return error


class NotInTransaction(RunError):
    """A statement was sent in a transaction, and the database runs it outside of any only."""


class ChildDied(RunError):
    """The process that ran the migration ended without a word (killed, out of memory)."""


class RunCancelled(ChildDied):
    """Somebody asked for the end of a run, and its process was ended."""


class ConnectionLost(RunError):
    """The database went away while a plan ran: what it has saved by then is not known yet."""


class Unsupported(RunError):
    """This database or history needs something that the console cannot do yet."""
