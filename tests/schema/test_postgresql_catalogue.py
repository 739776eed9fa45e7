"""A PostgreSQL schema is read exactly, whatever Alembic would have passed over."""

from typing import Any

import pytest

from console.schema.catalogue import Catalogue, read_catalogue
from console.schema.connection import read_only
from console.schema.difference import compare
from console.schema.postgresql_catalogue import type_name
from console.schema.table import Column, Part, Table, View
from tests.histories.script_folder import target_of
from tests.servers import engine_of

SCHEMA = """
CREATE TYPE mood AS ENUM ('sad', 'happy');
CREATE TABLE owners (id serial PRIMARY KEY);
CREATE TABLE products (
    id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name varchar(80) NOT NULL DEFAULT 'x' COLLATE "C",
    price numeric(10, 2),
    twice numeric GENERATED ALWAYS AS (price * 2) STORED,
    owner integer CONSTRAINT owned REFERENCES owners ON DELETE CASCADE,
    feels mood,
    CONSTRAINT once UNIQUE (name),
    CONSTRAINT positive CHECK (price >= 0)
);
CREATE UNIQUE INDEX by_name ON products (lower(name)) WHERE price > 1;
COMMENT ON COLUMN products.price IS 'in euro';
CREATE VIEW cheap AS SELECT id FROM products WHERE price < 10;
CREATE MATERIALIZED VIEW dear AS SELECT id FROM products WHERE price > 10;
CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
CREATE TRIGGER noted BEFORE UPDATE ON products FOR EACH ROW EXECUTE FUNCTION note();
CREATE SCHEMA aside;
CREATE TABLE aside.products (id integer);
"""
EXTENSION = """
DO $$ BEGIN EXECUTE (
    SELECT 'CREATE EXTENSION ' || name FROM pg_available_extensions
    WHERE name IN ('pg_stat_statements', 'vector') LIMIT 1
); END $$"""


def run(url: str, script: str) -> None:
    with engine_of(url).connect() as connection:
        for statement in filter(str.strip, script.split(";\n")):
            connection.exec_driver_sql(statement)


@pytest.fixture
def read(postgresql: str, tmp_path: Any) -> Any:
    """A function that reads the catalogue of the schema above after some more statements."""
    run(postgresql, SCHEMA)
    target = target_of(tmp_path / "migrations", url=postgresql)

    def read(script: str = "") -> Catalogue:
        run(postgresql, script)
        with read_only(target) as connection:
            assert connection is not None
            return read_catalogue(connection)

    return read


def products(catalogue: Catalogue) -> Table:
    return next(table for table in catalogue.tables if table.name == "products")


def test_columns_are_read_with_all_that_is_said_of_them(read: Any) -> None:
    assert products(read()).columns == (
        Column("id", "INTEGER", False, None, True, ("generated always as identity",)),
        Column("name", "VARCHAR(80)", False, "'x'::character varying", notes=("collate C",)),
        Column("price", "NUMERIC(10, 2)", True, notes=("comment 'in euro'",)),
        Column(
            "twice",
            "NUMERIC",
            True,
            notes=("generated always as (price * 2::numeric) stored",),
        ),
        Column("owner", "INTEGER", True),
        Column("feels", "MOOD", True, notes=("one of 'sad', 'happy'",)),
    )


def test_parts_are_read_in_words(read: Any) -> None:
    parts = products(read()).parts
    assert [part for part in parts if part.kind != "trigger"] == [
        Part("check", "positive", "(price >= 0::numeric)"),
        Part("foreign key", "owned", "(owner) references owners (id) on delete CASCADE"),
        Part("index", "by_name", "unique (lower(name::text)) where price > 1::numeric"),
        Part("primary key", "products_pkey", "(id)"),
        Part("unique", "once", "(name)"),
    ]
    (trigger,) = [part for part in parts if part.kind == "trigger"]
    text = "BEFORE UPDATE ON products FOR EACH ROW EXECUTE FUNCTION note() (body "
    assert trigger.definition.startswith(text)


def test_policies_rules_and_parents_are_read_in_words(read: Any) -> None:
    catalogue = read(
        "CREATE POLICY mine ON products AS RESTRICTIVE FOR UPDATE TO pg_monitor "
        "USING (owner = 1) WITH CHECK (price > 0);\n"
        "CREATE RULE keep AS ON DELETE TO owners DO INSTEAD NOTHING;\n"
        "CREATE TABLE heirs () INHERITS (owners)"
    )
    (policy,) = [part for part in products(catalogue).parts if part.kind == "policy"]
    assert policy.definition == (
        "restrictive update to pg_monitor using ((owner = 1)) with check ((price > (0)::numeric))"
    )
    parts = {t.name: [(p.kind, p.definition) for p in t.parts] for t in catalogue.tables}
    assert ("option", "inherits owners") in parts["heirs"]
    assert ("rule", "CREATE RULE keep AS ON DELETE TO owners DO INSTEAD NOTHING;") in parts[
        "owners"
    ]


def test_another_policy_is_another_schema(read: Any) -> None:
    before = read("CREATE POLICY mine ON products FOR SELECT USING (owner = 1)")
    assert read("ALTER POLICY mine ON products USING (true)").fingerprint != before.fingerprint


def test_views_and_tables_of_other_schemas_are_seen(read: Any) -> None:
    catalogue = read()
    assert [(view.kind, view.name) for view in catalogue.views] == [
        ("view", "cheap"),
        ("view", "dear"),
        ("enum", "mood"),
        ("function", "note()"),
    ]
    assert catalogue.views[1].definition.startswith("materialized: SELECT")
    assert [table.name for table in catalogue.tables] == ["aside.products", "owners", "products"]


@pytest.mark.parametrize(
    "script",
    [
        "ALTER TYPE mood ADD VALUE 'calm'",
        "ALTER TABLE products DISABLE TRIGGER noted",
        "CREATE OR REPLACE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN OLD; END'",
        "ALTER TABLE products ALTER name TYPE varchar(90)",
        "DROP INDEX by_name",
        "ALTER TABLE aside.products ADD name text",
        "CREATE OR REPLACE VIEW cheap AS SELECT id FROM products WHERE price < 11",
        "ALTER TABLE products DROP CONSTRAINT positive",
        "ALTER TABLE products ENABLE ROW LEVEL SECURITY",
        "ALTER TABLE products FORCE ROW LEVEL SECURITY, ENABLE ROW LEVEL SECURITY",
        "CREATE POLICY mine ON products FOR SELECT USING (owner = 1)",
        "CREATE RULE keep AS ON DELETE TO owners DO INSTEAD NOTHING",
        "CREATE TABLE bigger () INHERITS (owners)",
        "CREATE SEQUENCE aside.tickets",
        "ALTER TYPE mood RENAME VALUE 'sad' TO 'glum'",
        "CREATE DOMAIN weight AS integer CHECK (VALUE > 0)",
    ],
)
def test_every_change_changes_the_fingerprint(read: Any, script: str) -> None:
    before = read()
    assert read(script).fingerprint != before.fingerprint


def test_sequences_and_types_that_belong_to_no_table_are_seen(read: Any) -> None:
    read(
        "CREATE SEQUENCE tickets START 100 CYCLE;\n"
        "CREATE DOMAIN weight AS numeric(5,1) DEFAULT 1 NOT NULL CONSTRAINT heavy CHECK (VALUE > 0)"
    )
    alone = [view for view in read().views if view.kind not in ("view", "function")]
    assert alone == [
        View("mood", "('sad', 'happy')", "enum"),
        View(
            "tickets",
            "as bigint start 100 increment 1 minvalue 1 maxvalue 9223372036854775807 cache 1 cycle",
            "sequence",
        ),
        View(
            "weight",
            "NUMERIC(5, 1), default 1, not null, heavy CHECK (VALUE > 0::numeric)",
            "domain",
        ),
    ]


def test_what_an_extension_brings_and_what_a_sequence_has_counted_are_left_out(read: Any) -> None:
    before = read("CREATE SEQUENCE tickets")
    after = read(f"{EXTENSION};\nSELECT nextval('tickets')")
    assert after.fingerprint == before.fingerprint


def test_rows_and_extensions_do_not_change_the_fingerprint(read: Any) -> None:
    before = read()
    after = read("INSERT INTO owners DEFAULT VALUES;\nANALYZE owners")
    assert after.fingerprint == before.fingerprint


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("character varying(80)", "VARCHAR(80)"),
        ("character varying", "VARCHAR"),
        ("character varying(8)[]", "VARCHAR(8)[]"),
        ("character(3)", "CHAR(3)"),
        ("timestamp(3) without time zone", "TIMESTAMP(3)"),
        ("timestamp with time zone", "TIMESTAMP WITH TIME ZONE"),
        ("time without time zone", "TIME"),
        ("numeric(10,2)", "NUMERIC(10, 2)"),
        ("double precision", "DOUBLE PRECISION"),
    ],
)
def test_types_go_by_their_usual_names(kind: str, name: str) -> None:
    assert type_name(kind) == name


@pytest.mark.parametrize(
    ("before", "after", "kind", "name"),
    [
        (
            "CREATE FUNCTION f(i int) RETURNS int LANGUAGE sql AS 'SELECT 1'",
            "CREATE OR REPLACE FUNCTION f(i int) RETURNS int LANGUAGE sql AS 'SELECT 2'",
            "function",
            "f(i integer)",
        ),
        (
            "CREATE FUNCTION f(i int) RETURNS int LANGUAGE sql SECURITY DEFINER AS 'SELECT 1'",
            "ALTER FUNCTION f SECURITY INVOKER",
            "function",
            "f(i integer)",
        ),
        (
            "CREATE PROCEDURE p() LANGUAGE sql AS 'SELECT 1'",
            "CREATE OR REPLACE PROCEDURE p() LANGUAGE sql AS 'SELECT 2'",
            "procedure",
            "p()",
        ),
        (
            "CREATE AGGREGATE a(int) (sfunc = int4pl, stype = int)",
            "CREATE OR REPLACE AGGREGATE a(int) (sfunc = int4mul, stype = int)",
            "aggregate",
            "a(integer)",
        ),
        ("CREATE TYPE t AS (x int, y int)", "ALTER TYPE t DROP ATTRIBUTE y", "type", "t"),
        (
            "CREATE STATISTICS s ON id, name FROM products",
            "DROP STATISTICS s;\nCREATE STATISTICS s ON id, price FROM products",
            "statistics",
            "s",
        ),
        (
            "CREATE VIEW v WITH (security_barrier) AS SELECT 1 AS x",
            "ALTER VIEW v RESET (security_barrier)",
            "view",
            "v",
        ),
        (
            'CREATE DOMAIN d AS text COLLATE "C"',
            "DROP DOMAIN d;\nCREATE DOMAIN d AS text",
            "domain",
            "d",
        ),
    ],
)
def test_what_is_another_under_its_name_is_told(
    read: Any, before: str, after: str, kind: str, name: str
) -> None:
    first = read(before)
    assert first.fingerprint == read().fingerprint
    (found,) = compare(first, read(after)).tables
    assert (found.sign, found.kind, found.name) == ("changed", kind, name)


def test_a_dropped_overload_is_told(read: Any) -> None:
    makes = "CREATE FUNCTION f({}) RETURNS int LANGUAGE sql AS 'SELECT 1'"
    first = read(f"{makes.format('int')};\n{makes.format('text')}")
    again = read(f"DROP FUNCTION f(text);\n{makes.format('bigint')}")
    assert [(t.sign, t.name) for t in compare(first, again).tables] == [
        ("added", "f(bigint)"),
        ("removed", "f(text)"),
    ]


def test_foreign_keys_that_are_not_watched_any_more_are_told(read: Any) -> None:
    (found,) = compare(read(), read("ALTER TABLE products DISABLE TRIGGER ALL")).tables
    assert [(c.sign, c.kind) for c in found.changes] == [
        ("added", "option"),
        ("changed", "trigger"),
    ]


def test_rights_and_owners_are_no_part_of_a_schema(read: Any) -> None:
    first = read()
    again = read(
        "GRANT SELECT ON products TO PUBLIC;\nALTER TABLE products OWNER TO pg_monitor;\n"
        "ALTER TABLE products SET (fillfactor = 70)"
    )
    assert first.fingerprint == again.fingerprint
