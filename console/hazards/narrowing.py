"""Rules about types that take less than those before them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from console.hazards.copying import LISTED, VALUE
from console.hazards.evidence import Evidence
from console.hazards.registry import Finding, rule
from console.hazards.spelling import expand, quoter
from console.hazards.types import SqlType, digits, is_within, sql_type
from console.schema.probe import Probe, Question

# What SQLAlchemy makes of a value of one family in the other without losing any of it.
HARMLESS = {("day", "moment"), ("truth", "whole")}
# How many bytes the texts without a length of MariaDB and MySQL take at most.
BYTES = {"TINYTEXT": 255, "TEXT": 65_535, "MEDIUMTEXT": 16_777_215, "LONGTEXT": 4_294_967_295}
FRACTIONS = {"postgresql": 6, "mysql": 0}  # digits of a second that are kept unless stated
CHARACTER = 4  # bytes of the longest there


@rule(
    "narrowing-type",
    "error",
    "What does not fit into the new type is cut, rounded or refused: by the migration for the values "
    "that are there, and by the database for those that running code still writes.",
    instead="Add a column of the new type, copy and check the values, and drop the old one later.",
)
def narrowing_type(evidence: Evidence) -> Iterator[Finding]:
    """Columns whose new type does not take everything that the old one does."""
    yield from _lists(evidence)
    for operation in evidence.operations("alter_column"):
        table, column = operation.table or "", operation.column or ""
        was = evidence.type_before(operation.table, operation.column)
        old, new = _type(evidence, was), _type(evidence, operation.detail("type"))
        if old is None or new is None or not _is_narrower(old, new, evidence.database):
            continue
        probe, limit = _measure(evidence, table, column, old, new)
        is_kept = evidence.backend == "sqlite" and old.family == new.family == "text"
        if is_kept and (probe is None or (probe.answer or 0) <= limit):
            continue  # SQLite takes a length for a remark
        fits = probe is not None and (probe.answer or 0) <= limit
        yield Finding(
            operation.revision,
            f"{table}.{column}",
            f"{column} of {table} becomes {operation.detail('type')} and was "
            f"{was}{_found(probe, fits)}.",
            expand(evidence, table, column, f"{column}_new", operation.detail("type"), "…"),
            severity="warning" if fits or is_kept else None,
            evidence=(probe,) if probe else (),
        )


def _lists(evidence: Evidence) -> Iterator[Finding]:
    """ENUMs and SETs of MariaDB and MySQL that lose values."""
    for operation in evidence.operations("alter_column"):
        table, column = operation.table or "", operation.column or ""
        was, becomes = evidence.type_before(table, column) or "", operation.detail("type") or ""
        if not (LISTED.match(was) and LISTED.match(becomes)):
            continue
        kept = VALUE.findall(becomes)
        lost = ", ".join(value for value in VALUE.findall(was) if value not in kept)
        if not lost:
            continue
        name = quoter(evidence)(column)
        is_set = becomes.upper().startswith("SET")  # one value of a SET may be several
        asked = Question("violators", table, (column,), condition=f"{name} IN ({', '.join(kept)})")
        found = () if is_set else evidence.probe(asked)
        fits = any(probe.answer == 0 for probe in found)
        yield Finding(
            operation.revision,
            f"{table}.{column}",
            f"{column} of {table} takes {lost} no more{_found(found[0], fits) if found else ''}.",
            expand(evidence, table, column, f"{column}_new", becomes, "…"),
            severity="warning" if fits else None,
            evidence=found,
        )


def _type(evidence: Evidence, text: str | None) -> SqlType | None:
    """A type as its database reads it: for MariaDB and MySQL, NUMERIC alone has no decimal places."""
    kind = sql_type(text)
    if kind and evidence.database == "mysql" and kind.family == "exact" and kind.size is None:
        return replace(kind, size=10, places=0)
    return kind


def _is_narrower(old: SqlType, new: SqlType, database: str) -> bool:
    """Whether some value of the old type has no place in the new one."""
    if not old.family or not new.family:
        return False
    if new.family == "floating" and old.family in ("whole", "exact", "floating"):
        return _digits(old, database) > digits(new, database)
    if new.is_unsigned and not old.is_unsigned and old.family == new.family == "whole":
        return True
    if database == "mysql" and old.family == "text" and new.name in BYTES:
        return _bytes(old) > BYTES[new.name]
    if old.family == new.family == "text":
        return not is_within(new.size, old.size)
    if old.family == new.family and old.family in ("moment", "time") and database in FRACTIONS:
        return _fraction(new, database) < _fraction(old, database)
    if new.family == "text":
        return new.size is not None and new.size < 20
    if {old.family, new.family} <= {"whole", "exact"}:
        return not (is_within(new.largest, old.largest) and is_within(new.decimals, old.decimals))
    return old.family != new.family and (old.family, new.family) not in HARMLESS


def _fraction(kind: SqlType, database: str) -> int:
    """How many digits of a second are kept."""
    return FRACTIONS[database] if kind.size is None else kind.size


def _digits(kind: SqlType, database: str) -> int:
    """How many digits a number of this type may have."""
    if kind.family == "floating":
        return digits(kind, database)
    return len(str(kind.largest)) if kind.family == "whole" else kind.size or 1000


def _bytes(kind: SqlType) -> int:
    """How many bytes a text of MariaDB or MySQL may take."""
    return BYTES.get(kind.name) or (kind.size or 255) * CHARACTER


def _measure(
    evidence: Evidence, table: str, column: str, old: SqlType, new: SqlType
) -> tuple[Probe | None, int]:
    """The question to the live values, and the answer up to which all of them fit."""
    if old.family == "text" and new.name in BYTES and evidence.database == "mysql":
        found = evidence.probe(Question("bytes", table, (column,)))
        return (found[0] if found else None), BYTES[new.name]
    if old.family == "text" and new.family == "text":
        found = evidence.probe(Question("longest", table, (column,), most=new.size or 0))
        return (found[0] if found else None), new.size or 0
    if new.is_unsigned and not old.is_unsigned:
        found = evidence.probe(
            Question("violators", table, (column,), condition=f"{quoter(evidence)(column)} >= 0")
        )
        if found and found[0].answer:
            return found[0], 0
    if old.family not in ("whole", "exact", "floating") or new.family not in ("whole", "exact"):
        return None, 0
    largest = evidence.probe(Question("largest", table, (column,), most=int(new.largest or 0)))
    if largest and new.largest is not None and (largest[0].answer or 0) > new.largest:
        return largest[0], new.largest
    if new.decimals is not None and not is_within(new.decimals, old.decimals):
        found = evidence.probe(Question("fractions", table, (column,), places=new.decimals))
        return (found[0] if found else None), 0
    return (largest[0] if largest else None), new.largest or 0


def _found(probe: Probe | None, fits: bool) -> str:
    """What the live values say to it."""
    if probe is None:
        return ""
    return f": {probe.sentence}{', so all of them fit so far' if fits else ''}"
