"""outline: what a model has, as the pages need it: attributes in order, to-one and to-many relations."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Column, inspect
from sqlalchemy.orm import Mapper, RelationshipProperty
from sqlalchemy.orm.exc import UnmappedColumnError

from console.admin.kinds import TIMES, Kind, kind_of
from console.admin.words import label_of

PARAMETERS = {"q", "sort", "page", "page_size", "columns"}


@dataclass(frozen=True)
class Attribute:
    """One column of a model, or the to-one relation whose foreign key that column is.

    `name` is what views, forms and URLs call it; `key` the mapped attribute that holds the value.
    """

    name: str
    key: str
    parameter: str
    label: str
    help: str
    column: Column[Any]
    kind: Kind
    relation: RelationshipProperty[Any] | None = None

    @property
    def is_nullable(self) -> bool:
        """Whether the column takes NULL."""
        return bool(self.column.nullable)

    @property
    def has_default(self) -> bool:
        """Whether somebody else gives a value when nobody types one."""
        return self.column.default is not None or self.column.server_default is not None

    @property
    def is_required(self) -> bool:
        """Whether a person must give a value."""
        return not self.is_nullable and not self.has_default and self.kind != "boolean"

    @property
    def is_generated(self) -> bool:
        """Whether the database or the model fills it, so that forms leave it out by default."""
        if self.column.computed is not None or self.column.identity is not None:
            return True
        if self.column.primary_key:
            return self.relation is None and (self.has_default or self._is_autoincrement)
        return self.kind in TIMES and (self.has_default or self.column.onupdate is not None)

    @property
    def _is_autoincrement(self) -> bool:
        table: Any = self.column.table
        return table.autoincrement_column is self.column


@dataclass(frozen=True)
class Collection:
    """A to-many relation."""

    name: str
    label: str
    relation: RelationshipProperty[Any]

    @property
    def foreign_key(self) -> Column[Any] | None:
        """The child's column that points here; None for many-to-many and composite keys."""
        if self.relation.secondary is not None or len(self.relation.synchronize_pairs) != 1:
            return None
        return self.relation.synchronize_pairs[0][1]  # type: ignore[return-value]  # the ORM's pairs are columns


@dataclass(frozen=True)
class Outline:
    """A model: its mapper, its attributes in the table's order, and its to-many relations."""

    mapper: Mapper[Any]
    attributes: tuple[Attribute, ...]
    collections: tuple[Collection, ...]

    def attribute(self, name: str) -> Attribute | None:
        """The attribute of that name, key or parameter."""
        for candidate in self.attributes:
            if name in (candidate.name, candidate.key, candidate.parameter):
                return candidate
        return None

    def collection(self, name: str) -> Collection | None:
        """The to-many relation of that name."""
        return next((c for c in self.collections if c.name == name), None)

    @property
    def title(self) -> Attribute | None:
        """The attribute that names a row best: the first short text."""
        texts = [a for a in self.attributes if a.kind == "text" and a.relation is None]
        preferred = [a for a in texts if a.name in ("name", "title", "label")]
        return next(iter(preferred + texts), None)


def outline_of(
    model: type[Any],
    labels: Mapping[str, str] | None = None,
    helps: Mapping[str, str] | None = None,
) -> Outline:
    """Read a mapped class; `labels` and `helps` are by attribute name."""
    labels, helps = labels or {}, helps or {}
    mapper: Mapper[Any] = inspect(model)
    to_one = _to_one_by_column(mapper)
    attributes: list[Attribute] = []
    taken: set[str] = set(PARAMETERS)
    for column, key in _columns(mapper):
        relation = to_one.get(column)
        name = relation.key if relation is not None else key
        kind = kind_of(column.type)
        short = name.removeprefix("is_") if kind == "boolean" else name
        parameter = next(p for p in (short, name, f"{name}_is") if p and p not in taken)
        taken.add(parameter)
        attributes.append(
            Attribute(
                name=name,
                key=key,
                parameter=parameter,
                label=str(labels.get(name) or labels.get(key) or label_of(name)),
                help=str(helps.get(name) or helps.get(key) or column.comment or column.doc or ""),
                column=column,
                kind=kind,
                relation=relation,
            )
        )
    collections = tuple(
        Collection(r.key, str(labels.get(r.key) or label_of(r.key)), r)
        for r in mapper.relationships
        if r.uselist and not r.viewonly
    )
    return Outline(mapper, tuple(attributes), collections)


_KEPT: dict[Any, Outline] = {}


def plain_outline(model: type[Any]) -> Outline:
    """The outline of a related model, in its own words; made once."""
    if model not in _KEPT:
        _KEPT[model] = outline_of(model)
    return _KEPT[model]


def _columns(mapper: Mapper[Any]) -> list[tuple[Column[Any], str]]:
    found: dict[str, Column[Any]] = {}
    for table in mapper.tables:
        for column in table.columns:
            if not isinstance(column, Column):
                continue
            try:
                found.setdefault(mapper.get_property_by_column(column).key, column)
            except UnmappedColumnError:  # the model leaves this column out
                continue
    return [(column, key) for key, column in found.items()]


def _to_one_by_column(mapper: Mapper[Any]) -> dict[Column[Any], RelationshipProperty[Any]]:
    found: dict[Column[Any], RelationshipProperty[Any]] = {}
    for relation in mapper.relationships:
        if relation.uselist or relation.viewonly or relation.direction.name != "MANYTOONE":
            continue
        if len(relation.local_remote_pairs) != 1 or len(relation.mapper.primary_key) != 1:
            continue
        local, remote = relation.local_remote_pairs[0]
        if remote is relation.mapper.primary_key[0]:
            found.setdefault(local, relation)  # type: ignore[arg-type]  # the ORM's pairs are columns
    return found
