"""before: the database as it was before a plan, by the names that its tables had then."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from console.hazards.sketch import Sketch
from console.schema.catalogue import Catalogue, Table, View
from console.schema.ledger import Entry, Ledger, TableCount
from console.schema.rehearsal import Rehearsal

QUOTED = re.compile(r'"((?:[^"]|"")+)"')


@dataclass(frozen=True)
class Before:
    """The schema, the rows as they were counted, and what became of them; as far as they are known.

    `has_schemas` is False where a dot in a table's name is a part of it on any account.
    """

    catalogue: Catalogue | None = None
    counts: tuple[TableCount, ...] = ()
    ledger: Ledger | None = None
    has_schemas: bool = True

    @property
    def tables(self) -> tuple[Table, ...]:
        """Every table; a name that has a dot or a quote in it stands between quotes."""
        tables = self.catalogue.tables if self.catalogue else ()
        if self.has_schemas:
            return tables
        return tuple(
            replace(t, name=whole(t.name)) if whole(t.name) != t.name else t for t in tables
        )

    @property
    def views(self) -> tuple[View, ...]:
        """Every view."""
        views = self.catalogue.views if self.catalogue else ()
        return tuple(view for view in views if view.kind == "view")

    def table(self, name: str | None) -> Table | None:
        """A table of that name."""
        return next((t for t in self.tables if name and bare(t.name) == bare(name)), None)

    def count(self, name: str | None) -> TableCount | None:
        """A table as it was counted."""
        return next((c for c in self.counts if name and c.name == bare(name)), None)

    def entry(self, name: str | None) -> Entry | None:
        """What the ledger says of a table."""
        entries = self.ledger.entries if self.ledger else ()
        return next((e for e in entries if name and e.table == bare(name)), None)


def before(rehearsal: Rehearsal | None, sketch: Sketch | None, database: str) -> Before:
    """Return what a rehearsal saw, or else what a sketch knows."""
    has_schemas = database == "postgresql"
    if rehearsal is None:
        return Before(sketch.before if sketch else None, has_schemas=has_schemas)
    return Before(rehearsal.before, rehearsal.counts, rehearsal.ledger, has_schemas)


def whole(name: str) -> str:
    """Return a name between quotes where it has a dot, which then is no schema's, or a quote."""
    if QUOTED.fullmatch(name) or not set('."') & set(name):
        return name
    return '"' + name.replace('"', '""') + '"'


def bare(name: str) -> str:
    """Return a name as the catalogue has it."""
    return QUOTED.sub(lambda found: found[1].replace('""', '"'), name)
