"""job: what the parent tells a child process to do, and what the child answers."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from console.schema.catalogue import Catalogue
from console.schema.compatibility import Compatibility
from console.schema.digest import Ingredient
from console.schema.ledger import Count, Ledger, TableCount
from console.schema.outcome import StepResult
from console.schema.plan import Step
from console.schema.probe import Probe
from console.schema.record import Record
from console.schema.statement import Operation, Statement
from console.schema.target import Target

LOCK_WAIT_SECONDS = 30.0


@dataclass(frozen=True)
class Pass:
    """One transaction of a job: the steps in order and what must hold before the first of them.

    `start` are the heads that the database must have, `end` those that it must have got (() leaves that
    unchecked); `schema_digest` the digest of its schema
    ("" leaves it unchecked). With `expected`, losses beyond those of the rehearsal roll it back.
    `probes` are asked again, and no answer that binds may be worse. With `reads`, every model is
    read before and after; with `watches`, the locks of each step are written down where the database
    tells them. Without `proves`, no ledger is drawn up. `is_shared` where others write to the database
    meanwhile, as they do to none of its clones.
    """

    steps: tuple[Step, ...]
    start: tuple[str, ...]
    schema_digest: str = ""
    expected: Ledger | None = None
    probes: tuple[Probe, ...] = ()
    reads: bool = False
    proves: bool = True
    watches: bool = False
    is_shared: bool = False
    end: tuple[str, ...] = ()


@dataclass(frozen=True)
class Stamp:
    """What the version table shall say, and what must hold before: its heads and the schema."""

    heads: tuple[str, ...]
    start: tuple[str, ...]
    fingerprint: str


@dataclass(frozen=True)
class Mend:
    """Statements to execute by themselves, and what must hold: before, the heads `start` and the
    schema's `fingerprint` ("" on a clone that is spelled in other words); after them, the schema
    `end`, but for what `tolerated` names. Then the version table says `heads`.

    With `expected`, a loss beyond it rolls everything back, where the database can and they are one
    transaction (`is_whole`).
    """

    statements: tuple[str, ...]
    start: tuple[str, ...]
    fingerprint: str
    heads: tuple[str, ...]
    end: Catalogue
    tolerated: frozenset[tuple[str, str, str]] = frozenset()
    expected: Ledger | None = None
    is_whole: bool = True


@dataclass(frozen=True)
class Job:
    """Everything that a child process needs; `target` points into the snapshot.

    "run" executes the passes one after the other, with no local module that is another than in
    `ingredients`, where it is one of them; "generate" writes a new revision file and "check"
    compares the models with the database, both without changing the database. `losing` are the tables
    that are known to lose rows, None where that is not known. "model" creates what
    the models say on the empty database `scratch`; "stamp" writes the version table, and "mend"
    executes statements before it does. "offline" writes the SQL of the one step of its pass, and
    reaches no database.
    """

    kind: Literal["run", "generate", "check", "model", "stamp", "mend", "offline"]
    target: Target
    passes: tuple[Pass, ...] = ()
    lock_wait: float = LOCK_WAIT_SECONDS
    ingredients: tuple[Ingredient, ...] = ()
    run: str = ""
    done: tuple[Record, ...] = ()
    first: Count | None = None
    losing: frozenset[str] | None = None
    message: str = ""
    empty: bool = False
    head: str | None = None
    scratch: str = field(default="", repr=False)
    stamp: Stamp | None = None
    mend: Mend | None = None


@dataclass(frozen=True)
class PassResult:
    """One pass as it ran, in full or up to `error`.

    `ledger` compares with the count before the first pass of the job, `counts` is that count (known
    for a failed pass too). `leftovers` are names of tables that Alembic's batch mode forgot.
    """

    steps: tuple[StepResult, ...] = ()
    operations: tuple[Operation, ...] = ()
    milliseconds: float = 0.0
    heads: tuple[str, ...] = ()
    ledger: Ledger | None = None
    before: Catalogue | None = None
    after: Catalogue | None = None
    leftovers: tuple[str, ...] = ()
    counts: tuple[TableCount, ...] = ()
    compatibility: Compatibility | None = None


@dataclass(frozen=True)
class Failure:
    """Why a job ended early: the class of `console.schema.errors` and its arguments as plain data."""

    error: str
    message: str
    revision: str | None = None
    statement: str | None = None
    details: tuple[str, ...] = ()


@dataclass(frozen=True)
class Drafted:
    """What autogenerate found: the new file if one was written, and the operations in words."""

    path: str | None = None
    revision: str | None = None
    operations: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True)
class Modelled:
    """The schema that the models make, the one that the database has, and what autogenerate would do."""

    models: Catalogue
    database: Catalogue
    operations: tuple[Operation, ...] = ()


@dataclass(frozen=True)
class Answer:
    """The child's last word. `passes` holds what ran, the failed one included."""

    passes: tuple[PassResult, ...] = ()
    written: tuple[Statement, ...] = ()
    drafted: Drafted | None = None
    modelled: Modelled | None = None
    failure: Failure | None = None
