"""A schema of MariaDB or MySQL is read exactly, whatever Alembic would have passed over."""

from typing import Any

import pytest

from console.schema.catalogue import Catalogue, read_catalogue
from console.schema.connection import read_only
from console.schema.difference import compare
from console.schema.mariadb_catalogue import as_sql, declaration, is_wrapped, unescaped, upper
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


@pytest.fixture(params=["mariadb", "mysql"])
def server(request: pytest.FixtureRequest) -> str:
    """Which of the two it is."""
    return str(request.param)


@pytest.fixture
def read(server: str, request: pytest.FixtureRequest, tmp_path: Any) -> Any:
    """A function that reads the catalogue of the schema above after some more statements."""
    return reader(request.getfixturevalue(server), tmp_path)


def reader(url: str, folder: Any) -> Any:
    run(url, SCHEMA)
    target = target_of(folder / "migrations", url=url)

    def read(script: str = "") -> Catalogue:
        run(url, script)
        with read_only(target) as connection:
            assert connection is not None
            return read_catalogue(connection)

    return read


@pytest.mark.parametrize(
    "setting",
    ["sql_mode = 'ANSI,NO_ZERO_IN_DATE'", "sql_quote_show_create = OFF"],
)
def test_what_a_session_is_set_to_hides_nothing_and_stays(
    server: str, request: pytest.FixtureRequest, setting: str
) -> None:
    url = request.getfixturevalue(server)
    run(url, SCHEMA)
    asked = "SELECT @@sql_mode, @@sql_quote_show_create"
    with engine_of(url).connect() as connection:
        before = read_catalogue(connection)
        connection.exec_driver_sql(f"SET SESSION {setting}")
        settings = connection.exec_driver_sql(asked).one()
        assert read_catalogue(connection) == before
        assert connection.exec_driver_sql(asked).one() == settings


def products(catalogue: Catalogue) -> Table:
    return next(table for table in catalogue.tables if table.name == "products")


def test_columns_are_read_with_all_that_is_said_of_them(server: str, read: Any) -> None:
    integer, now = {
        "mariadb": ("INT(11)", "current_timestamp()"),
        "mysql": ("INT", "CURRENT_TIMESTAMP"),
    }[server]
    assert products(read()).columns == (
        Column("id", integer, False, None, True, ("auto_increment",)),
        Column("name", "VARCHAR(80)", False, "'x'", notes=("collate latin1_swedish_ci",)),
        Column("price", "DECIMAL(10, 2)", True, notes=("comment 'in euro'",)),
        Column("twice", "DECIMAL(10, 2)", True, notes=("generated always as (price * 2) stored",)),
        Column("made", "TIMESTAMP", True, now, notes=(f"on update {now.lower()}",)),
        Column("owner", integer, True),
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


ODD = """
CREATE TABLE odd (
    id bigint unsigned PRIMARY KEY,
    list json DEFAULT (json_array()),
    word varchar(9) DEFAULT 'NULL',
    said varchar(20) DEFAULT 'it''s \\\\',
    made varchar(40) DEFAULT (concat('it''s', 'x')),
    day date DEFAULT '2020-01-01',
    bits bit(3) DEFAULT b'101',
    many integer DEFAULT 5,
    hidden integer INVISIBLE,
    low varchar(9) GENERATED ALWAYS AS (lower(word)) VIRTUAL,
    KEY by_low ((lower(said))),
    KEY unused (many) INVISIBLE,
    CONSTRAINT some CHECK (many > 1) NOT ENFORCED
)
"""


def test_what_only_mysql_has_is_read(mysql: str, tmp_path: Any) -> None:
    odd = next(table for table in reader(mysql, tmp_path)(ODD).tables if table.name == "odd")
    assert {column.name: column.default for column in odd.columns} == {
        "id": None,
        "list": "(json_array())",
        "word": "'NULL'",
        "said": r"'it''s \\'",
        "made": r"(concat(_utf8mb4'it\'s',_utf8mb4'x'))",
        "day": "'2020-01-01'",
        "bits": "b'101'",
        "many": "5",
        "hidden": None,
        "low": None,
    }
    notes = {column.name: column.notes for column in odd.columns if column.notes}
    assert notes == {
        "hidden": ("invisible",),
        "low": ("generated always as (lower(word)) virtual",),
    }
    assert odd.parts[:3] == (
        Part("check", "some", "(many > 1) NOT ENFORCED"),
        Part("index", "by_low", "((lower(said)))"),
        Part("index", "unused", "(many) INVISIBLE"),
    )


def test_a_default_that_is_read_makes_the_same_column_again(mysql: str, tmp_path: Any) -> None:
    read = reader(mysql, tmp_path)
    odd = next(table for table in read(ODD).tables if table.name == "odd")
    stated = ", ".join(
        f"{column.name} {column.type} DEFAULT {column.default}"
        for column in odd.columns
        if column.default
    )
    again = read(f"CREATE TABLE again ({stated})")
    made = next(table for table in again.tables if table.name == "again")
    assert made.columns == tuple(column for column in odd.columns if column.default)


def test_sequences_are_seen_without_what_they_have_counted(mariadb: str, tmp_path: Any) -> None:
    read = reader(mariadb, tmp_path)
    before = read("CREATE SEQUENCE tickets START WITH 100 CYCLE")
    (sequence,) = [view for view in before.views if view.kind == "sequence"]
    assert sequence.name == "tickets"
    assert sequence.definition.startswith("start with 100 minvalue 1")
    assert " cycle" in sequence.definition
    assert read("SELECT NEXT VALUE FOR tickets").fingerprint == before.fingerprint
    assert "tickets" not in {table.name for table in before.tables}


def test_views_are_seen(read: Any) -> None:
    (view,) = read().views
    assert view.definition.startswith("select products.id AS id from products where ")
    assert "products.price < 10" in view.definition


@pytest.mark.parametrize(
    "script",
    [
        "ALTER TABLE products MODIFY feels enum('sad', 'happy', 'calm')",
        "ALTER TABLE products MODIFY name varchar(90) NOT NULL",
        "ALTER TABLE products DROP CONSTRAINT positive",
        "ALTER TABLE owners ENGINE = MyISAM",
        "DROP INDEX by_name ON products",
        "CREATE OR REPLACE VIEW cheap AS SELECT id FROM products WHERE price < 11",
        "DROP TRIGGER noted;\n"
        "CREATE TRIGGER noted BEFORE UPDATE ON products FOR EACH ROW SET NEW.price = 2",
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


@pytest.mark.parametrize(
    ("default", "kind", "is_expression", "sql"),
    [
        ("x", "varchar(80)", False, "'x'"),
        ("", "char(1)", False, "''"),
        ("5", "int unsigned", False, "5"),
        ("5", "varchar(9)", False, "'5'"),
        ("int", "enum('int','x')", False, "'int'"),
        ("0x6100", "varbinary(2)", False, "0x6100"),
        ("CURRENT_TIMESTAMP", "varchar(40)", False, "'CURRENT_TIMESTAMP'"),
        ("CURRENT_TIMESTAMP(3)", "datetime(3)", True, "CURRENT_TIMESTAMP(3)"),
        ("uuid()", "varchar(40)", True, "(uuid())"),
        ("(1 + 1)", "int", True, "(1 + 1)"),
        (r"concat(_utf8mb4\'a\',`b`)", "text", True, "(concat(_utf8mb4'a',b))"),
    ],
)
def test_a_default_is_told_as_sql(default: str, kind: str, is_expression: bool, sql: str) -> None:
    assert as_sql(default, kind, is_expression=is_expression) == sql


def test_only_brackets_around_everything_are_too_many() -> None:
    assert is_wrapped("(a > 1)")
    assert not is_wrapped("(a) + (b)")
    assert is_wrapped("(a <> ')')")
    assert not is_wrapped("a")


def test_what_was_escaped_is_written_as_it_was() -> None:
    assert unescaped(r"concat(\'it\\\'s\')") == r"concat('it\'s')"


def test_the_values_of_an_enumeration_keep_their_case() -> None:
    assert upper("enum('a,1','b')") == "ENUM('a,1', 'b')"
    assert upper("decimal(10,2) unsigned") == "DECIMAL(10, 2) UNSIGNED"


@pytest.mark.parametrize(
    ("before", "after", "kind", "name"),
    [
        (
            "CREATE FUNCTION f(i int) RETURNS int DETERMINISTIC RETURN i",
            "DROP FUNCTION f;\nCREATE FUNCTION f(i int) RETURNS int DETERMINISTIC RETURN i + 1",
            "function",
            "f",
        ),
        (
            "CREATE PROCEDURE p(i int) SELECT 1",
            "DROP PROCEDURE p;\nCREATE PROCEDURE p(i bigint) SELECT 1",
            "procedure",
            "p",
        ),
        (
            "CREATE EVENT e ON SCHEDULE EVERY 1 DAY DO SET @x = 1",
            "ALTER EVENT e DO SET @x = 2",
            "event",
            "e",
        ),
        (
            "CREATE VIEW v AS SELECT id FROM products WHERE id > 1 WITH CHECK OPTION",
            "CREATE OR REPLACE VIEW v AS SELECT id FROM products WHERE id > 1",
            "view",
            "v",
        ),
        (
            "CREATE VIEW v AS SELECT id FROM products",
            "CREATE OR REPLACE SQL SECURITY INVOKER VIEW v AS SELECT id FROM products",
            "view",
            "v",
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


def test_an_event_that_goes_by_itself_is_no_part_of_a_schema(read: Any) -> None:
    first = read()
    soon = "CREATE EVENT e ON SCHEDULE AT current_timestamp + INTERVAL 1 HOUR DO SET @x = 1"
    assert read(soon).fingerprint == first.fingerprint
    assert read("ALTER EVENT e DISABLE").fingerprint == first.fingerprint
