"""What copies, locks or silently changes a table on MariaDB and MySQL is found."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from console.schema.catalogue import Change, Column, Difference, Part, TableDifference
from tests.hazards.judging import codes, judged, only
from tests.hazards.making import EMPTY, PRODUCTS, made_up, operation
from tests.hazards.shop import shop
from tests.histories.place import Place
from tests.servers import engine_of

UNSAFE = [
    ("implicit-default", "ALTER TABLE products ADD COLUMN sku VARCHAR(9) NOT NULL"),
    ("copy-or-lock", "ALTER TABLE products MODIFY id BIGINT NOT NULL"),
    ("copy-or-lock", "ALTER TABLE products CHANGE price cost NUMERIC(12, 2) NULL"),
    (
        "copy-or-lock",
        "ALTER TABLE products ADD CONSTRAINT fk FOREIGN KEY(id) REFERENCES makers (id)",
    ),
    ("copy-or-lock", "ALTER TABLE `products` CONVERT TO CHARACTER SET utf8mb4"),
    ("copy-or-lock", "ALTER TABLE products DROP PRIMARY KEY"),
    (
        "inline-references",
        "CREATE TABLE notes (id INTEGER, product INTEGER REFERENCES products (id))",
    ),
    ("inline-references", "ALTER TABLE products ADD maker INTEGER REFERENCES makers (id)"),
    ("unique-column-drop", "ALTER TABLE products DROP COLUMN price"),
]
SAFE = [
    ("implicit-default", "ALTER TABLE products ADD COLUMN sku VARCHAR(9) DEFAULT '' NOT NULL"),
    ("implicit-default", "ALTER TABLE products ADD COLUMN sku VARCHAR(9)"),
    ("implicit-default", "ALTER TABLE products ADD twice INT AS (id * 2) STORED NOT NULL"),
    ("implicit-default", "ALTER TABLE empty ADD COLUMN sku VARCHAR(9) NOT NULL"),
    (
        "copy-or-lock",
        "ALTER TABLE products MODIFY id BIGINT NOT NULL, ALGORITHM=INPLACE, LOCK=NONE",
    ),
    ("copy-or-lock", "ALTER TABLE products CHANGE price cost NUMERIC(10, 2) NULL"),
    ("copy-or-lock", "ALTER TABLE products MODIFY name VARCHAR(62) NOT NULL"),
    ("copy-or-lock", "ALTER TABLE products ADD COLUMN sku VARCHAR(9)"),
    ("copy-or-lock", "ALTER TABLE products ADD COLUMN twice INT AS (id * 2) VIRTUAL"),
    ("copy-or-lock", "ALTER TABLE fresh CONVERT TO CHARACTER SET utf8mb4"),
    (
        "inline-references",
        "CREATE TABLE notes (id INTEGER, p INTEGER, FOREIGN KEY(p) REFERENCES products (id))",
    ),
    (
        "inline-references",
        "ALTER TABLE products ADD CONSTRAINT fk FOREIGN KEY(id) REFERENCES makers (id)",
    ),
    ("unique-column-drop", "ALTER TABLE products DROP COLUMN made"),
    ("unique-column-drop", "ALTER TABLE products DROP KEY uq_other"),
    ("unique-column-drop", "ALTER TABLE products DROP INDEX uq_pair, DROP COLUMN price"),
]


@pytest.mark.parametrize(("code", "sql"), UNSAFE)
def test_what_is_dangerous_is_found(tmp_path: Path, code: str, sql: str) -> None:
    hazard = only(made_up(tmp_path, "mysql", sql), code)
    assert hazard.revision == "aaaa1"
    assert hazard.rewrite


@pytest.mark.parametrize(("code", "sql"), SAFE)
def test_what_is_safe_is_not(tmp_path: Path, code: str, sql: str) -> None:
    assert code not in codes(made_up(tmp_path, "mysql", sql))


@pytest.mark.parametrize(("code", "sql"), UNSAFE)
def test_other_databases_are_not_held_to_it(tmp_path: Path, code: str, sql: str) -> None:
    assert code not in codes(made_up(tmp_path, "postgresql", sql))


def test_rows_that_get_a_made_up_value_are_counted(tmp_path: Path) -> None:
    hazard = only(made_up(tmp_path, "mysql", UNSAFE[0][1]), "implicit-default")
    assert hazard.danger == (
        "All 3 rows of products silently get a made-up value for the required sku."
    )
    assert hazard.severity == "error"


def test_each_change_of_the_schema_commits(tmp_path: Path) -> None:
    changes = ["ALTER TABLE products ADD a TEXT", "CREATE TABLE b (id INT)"]
    hazard = only(made_up(tmp_path, "mysql", *changes), "several-ddl-in-one-revision")
    assert hazard.danger == "2 statements change the schema, each for good at once."


def test_the_indexes_of_a_new_table_are_part_of_it(tmp_path: Path) -> None:
    changes = ["CREATE TABLE b (id INT, a INT)", "CREATE UNIQUE INDEX ix_b_a ON b (a)"]
    assert "several-ddl-in-one-revision" not in codes(made_up(tmp_path, "mysql", *changes))


def test_one_change_and_its_rows_are_no_hazard(tmp_path: Path) -> None:
    changes = ["ALTER TABLE products ADD a TEXT", "UPDATE products SET a = name WHERE id < 9"]
    assert "several-ddl-in-one-revision" not in codes(made_up(tmp_path, "mysql", *changes))


def test_what_modify_does_not_repeat_is_lost(tmp_path: Path) -> None:
    change = operation("alter_column", column="name", type="TEXT", existing_type="VARCHAR(60)")
    hazard = only(made_up(tmp_path, "mysql", operations=(change,)), "alter-missing-existing")
    assert hazard.danger == (
        "name of products loses NOT NULL and its default 'new' and its comment 'Its name', "
        "since the operation does not repeat it."
    )
    assert "existing_nullable=False" in hazard.rewrite


@pytest.mark.parametrize(
    "details",
    [
        {"existing_nullable": "no", "existing_default": "'new'", "existing_comment": "Its name"},
        {"nullable": "yes", "default": "none", "comment": "yes"},
    ],
)
def test_what_modify_repeats_or_changes_stays(tmp_path: Path, details: dict[str, str]) -> None:
    change = operation("alter_column", column="name", type="TEXT", **details)
    hazards = made_up(tmp_path, "mysql", operations=(change,))
    assert "alter-missing-existing" not in codes(hazards)


def test_a_default_alone_restates_nothing(tmp_path: Path) -> None:
    change = operation("alter_column", column="name", default="'old'")
    hazards = made_up(tmp_path, "mysql", operations=(change,))
    assert "alter-missing-existing" not in codes(hazards)


def test_a_column_that_is_only_renamed_keeps_all_that_it_has(tmp_path: Path) -> None:
    hazards = made_up(tmp_path, "mysql", "ALTER TABLE products RENAME COLUMN name TO title")
    assert codes(hazards) == {"rename-column"}


def checked(place: Place, url: str, column: str, change: str) -> str:
    """What a revision that changes a column loses of it, in words; "" for nothing."""
    with engine_of(url).connect() as connection:
        connection.exec_driver_sql(f"CREATE TABLE rated (id INTEGER PRIMARY KEY, {column})")
    hazards = judged(place, change, "raise NotImplementedError")
    found = [h.danger for h in hazards if h.code == "alter-missing-existing"]
    return found[0] if found else ""


@pytest.mark.parametrize(
    ("column", "change", "lost"),
    [
        ("n INT CHECK (n > 0)", "op.execute('ALTER TABLE rated MODIFY n BIGINT')", "n > 0"),
        ("n INT CHECK (n > 0)", "op.execute('ALTER TABLE rated CHANGE n m INT')", "n > 0"),
        (
            "n INT CHECK (n > 0)",
            "op.alter_column('rated', 'n', existing_type=sa.Integer(), new_column_name='m')",
            "n > 0",
        ),
        (
            "`a n` INT CHECK (`a n` > 0)",
            "op.execute('ALTER TABLE rated MODIFY `a n` BIGINT')",
            "`a n` > 0",
        ),
        ("n JSON", "op.execute('ALTER TABLE rated MODIFY n LONGTEXT')", "json_valid(n)"),
        ("n JSON", "op.execute('ALTER TABLE rated MODIFY n JSON')", ""),
        (
            "n JSON NOT NULL",
            "op.alter_column('rated', 'n', existing_type=sa.JSON(), nullable=True)",
            "",
        ),
        ("n JSON", "op.alter_column('rated', 'n', existing_type=sa.JSON(), type_=sa.Text())", ""),
        ("n INT CHECK (n > 0)", "op.execute('ALTER TABLE rated MODIFY n BIGINT CHECK (n>0)')", ""),
        (
            "n INT CHECK (n > 0), CONSTRAINT c CHECK (n>0)",
            "op.execute('ALTER TABLE rated MODIFY n BIGINT')",
            "",
        ),
        ("n INT CHECK (n > 0)", "op.execute('ALTER TABLE rated RENAME COLUMN n TO m')", ""),
        ("n INT CHECK (n > 0)", "op.execute('ALTER TABLE rated ALTER n SET DEFAULT 1')", ""),
        (
            "n INT CHECK (n > 0)",
            "op.alter_column('rated', 'n', existing_type=sa.Integer(), nullable=True, "
            "existing_server_default=sa.text('1 CHECK (n > 0)'))",
            "",
        ),
    ],
)
def test_a_check_beside_a_column_is_lost_on_mariadb_unless_it_is_repeated(
    tmp_path: Path, mariadb: str, column: str, change: str, lost: str
) -> None:
    danger = checked(shop(tmp_path, mariadb), mariadb, column, change)
    assert (f"its CHECK ({lost})" in danger) if lost else danger == ""


@pytest.mark.parametrize("change", ["MODIFY n BIGINT", "MODIFY n INT NULL"])
def test_mysql_keeps_it_as_one_of_the_table(tmp_path: Path, mysql: str, change: str) -> None:
    up = f"op.execute('ALTER TABLE rated {change}')"
    assert checked(shop(tmp_path, mysql), mysql, "n INT CHECK (n > 0)", up) == ""


@pytest.mark.parametrize(
    ("size", "parts", "is_crossed"),
    [
        (63, (), False),
        (64, (), True),
        (200, (Part("option", "", "ENGINE=InnoDB DEFAULT CHARSET=latin1"),), False),
        (300, (Part("option", "", "ENGINE=InnoDB DEFAULT CHARSET=latin1"),), True),
    ],
)
def test_the_boundary_is_counted_in_bytes(
    tmp_path: Path, size: int, parts: tuple[Part, ...], is_crossed: bool
) -> None:
    sql = f"ALTER TABLE products MODIFY name VARCHAR({size}) NOT NULL"
    tables = (replace(PRODUCTS, parts=parts), EMPTY)
    hazards = made_up(tmp_path, "mysql", sql, tables=tables)
    assert ("varchar-boundary" in codes(hazards)) is is_crossed


def test_a_copy_that_is_asked_for_is_no_surprise(tmp_path: Path) -> None:
    sql = "ALTER TABLE products MODIFY name VARCHAR(300), ALGORITHM=COPY, LOCK=SHARED"
    assert "varchar-boundary" not in codes(made_up(tmp_path, "mysql", sql))


def test_a_statement_that_copies_a_table_is_one_finding(tmp_path: Path) -> None:
    sql = "ALTER TABLE products DROP PRIMARY KEY, ADD PRIMARY KEY (id), ADD CHECK (price > 0)"
    hazard = only(made_up(tmp_path, "mysql", sql), "copy-or-lock")
    assert f"{sql}, ALGORITHM=COPY, LOCK=SHARED" in hazard.rewrite


def test_how_a_table_is_copied_stands_before_its_new_order(tmp_path: Path) -> None:
    sql = "ALTER TABLE products ADD sku INT, ORDER BY price, name"
    hazard = only(made_up(tmp_path, "mysql", sql), "copy-or-lock")
    stated = "ALTER TABLE products ADD sku INT, ALGORITHM=COPY, LOCK=SHARED, ORDER BY price, name"
    assert f'op.execute("{stated}")' in hazard.rewrite


def test_a_foreign_key_that_the_server_made_is_one(tmp_path: Path) -> None:
    made = Change("added", "foreign key", "fk", None, "(maker) references makers (id)")
    difference = Difference((TableDifference("products", "changed", (made,)),))
    sql = "ALTER TABLE products ADD maker INTEGER REFERENCES makers (id)"
    assert "inline-references" not in codes(made_up(tmp_path, "mysql", sql, difference=difference))


@pytest.mark.parametrize("columns", ["(name(10), price)", "(price DESC, name(10))"])
def test_the_columns_of_a_unique_are_told_from_their_lengths_and_order(
    tmp_path: Path, columns: str
) -> None:
    table = replace(PRODUCTS, parts=(Part("unique", "uq_pair", columns),))
    sql = "ALTER TABLE products DROP COLUMN price"
    hazard = only(made_up(tmp_path, "mysql", sql, tables=(table, EMPTY)), "unique-column-drop")
    assert "UNIQUE uq_pair (" in hazard.danger


def test_an_expression_of_a_unique_is_no_column_of_it(tmp_path: Path) -> None:
    table = replace(PRODUCTS, parts=(Part("unique", "uq_pair", "(name, (coalesce(price, made)))"),))
    sql = "ALTER TABLE products DROP COLUMN made"
    assert "unique-column-drop" not in codes(made_up(tmp_path, "mysql", sql, tables=(table, EMPTY)))


@pytest.mark.parametrize(
    ("clone", "is_found"),
    [("MariaDB dump and load", False), ("MySQL dump and load", True), ("", True)],
)
def test_where_nobody_knows_which_of_the_two_it_is_what_one_copies_counts(
    tmp_path: Path, clone: str, is_found: bool
) -> None:
    sql = "ALTER TABLE products ADD sku VARCHAR(9) DEFAULT (concat('a', 'b'))"
    hazards = made_up(tmp_path, "mysql", sql, clone=clone)
    assert ("copy-or-lock" in codes(hazards)) is is_found


def test_a_unique_of_one_column_goes_with_it(tmp_path: Path) -> None:
    table = replace(
        PRODUCTS,
        columns=(*PRODUCTS.columns, Column("sku", "TEXT", nullable=True)),
        parts=(Part("unique", "uq_sku", "(sku)"),),
    )
    sql = "ALTER TABLE products DROP COLUMN sku"
    hazards = made_up(tmp_path, "mysql", sql, tables=(table, EMPTY))
    assert "unique-column-drop" not in codes(hazards)
