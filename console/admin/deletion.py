"""deletion: what goes with some rows, in numbers, and the deleting itself in the same words.

The dependants are found by the foreign keys of the whole metadata and counted, never loaded. What is
shown is what is executed: dependants first, each by the condition that counted it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import ForeignKeyConstraint, Table, and_, delete, func, or_, select, update
from sqlalchemy.orm import Mapper, Session
from sqlalchemy.sql.util import ClauseAdapter

from console.admin.keys import is_key
from console.admin.outline import Outline
from console.admin.saving import present_table
from console.admin.shape import Shape, columns_of
from console.admin.words import counted, label_of, singular

DEEPEST = 10
Kind = Literal["delete", "clear", "block"]


@dataclass(frozen=True)
class Effect:
    """What happens to the rows of one table that point at what is deleted.

    "delete": they go too; "clear": their reference is emptied; "block": they prevent it. At depth 1
    they point at the deleted rows themselves.
    """

    kind: Kind
    table: Table
    columns: tuple[Any, ...]
    condition: Any
    count: int
    depth: int

    @property
    def words(self) -> str:
        """ "3 posts will be deleted"."""
        rows = counted(
            self.count,
            singular(label_of(self.table.name)).lower(),
            label_of(self.table.name).lower(),
        )
        if self.kind == "delete":
            return f"{rows} will be deleted"
        if self.kind == "clear":
            names = ", ".join(label_of(c.name.removesuffix("_id")).lower() for c in self.columns)
            return f"{rows} will lose their {names}"
        return f"{rows} {'prevents' if self.count == 1 else 'prevent'} this"


@dataclass(frozen=True)
class Deletion:
    """Some rows of one model with everything that their deletion touches."""

    outline: Outline
    keys: tuple[tuple[Any, ...], ...]
    effects: tuple[Effect, ...]

    @property
    def is_possible(self) -> bool:
        """Whether nothing prevents it."""
        return not any(effect.kind == "block" for effect in self.effects)

    @property
    def fingerprint(self) -> str:
        """Changes when what would be deleted does: the confirmation of one page is for that page."""
        parts = [str(sorted(map(str, self.keys)))]
        parts += [f"{e.kind} {e.table.name} {e.count} {e.depth}" for e in self.effects]
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:24]


def preview(session: Session, outline: Outline, keys: tuple[tuple[Any, ...], ...]) -> Deletion:
    """Count everything that points at the rows with these keys, over any number of tables."""
    table: Any = outline.mapper.local_table
    if not keys:
        return Deletion(outline, keys, ())
    mappers = tuple(outline.mapper.registry.mappers)
    effects = tuple(_effects(session, mappers, table, rows_with(outline, keys), 1))
    return Deletion(outline, keys, effects)


def rows_with(outline: Outline, keys: tuple[tuple[Any, ...], ...]) -> Any:
    """The SQL condition that picks these rows."""
    return or_(*(is_key(outline.mapper, key) for key in keys))


def _effects(
    session: Session, mappers: tuple[Mapper[Any], ...], parent: Table, condition: Any, depth: int
) -> Iterator[Effect]:
    """Depth first, the deepest first: the order in which they are carried out."""
    if depth > DEEPEST:
        return
    for child, constraint in _references(parent):
        present = columns_of(session, None, child)
        if present is None or not all(column.name in present for column in constraint.columns):
            continue
        matches = _pointing_at(constraint, condition)
        if child is parent and depth == 1:
            matches = and_(matches, ~condition)  # rows that go anyway
        number = session.scalar(select(func.count()).select_from(child).where(matches)) or 0
        if not number:
            continue
        kind = _kind(mappers, parent, child, constraint)
        if kind == "delete":
            yield from _effects(session, mappers, child, matches, depth + 1)
        yield Effect(kind, child, tuple(constraint.columns), matches, number, depth)


def _references(parent: Table) -> Iterator[tuple[Table, ForeignKeyConstraint]]:
    for child in parent.metadata.sorted_tables:
        for constraint in child.foreign_key_constraints:
            if constraint.referred_table is parent:
                yield child, constraint


def _pointing_at(constraint: ForeignKeyConstraint, condition: Any) -> Any:
    """The child's rows that point at the parent's rows of `condition`."""
    parent = constraint.referred_table.alias()
    adapted = ClauseAdapter(parent).traverse(condition)
    pairs = [element.parent == parent.c[element.column.key] for element in constraint.elements]
    return select(1).select_from(parent).where(adapted, *pairs).correlate(constraint.table).exists()


def _kind(
    mappers: tuple[Mapper[Any], ...], parent: Table, child: Table, constraint: ForeignKeyConstraint
) -> Kind:
    rule = (constraint.ondelete or "").upper()
    if rule == "CASCADE":
        return "delete"
    if rule == "SET NULL":
        return "clear"
    columns = set(constraint.columns)
    for mapper in (mapper for mapper in mappers if mapper.local_table is parent):
        for relation in mapper.relationships:
            if relation.secondary is child:
                return "delete"
            if relation.direction.name == "ONETOMANY" and columns == set(relation.remote_side):
                if relation.cascade.delete:
                    return "delete"
                if relation.passive_deletes != "all" and all(c.nullable for c in columns):
                    return "clear"
    return "block"


def carry_out(session: Session, deletion: Deletion, shape: Shape) -> int:
    """Delete, and return how many rows of the model itself went. The caller commits.

    The caller has checked `is_possible` in this transaction.
    """
    for effect in deletion.effects:
        if effect.kind == "delete":
            session.execute(delete(effect.table).where(effect.condition))
        elif effect.kind == "clear":
            values = dict.fromkeys((column.name for column in effect.columns), None)
            session.execute(update(effect.table).where(effect.condition).values(values))
    if shape.is_complete and len(deletion.outline.mapper.tables) > 1:
        return _delete_objects(session, deletion)
    table = present_table(deletion.outline, shape)
    gone = 0
    for key in deletion.keys:
        pairs = zip(deletion.outline.mapper.primary_key, key, strict=True)
        where = and_(*(table.c[column.name] == value for column, value in pairs))
        result: Any = session.execute(
            delete(table).where(where), bind_arguments={"mapper": deletion.outline.mapper}
        )
        gone += result.rowcount
    return gone


def _delete_objects(session: Session, deletion: Deletion) -> int:
    """A model over several tables (inheritance) knows itself how its rows go."""
    rows = session.scalars(
        select(deletion.outline.mapper.class_).where(rows_with(deletion.outline, deletion.keys))
    ).all()
    for row in rows:
        session.delete(row)
    session.flush()
    return len(rows)
