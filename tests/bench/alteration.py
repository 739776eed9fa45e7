"""alteration: the body of a revision that damages data, and what has to be named for it."""

from __future__ import annotations

import random
from dataclasses import dataclass

from tests.bench.damage import damage
from tests.bench.shape import Row, Shape, Value, is_same

IMPORTS = "import datetime\nfrom decimal import Decimal\nfrom uuid import UUID"


@dataclass(frozen=True)
class Alteration:
    """`what` was done, by these lines; `table` and `column` must be named (no column: rows are
    lost), or else the `thing` of the catalogue."""

    what: str
    lines: tuple[str, ...]
    table: str = ""
    column: str = ""
    thing: str = ""

    @property
    def body(self) -> str:
        """The lines, ready for a revision."""
        return "\n".join((IMPORTS, *self.lines))


def alter(shapes: list[Shape], things: dict[str, str], chance: random.Random) -> Alteration:
    """A random alteration of these tables, or of these things of the catalogue (how to drop each)."""
    way = chance.choices((one_value, several, loss, structure), (5, 3, 2, 1))[0]
    if way is structure and chance.random() < 0.6:
        name = chance.choice(sorted(things))
        return Alteration(f"{name} dropped", (f"op.execute({things[name]!r})",), thing=name)
    return way(chance.choice(shapes), chance)


def one_value(shape: Shape, chance: random.Random) -> Alteration:
    """A value of one row is damaged, or nulled."""
    column, row = _filled(shape, chance)
    kind = shape.columns[column]
    if chance.random() < 0.15:
        what, value = "nulled", None
    else:
        what, value = damage(kind.name, row[column], chance)
    return Alteration(what, _update(shape, row, column, value), shape.name, column)


def several(shape: Shape, chance: random.Random) -> Alteration:
    """Values move: two rows swap theirs, one is copied over another, or two columns swap."""
    column, row = _filled(shape, chance)
    others = [r for r in shape.rows if not is_same(r[column], row[column])]
    if not others:
        return one_value(shape, chance)
    other = chance.choice(others)
    way = chance.choice(("swapped between rows", "copied over", "columns swapped"))
    if way == "columns swapped" and not is_same(row["name"], row["second_name"]):
        lines = _update(shape, row, "name", row["second_name"])
        return Alteration(
            way,
            (*lines, *_update(shape, row, "second_name", row["name"])),
            shape.name,
            "name",
        )
    lines = _update(shape, other, column, row[column])
    if way == "swapped between rows":
        lines += _update(shape, row, column, other[column])
    return Alteration(way, lines, shape.name, column)


def loss(shape: Shape, chance: random.Random) -> Alteration:
    """Rows go: one, the children of one parent, or all but one; sometimes others come."""
    if shape.name == "customer":  # its rows are held by its children
        return one_value(shape, chance)
    way = chance.choice(("a row lost", "children lost", "nearly all lost", "another in its place"))
    row = chance.choice(shape.rows)
    doomed = [row]
    if way == "children lost" and shape.parent:
        doomed = [r for r in shape.rows if r["parent_id"] == row["parent_id"]]
    if way == "nearly all lost":
        doomed = shape.rows[1:]
    lines = tuple(line for r in doomed for line in _delete(shape, r))
    if way == "another in its place" and shape.key:
        lines += _insert(shape, row | {"id": 100_000})
    return Alteration(way, lines, shape.name)


def structure(shape: Shape, chance: random.Random) -> Alteration:
    """A column is made anew, empty; or two columns swap their names."""
    name = chance.choice(("name", "price", "note"))
    kind = shape.columns[name]
    if chance.random() < 0.5:
        lines: tuple[str, ...] = (
            f"op.drop_column({shape.name!r}, {name!r})",
            f"op.add_column({shape.name!r}, sa.Column({name!r}, {kind.source}))",
        )
        return Alteration("a column made anew", lines, shape.name, name)
    pairs = (("name", "spare"), ("second_name", "name"), ("spare", "second_name"))
    lines = tuple(
        f"op.alter_column({shape.name!r}, {old!r}, new_column_name={new!r}, "
        "existing_type=sa.String(80))"
        for old, new in pairs
    )
    return Alteration("two columns swap names", lines, shape.name, "name")


def harmless(shapes: list[Shape], chance: random.Random) -> Alteration:
    """What changes a table and none of its data."""
    shape = chance.choice(shapes[1:])  # SQLite cannot rebuild the first, which a view reads
    table = repr(shape.name)
    ways: dict[str, tuple[str, ...]] = {
        "a column": (f'op.add_column({table}, sa.Column("more", sa.Integer()))',),
        "a column with a default": (
            f'op.add_column({table}, sa.Column("more", sa.Integer(), server_default="7"))',
        ),
        "an index": (f'op.create_index("ix_more", {table}, ["day", "price"])',),
        "a table": ('op.create_table("more", sa.Column("id", sa.Integer(), primary_key=True))',),
        "wider text": _wider(table, "name", "sa.String(80)", "sa.String(200)"),
        "wider numbers": _wider(table, "number", "sa.Integer()", "sa.BigInteger()"),
        "more digits": _wider(table, "price", "sa.Numeric(12, 2)", "sa.Numeric(16, 4)"),
        "a column renamed": (
            f'op.alter_column({table}, "note", new_column_name="remark", existing_type=sa.Text())',
        ),
    }
    if shape.key:
        ways["a new row"] = _insert(shape, shape.rows[0] | {"id": 100_000})
    what = chance.choice(sorted(ways))
    return Alteration(what, ways[what], shape.name)


def _wider(table: str, column: str, old: str, new: str) -> tuple[str, ...]:
    return (
        f"with op.batch_alter_table({table}) as batch:",
        f"    batch.alter_column({column!r}, existing_type={old}, type_={new})",
    )


def _filled(shape: Shape, chance: random.Random) -> tuple[str, Row]:
    """A column that is no part of a key, and a row that has a value in it."""
    kept = {*shape.mark, "parent_id"}
    while True:
        column = chance.choice([name for name in shape.columns if name not in kept])
        rows = [row for row in shape.rows if row[column] is not None]
        if rows:
            return column, chance.choice(rows)


def _declared(shape: Shape) -> str:
    columns = (f"sa.column({name!r}, {kind.source})" for name, kind in shape.columns.items())
    return f"table = sa.table({shape.name!r}, {', '.join(columns)})"


def _where(shape: Shape, row: Row) -> str:
    return "".join(f".where(table.c.{name} == {row[name]!r})" for name in shape.mark)


def _update(shape: Shape, row: Row, column: str, value: Value) -> tuple[str, ...]:
    new = "sa.null()" if value is None else repr(value)
    return (
        _declared(shape),
        f"op.execute(table.update(){_where(shape, row)}.values({{{column!r}: {new}}}))",
    )


def _delete(shape: Shape, row: Row) -> tuple[str, ...]:
    return (_declared(shape), f"op.execute(table.delete(){_where(shape, row)})")


def _insert(shape: Shape, row: Row) -> tuple[str, ...]:
    values = {name: value for name, value in row.items() if value is not None}
    return (_declared(shape), f"op.execute(table.insert().values({values!r}))")
