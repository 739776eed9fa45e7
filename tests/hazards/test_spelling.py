"""Code to paste is Python, and its SQL means what it says."""

from __future__ import annotations

import ast

import pytest
import sqlalchemy as sa

from console.hazards.spelling import execute, in_batch, named_in, place, schema, suffixed, type_of
from console.schema.statement import Operation


@pytest.mark.parametrize(
    ("text", "spelled"),
    [
        ("INTEGER", "sa.INTEGER()"),
        ("INT(11)", "sa.INTEGER()"),
        ("VARCHAR(60)", "sa.VARCHAR(60)"),
        ("character varying(60)", "sa.VARCHAR(60)"),
        ("NUMERIC(10, 2)", "sa.NUMERIC(10, 2)"),
        ("double precision", "sa.DOUBLE_PRECISION()"),
        ("TIMESTAMP WITH TIME ZONE", "sa.TIMESTAMP(timezone=True)"),
        ("uuid", "sa.UUID()"),
        ("TINYINT(1)", "sa.BOOLEAN()"),
        ("GEOMETRY", "…"),
        ("ENUM('a', 'b')", "…"),
        (None, "…"),
    ],
)
def test_types_are_sqlalchemys(text: str | None, spelled: str) -> None:
    assert type_of(text) == spelled
    if spelled != "…":
        eval(spelled, {"sa": sa})


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE a SET b = 'it''s' WHERE c = ':x'",
        "UPDATE \"a b\" SET c = E'\\n'",
        "SELECT '12:30'::time, a[1:2]",
        "UPDATE a SET b = 1\nWHERE c = 2",
    ],
)
def test_a_statement_arrives_as_it_is(sql: str) -> None:
    call = ast.parse(execute(sql)).body[0]
    assert isinstance(call, ast.Expr)
    assert isinstance(call.value, ast.Call)
    text = sa.text(ast.literal_eval(call.value.args[0]))
    assert str(text.compile()) == sql


@pytest.mark.parametrize(
    ("name", "details", "code"),
    [
        (
            "create_foreign_key",
            {"name": "fk", "referent": "b", "columns": "x, y", "remote_columns": "id, no"},
            "batch.create_foreign_key('fk', 'b', ['x', 'y'], ['id', 'no'])",
        ),
        (
            "create_unique_constraint",
            {"columns": "x"},
            "batch.create_unique_constraint(None, ['x'])",
        ),
        (
            "drop_constraint",
            {"name": "ck", "type": "check"},
            "batch.drop_constraint('ck', type_='check')",
        ),
        (
            "alter_column",
            {"type": "VARCHAR(9)", "nullable": "no", "default": "none"},
            'batch.alter_column("c", type_=sa.VARCHAR(9), nullable=False, server_default=None)',
        ),
    ],
)
def test_operations_are_spelled_for_batch_mode(
    name: str, details: dict[str, str], code: str
) -> None:
    column = "c" if name == "alter_column" else None
    operation = Operation("aaaa1", name, "a", column, tuple(details.items()))
    assert in_batch(operation) == code


@pytest.mark.parametrize(
    ("name", "of_schema", "own"),
    [
        ("products", "", "products"),
        ("My Shop.products", "My Shop", "products"),
        ('"a.b"', "", "a.b"),
        ('shop."a.b"', "shop", "a.b"),
        ('"say ""a.b"""', "", 'say "a.b"'),
    ],
)
def test_a_dot_between_quotes_is_part_of_a_name(name: str, of_schema: str, own: str) -> None:
    assert place(name) == (of_schema, own)
    assert place(suffixed(name, "_new")) == (of_schema, f"{own}_new")
    assert schema(name) == (f', schema="{of_schema}"' if of_schema else "")
    if '"' not in own:
        assert named_in(name) == f'"{own}"'
