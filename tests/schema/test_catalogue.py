"""A SQLite schema is read exactly, and two spellings of one schema have one fingerprint."""

import sqlite3

import pytest
import sqlalchemy as sa
from alembic.migration import MigrationContext
from alembic.operations import Operations

from console.schema.catalogue import EMPTY_FINGERPRINT, Column, Part, View, read_catalogue
from console.schema.difference import compare

SHOP = """
CREATE TABLE owners (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT COLLATE NOCASE NOT NULL UNIQUE);
CREATE TABLE products (
    id INTEGER NOT NULL,
    name VARCHAR(80) NOT NULL,
    price NUMERIC(10, 2) DEFAULT 0 CONSTRAINT positive CHECK (price >= 0),
    double NUMERIC GENERATED ALWAYS AS (price * 2) STORED,
    owner_id INTEGER REFERENCES owners ON DELETE CASCADE,
    PRIMARY KEY (id),
    CONSTRAINT once UNIQUE (name, owner_id) ON CONFLICT IGNORE,
    CHECK (length(name) > 0)
);
CREATE INDEX by_lower ON products (lower(name)) WHERE price > 0;
CREATE UNIQUE INDEX by_price ON products (price DESC, name COLLATE NOCASE);
CREATE VIEW cheap AS SELECT * FROM products WHERE price < 5;
CREATE TRIGGER note AFTER UPDATE ON products BEGIN UPDATE owners SET name = 'it''s'; END;
"""


def catalogue_of(script, **options):
    connection = sqlite3.connect(":memory:")
    connection.executescript(script)
    engine = sa.create_engine("sqlite://", creator=lambda: connection, poolclass=sa.pool.StaticPool)
    with engine.connect() as opened:
        found = read_catalogue(opened, **options)
    engine.dispose()
    connection.close()
    return found


def table_of(script, name="t"):
    return next(table for table in catalogue_of(script).tables if table.name == name)


def fingerprint(script):
    return catalogue_of(script).fingerprint


def test_columns_are_read_with_type_default_key_and_notes():
    assert table_of(SHOP, "owners").columns == (
        Column("id", "INTEGER", False, None, True, ("autoincrement",)),
        Column("name", "TEXT", False, None, False, ("collate NOCASE",)),
    )
    assert table_of(SHOP, "products").columns == (
        Column("id", "INTEGER", False, None, True),
        Column("name", "VARCHAR(80)", False),
        Column("price", "NUMERIC(10, 2)", True, "0"),
        Column("double", "NUMERIC", True, notes=("generated always as (price * 2) stored",)),
        Column("owner_id", "INTEGER", True),
    )


def test_everything_else_of_a_table_is_read_as_its_parts():
    assert table_of(SHOP, "products").parts == (
        Part("check", "", "(length(name) > 0)"),
        Part("check", "positive", "(price >= 0)"),
        Part("foreign key", "", "(owner_id) references owners (id) on delete CASCADE"),
        Part("index", "by_lower", "(lower(name)) WHERE price > 0"),
        Part("index", "by_price", "unique (price DESC, name COLLATE NOCASE)"),
        Part(
            "trigger",
            "note",
            "CREATE TRIGGER note AFTER UPDATE ON products BEGIN "
            "UPDATE owners SET name = 'it''s'; END",
        ),
        Part("unique", "once", "(name, owner_id) on conflict IGNORE"),
    )
    assert table_of(SHOP, "owners").parts == (Part("unique", "", "(name)"),)


def test_views_are_read_with_the_triggers_that_stand_in_for_them():
    script = SHOP + "CREATE TRIGGER w INSTEAD OF INSERT ON cheap BEGIN SELECT 1; END;"
    (view,) = catalogue_of(script).views
    assert view.name == "cheap"
    assert view.definition.startswith(
        "CREATE VIEW cheap AS SELECT * FROM products WHERE price < 5; "
    )
    assert view.definition.endswith("BEGIN SELECT 1; END")


def test_alembics_table_the_consoles_and_sqlites_own_are_left_out():
    script = """
    CREATE TABLE alembic_version (version_num TEXT); CREATE TABLE my_version (version_num TEXT);
    CREATE TABLE console_run (id INTEGER PRIMARY KEY AUTOINCREMENT); CREATE VIEW console_journal AS SELECT 1;
    """
    found = catalogue_of(script, exclude=("My_Version",))
    assert (found.tables, found.views) == ((), ())
    assert found.fingerprint == EMPTY_FINGERPRINT


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (
            "CREATE TABLE t (a INTEGER, b TEXT)",
            'create  table "t" (\n [a] integer, `b`\tText -- x\n)',
        ),
        ("CREATE TABLE t (a NUMERIC(10,2))", "CREATE TABLE t (a numeric( 10 , 2 ))"),
        (
            "CREATE TABLE t (id INTEGER PRIMARY KEY)",
            "CREATE TABLE t (id INTEGER NOT NULL, PRIMARY KEY (id))",
        ),
        ("CREATE TABLE t (a TEXT UNIQUE)", "CREATE TABLE t (a TEXT, UNIQUE (a))"),
        ("CREATE TABLE t (a CHECK (a > 0))", 'CREATE TABLE t (a, CHECK ("a">0 /* why */))'),
        (
            "CREATE TABLE p (id INTEGER PRIMARY KEY); CREATE TABLE t (a INTEGER REFERENCES p)",
            "CREATE TABLE p (id INTEGER PRIMARY KEY); "
            'CREATE TABLE t (a INTEGER, FOREIGN KEY(a) REFERENCES "p" ("id") ON DELETE NO ACTION)',
        ),
        (
            "CREATE TABLE t (a); CREATE INDEX i ON t (a)",
            'CREATE TABLE t (a); CREATE INDEX "i"  ON "t" ( "a" )',
        ),
    ],
)
def test_two_spellings_of_one_schema_have_one_fingerprint(one, other):
    assert fingerprint(one) == fingerprint(other)
    assert not compare(catalogue_of(one), catalogue_of(other))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("CREATE TABLE t (a TEXT)", "CREATE TABLE t (a TEXT NOT NULL)"),
        ("CREATE TABLE t (a TEXT)", "CREATE TABLE t (a TEXT DEFAULT 'x')"),
        ("CREATE TABLE t (a TEXT DEFAULT 'x')", "CREATE TABLE t (a TEXT DEFAULT 'X')"),
        ("CREATE TABLE t (a TEXT)", "CREATE TABLE t (a TEXT COLLATE NOCASE)"),
        ("CREATE TABLE t (a TEXT, b TEXT)", "CREATE TABLE t (b TEXT, a TEXT)"),
        ("CREATE TABLE t (a TEXT)", "CREATE TABLE t (a TEXT) STRICT"),
        (
            "CREATE TABLE t (a INTEGER PRIMARY KEY)",
            "CREATE TABLE t (a INTEGER PRIMARY KEY AUTOINCREMENT)",
        ),
        (
            "CREATE TABLE t (a TEXT PRIMARY KEY)",
            "CREATE TABLE t (a TEXT PRIMARY KEY) WITHOUT ROWID",
        ),
        ("CREATE TABLE t (a)", "CREATE TABLE t (a UNIQUE)"),
        ("CREATE TABLE t (a)", "CREATE TABLE t (a CHECK (a > 0))"),
        ("CREATE TABLE t (a CHECK (a > 0))", "CREATE TABLE t (a CONSTRAINT c CHECK (a > 0))"),
        ("CREATE TABLE t (a CHECK (a > 'x'))", "CREATE TABLE t (a CHECK (a > 'X'))"),
        ("CREATE TABLE t (a)", "CREATE TABLE t (a REFERENCES t)"),
        ("CREATE TABLE t (a REFERENCES t)", "CREATE TABLE t (a REFERENCES t ON DELETE CASCADE)"),
        (
            "CREATE TABLE t (a REFERENCES t)",
            "CREATE TABLE t (a REFERENCES t DEFERRABLE INITIALLY DEFERRED)",
        ),
        ("CREATE TABLE t (a, b, PRIMARY KEY (a, b))", "CREATE TABLE t (a, b, PRIMARY KEY (b, a))"),
        ("CREATE TABLE t (a, b AS (a) STORED)", "CREATE TABLE t (a, b AS (a) VIRTUAL)"),
        ("CREATE TABLE t (a)", "CREATE TABLE t (a); CREATE INDEX i ON t (a)"),
        (
            "CREATE TABLE t (a); CREATE INDEX i ON t (a)",
            "CREATE TABLE t (a); CREATE INDEX i ON t (a) WHERE a > 0",
        ),
        (
            "CREATE TABLE t (a); CREATE INDEX i ON t (a)",
            "CREATE TABLE t (a); CREATE INDEX i ON t (a COLLATE NOCASE)",
        ),
        ("CREATE VIEW v AS SELECT 1", "CREATE VIEW v AS SELECT 2"),
        (
            "CREATE TABLE t (a)",
            "CREATE TABLE t (a); CREATE TRIGGER g AFTER INSERT ON t BEGIN SELECT 1; END",
        ),
    ],
)
def test_two_schemas_have_two_fingerprints_and_a_difference(one, other):
    assert fingerprint(one) != fingerprint(other)
    assert compare(catalogue_of(one), catalogue_of(other))


def rebuilt(tmp_path, owner_id, rule=""):
    """What changes when batch mode makes one column of a table NOT NULL."""
    script = f"""
    CREATE TABLE owners (id INTEGER PRIMARY KEY);
    CREATE TABLE products (
        id INTEGER PRIMARY KEY, name VARCHAR(80) DEFAULT 'x', price NUMERIC(10,2),
        owner_id {owner_id},
        stamped DATETIME DEFAULT (CURRENT_TIMESTAMP),
        CONSTRAINT once UNIQUE (name), CONSTRAINT positive CHECK (price >= 0)
        {rule}
    );
    CREATE INDEX by_price ON products (price);
    """
    engine = sa.create_engine(f"sqlite:///{tmp_path / 'x.db'}")
    with engine.connect() as connection:
        connection.connection.executescript(script)
        before = read_catalogue(connection)
        operations = Operations(MigrationContext.configure(connection))
        with operations.batch_alter_table("products", recreate="always") as batch:
            batch.alter_column("name", nullable=False, existing_type=sa.String(80))
        after = read_catalogue(connection)
    engine.dispose()
    (table,) = compare(before, after).tables
    return [(change.kind, change.before, change.after) for change in table.changes]


NAME_NOT_NULL = (
    "column",
    "VARCHAR(80), nullable, default 'x'",
    "VARCHAR(80), not null, default 'x'",
)


def test_rebuilding_a_table_in_batch_mode_changes_only_what_was_asked_for(tmp_path):
    rule = ", FOREIGN KEY (owner_id) REFERENCES owners (id) ON DELETE CASCADE"
    assert rebuilt(tmp_path, "INTEGER", rule) == [NAME_NOT_NULL]


def test_a_cascade_that_batch_mode_loses_is_told(tmp_path):
    assert rebuilt(tmp_path, "INTEGER REFERENCES owners (id) ON DELETE CASCADE") == [
        NAME_NOT_NULL,
        ("foreign key", None, "(owner_id) references owners (id)"),
        ("foreign key", "(owner_id) references owners (id) on delete CASCADE", None),
    ]


def test_words_that_are_names_are_not_taken_for_clauses():
    table = table_of(
        'CREATE TABLE t ("check" TEXT, "primary" INTEGER NOT NULL, [unique] X, "a b" TEXT COLLATE RTRIM)'
    )
    assert [column.name for column in table.columns] == ["check", "primary", "unique", "a b"]
    assert table.parts == ()
    assert table.columns[3].notes == ("collate RTRIM",)


def test_a_virtual_table_is_one_option():
    table = table_of("CREATE VIRTUAL TABLE t USING fts5(title, body)")
    assert [column.name for column in table.columns] == ["title", "body"]
    assert table.parts == (Part("option", "", "USING fts5(title, body)"),)


def test_defaults_and_constraints_of_every_shape_are_passed():
    table = table_of(
        "CREATE TABLE t (a INTEGER DEFAULT -1 NOT NULL, b TEXT DEFAULT ('x' || 'y') UNIQUE, "
        "c DEFAULT CURRENT_TIMESTAMP CHECK (c), d TEXT NULL DEFAULT 'it''s' COLLATE NOCASE, "
        "e INTEGER NOT NULL REFERENCES t (a) ON UPDATE SET NULL ON DELETE SET DEFAULT NOT DEFERRABLE "
        "UNIQUE ON CONFLICT FAIL, f DOUBLE PRECISION(3) UNIQUE)"
    )
    assert [column.default for column in table.columns] == [
        "- 1",
        "'x' || 'y'",
        "CURRENT_TIMESTAMP",
        "'it''s'",
        None,
        None,
    ]
    assert [(part.kind, part.definition) for part in table.parts] == [
        ("check", "(c)"),
        ("foreign key", "(e) references t (a) on delete SET DEFAULT on update SET NULL"),
        ("unique", "(b)"),
        ("unique", "(e) on conflict FAIL"),
        ("unique", "(f)"),
    ]
    assert table.columns[3].notes == ("collate NOCASE",)


def test_a_view_alone_is_a_schema():
    assert catalogue_of("CREATE VIEW v AS SELECT 1").views == (
        View("v", "CREATE VIEW v AS SELECT 1"),
    )


def test_a_renamed_table_keeps_its_parts():
    table = table_of("CREATE TABLE s (a UNIQUE, CHECK (a > 0)); ALTER TABLE s RENAME TO t")
    assert [part.definition for part in table.parts] == ["(a > 0)", "(a)"]
