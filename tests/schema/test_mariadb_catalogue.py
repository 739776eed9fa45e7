"""A MariaDB schema is read exactly, whatever Alembic would have passed over."""

from typing import Any

import pytest

from console.schema.catalogue import Catalogue, read_catalogue
from console.schema.connection import read_only
from console.schema.mariadb_catalogue import declaration, upper
from console.schema.table import Column, Part, Table
from tests.histories.script_folder import target_of
from tests.servers import engine_of

SCHEMA = """
CREATE TABLE owners (id integer AUTO_INCREMENT PRIMARY KEY) CHARACTER SET utf8mb4;
CREATE TABLE products (
    id integer AUTO_INCREMENT PRIMARY KEY,
    name varchar(80) CHARACTER SET latin1 NOT NULL DEFAULT 'x',
    price numeric(10, 2) COMMENT 'in euro',
    twice numeric(10, 2) GENERATED ALWAYS AS (price * 2) STORED,
    made timestamp DEFAULT current_timestamp ON UPDATE current_timestamp,
    owner integer,
    feels enum('sad', 'happy'),
    CONSTRAINT owned FOREIGN KEY (owner) REFERENCES owners (id) ON DELETE CASCADE,
    CONSTRAINT once UNIQUE (name),
    CONSTRAINT positive CHECK (price >= 0)
) CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci;
CREATE INDEX by_name ON products (name(10), price DESC);
CREATE VIEW cheap AS SELECT id FROM products WHERE price < 10;
CREATE TRIGGER noted BEFORE UPDATE ON products FOR EACH ROW SET NEW.price = 1;
"""


def run(url: str, script: str) -> None:
    with engine_of(url).connect() as connection:
        for statement in filter(str.strip, script.split(";\n")):
            connection.exec_driver_sql(statement)


@pytest.fixture
def read(mariadb: str, tmp_path: Any) -> Any:
    """A function that reads the catalogue of the schema above after some more statements."""
    run(mariadb, SCHEMA)
    target = target_of(tmp_path / "migrations", url=mariadb)

    def read(script: str = "") -> Catalogue:
        run(mariadb, script)
        with read_only(target) as connection:
            assert connection is not None
            return read_catalogue(connection)

    return read


def products(catalogue: Catalogue) -> Table:
    return next(table for table in catalogue.tables if table.name == "products")


def test_columns_are_read_with_all_that_is_said_of_them(read: Any) -> None:
    assert products(read()).columns == (
        Column("id", "INT(11)", False, None, True, ("auto_increment",)),
        Column("name", "VARCHAR(80)", False, "'x'", notes=("collate latin1_swedish_ci",)),
        Column("price", "DECIMAL(10, 2)", True, notes=("comment 'in euro'",)),
        Column("twice", "DECIMAL(10, 2)", True, notes=("generated always as (price * 2) stored",)),
        Column(
            "made",
            "TIMESTAMP",
            True,
            "current_timestamp()",
            notes=("on update current_timestamp()",),
        ),
        Column("owner", "INT(11)", True),
        Column("feels", "ENUM('sad', 'happy')", True),
    )


def test_parts_are_read_in_words(read: Any) -> None:
    assert products(read()).parts == (
        Part("check", "positive", "(price >= 0)"),
        Part("foreign key", "owned", "(owner) references owners (id) on delete CASCADE"),
        Part("index", "by_name", "(name(10), price DESC)"),
        Part("index", "owned", "(owner)"),
        Part("option", "", "ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci"),
        Part("primary key", "", "(id)"),
        Part("trigger", "noted", "BEFORE UPDATE SET NEW.price = 1"),
        Part("unique", "once", "(name)"),
    )


def test_sequences_are_seen_without_what_they_have_counted(read: Any) -> None:
    before = read("CREATE SEQUENCE tickets START WITH 100 CYCLE")
    (sequence,) = [view for view in before.views if view.kind == "sequence"]
    assert sequence.name == "tickets"
    assert sequence.definition.startswith("start with 100 minvalue 1")
    assert " cycle" in sequence.definition
    assert read("SELECT NEXT VALUE FOR tickets").fingerprint == before.fingerprint
    assert "tickets" not in {table.name for table in before.tables}


def test_views_are_seen(read: Any) -> None:
    (view,) = read().views
    assert view.definition == "select products.id AS id from products where products.price < 10"


@pytest.mark.parametrize(
    "script",
    [
        "ALTER TABLE products MODIFY feels enum('sad', 'happy', 'calm')",
        "ALTER TABLE products MODIFY name varchar(90) NOT NULL",
        "ALTER TABLE products DROP CONSTRAINT positive",
        "ALTER TABLE owners ENGINE = Aria",
        "DROP INDEX by_name ON products",
        "CREATE OR REPLACE VIEW cheap AS SELECT id FROM products WHERE price < 11",
        "CREATE OR REPLACE TRIGGER noted BEFORE UPDATE ON products FOR EACH ROW SET NEW.price = 2",
        "ALTER TABLE owners ADD note varchar(9) CHECK (note <> '')",
    ],
)
def test_every_change_changes_the_fingerprint(read: Any, script: str) -> None:
    before = read()
    if "ENGINE" in script:
        run_without_keys = "ALTER TABLE products DROP FOREIGN KEY owned"
        before = read(run_without_keys)
    assert read(script).fingerprint != before.fingerprint


def test_rows_do_not_change_the_fingerprint(read: Any) -> None:
    before = read()
    assert read("INSERT INTO owners VALUES (), ()").fingerprint == before.fingerprint


@pytest.mark.parametrize(
    ("line", "part"),
    [
        ("PRIMARY KEY (`a`,`b`)", Part("primary key", "", "(a, b)")),
        ("UNIQUE KEY `odd``name` (`a`)", Part("unique", "odd`name", "(a)")),
        ("FULLTEXT KEY `f` (`a`)", Part("index", "", "FULLTEXT KEY f (a)")),
        ("KEY `k` (`a` DESC) USING BTREE", Part("index", "k", "(a DESC) USING BTREE")),
        ("`a` int(11) NOT NULL", None),
    ],
)
def test_a_line_declares_a_part(line: str, part: Part | None) -> None:
    assert declaration(line) == part


def test_the_values_of_an_enumeration_keep_their_case() -> None:
    assert upper("enum('a,1','b')") == "ENUM('a,1', 'b')"
    assert upper("decimal(10,2) unsigned") == "DECIMAL(10, 2) UNSIGNED"
