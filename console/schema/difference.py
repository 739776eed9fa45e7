"""difference: what changes between two catalogues, in words that a person reads."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from console.schema.catalogue import (
    Catalogue,
    Change,
    Column,
    Difference,
    Part,
    Sign,
    Table,
    TableDifference,
    View,
)
from console.schema.sqltext import key


def compare(before: Catalogue, after: Catalogue) -> Difference:
    """Return what happens to a schema between two catalogues, per table and view, sorted by name.

    Falsy when nothing does. Names that differ in case only are the same.
    """
    tables_before = {table.name.lower(): table for table in before.tables}
    tables_after = {table.name.lower(): table for table in after.tables}
    found = [
        _compare_tables(tables_before.get(name), tables_after.get(name))
        for name in _either(tables_before, tables_after)
    ]
    views_before = {f"{view.kind} {view.name.lower()}": view for view in before.views}
    views_after = {f"{view.kind} {view.name.lower()}": view for view in after.views}
    found += [
        _compare_views(views_before.get(name), views_after.get(name))
        for name in _either(views_before, views_after)
    ]
    return Difference(tuple(sorted((f for f in found if f), key=lambda f: (f.name, f.is_view))))


def changed_things(difference: Difference) -> frozenset[tuple[str, str, str]]:
    """Return what a difference is about, by table, kind and name."""
    return frozenset(
        (table.name, change.kind, change.name)
        for table in difference.tables
        for change in table.changes
        if change.kind != "column order"
    )


def describe(column: Column) -> str:
    """Return a column in SQL terms: "NUMERIC(10, 2), nullable, default 0"."""
    words = [column.type or "no type", "nullable" if column.nullable else "not null"]
    if column.default is not None:
        words.append(f"default {column.default}")
    if column.primary_key:
        words.append("primary key")
    return ", ".join(words + list(column.notes))


def _either(before: Iterable[str], after: Iterable[str]) -> list[str]:
    """The names of both sides, each once."""
    return list(dict.fromkeys([*before, *after]))


def _sign(before: object, after: object) -> Sign:
    """The sign of something by the sides it is on."""
    return "added" if before is None else "removed" if after is None else "changed"


def _compare_tables(before: Table | None, after: Table | None) -> TableDifference | None:
    """What happens to one table; None if nothing."""
    changes = [
        *_columns(before.columns if before else (), after.columns if after else ()),
        *_parts(before.parts if before else (), after.parts if after else ()),
    ]
    if before and after:
        changes += _order(before, after)
        if not changes:
            return None
    name = after.name if after else before.name if before else ""
    return TableDifference(name, _sign(before, after), tuple(changes))


def _columns(before: tuple[Column, ...], after: tuple[Column, ...]) -> Iterable[Change]:
    """The changes of columns, in the order of the table."""
    old = {column.name.lower(): column for column in before}
    new = {column.name.lower(): column for column in after}
    for name in _either(new, old):
        was, now = old.get(name), new.get(name)
        words = describe(was) if was else None, describe(now) if now else None
        if _key(words[0]) != _key(words[1]):
            shown = now or was
            assert shown is not None
            yield Change(_sign(was, now), "column", shown.name, *words)


def _parts(before: tuple[Part, ...], after: tuple[Part, ...]) -> Iterable[Change]:
    """The changes of everything else: parts with a name are matched by it, others by what they say."""
    old, new = _by_identity(before), _by_identity(after)
    for identity in sorted(_either(old, new)):
        was, now = old.get(identity), new.get(identity)
        if was and now and _key(was.definition) == _key(now.definition):
            continue
        shown = now or was
        assert shown is not None
        yield Change(
            _sign(was, now),
            shown.kind,
            shown.name,
            was.definition if was else None,
            now.definition if now else None,
        )


def _by_identity(parts: tuple[Part, ...]) -> Mapping[str, Part]:
    """Parts by kind and name; those without a name by what they say and how often they say it."""
    found: dict[str, Part] = {}
    for part in parts:
        identity = f"{part.kind} {part.name.lower() or _key(part.definition)}"
        while identity in found:
            identity += "+"
        found[identity] = part
    return found


def _order(before: Table, after: Table) -> Iterable[Change]:
    """A change of the order of the columns that both sides have."""
    old = [column.name.lower() for column in before.columns]
    new = [column.name.lower() for column in after.columns]
    kept_old, kept_new = [n for n in old if n in new], [n for n in new if n in old]
    if kept_old != kept_new:
        yield Change(
            "changed", "column order", after.name, ", ".join(kept_old), ", ".join(kept_new)
        )


def _compare_views(before: View | None, after: View | None) -> TableDifference | None:
    """What happens to one view; None if nothing."""
    was, now = before.definition if before else None, after.definition if after else None
    if _key(was) == _key(now):
        return None
    shown = after or before
    assert shown is not None
    change = Change(_sign(before, after), shown.kind, shown.name, was, now)
    return TableDifference(shown.name, change.sign, (change,), is_view=True, kind=shown.kind)


def _key(text: str | None) -> str | None:
    """What decides whether two texts say the same."""
    return None if text is None else key(text)
