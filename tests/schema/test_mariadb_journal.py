"""What tells whether a statement that commits by itself has been executed."""

from __future__ import annotations

import pytest

from console.schema.mariadb_journal import ONE_TABLE, fingerprint_for
from tests.servers import engine_of


@pytest.mark.parametrize(
    ("sql", "name"),
    [
        ("ALTER TABLE products ADD COLUMN x INT", "products"),
        ("alter table IF EXISTS `odd name` RENAME TO b", "`odd name`"),
        ("CREATE TABLE shop.`items` (\n id INT)", "shop.`items`"),
        ("CREATE UNIQUE INDEX by_x ON products (x)", "products"),
        ("DROP INDEX `by_x` ON shop.products", "shop.products"),
        ("DROP TABLE products", "products"),
        ("TRUNCATE products", "products"),
        ("DROP TABLE products, reviews", None),
        ("ALTER TABLE shop . products ADD x INT", None),
        ("CREATE TABLE `a``b` (id INT)", None),
        ("RENAME TABLE a TO b", None),
        ("CREATE VIEW v AS SELECT 1", None),
    ],
)
def test_the_one_table_that_a_statement_names_is_read_from_it(sql: str, name: str | None) -> None:
    found = ONE_TABLE.match(sql)
    assert (found and (found["changed"] or found["indexed"])) == name


@pytest.mark.parametrize(
    "sql",
    [
        "CREATE TABLE more (id INT)",
        "-- why\nALTER TABLE parts ADD COLUMN size INT",
        "ALTER TABLE parts COMMENT = 'of 100%'",
        "CREATE INDEX by_name ON parts (name)",
        "ALTER TABLE parts RENAME TO pieces",
        "DROP TABLE parts",
        "TRUNCATE parts",
        "ALTER TABLE `by_size` TRUNCATE PARTITION few",
        "ALTER TABLE `by_size` EXCHANGE PARTITION few WITH TABLE others",
        "CREATE VIEW names AS SELECT name FROM parts",
    ],
)
@pytest.mark.parametrize("server", ["mariadb", "mysql"])
def test_a_fingerprint_differs_once_its_statement_has_been_executed(
    request: pytest.FixtureRequest, server: str, sql: str
) -> None:
    with engine_of(request.getfixturevalue(server)).connect() as connection:
        for line in (
            "CREATE TABLE parts (id INT AUTO_INCREMENT PRIMARY KEY, name VARCHAR(20))",
            "CREATE TABLE others (id INT)",
            "CREATE TABLE `by_size` (id INT) PARTITION BY RANGE (id) "
            "(PARTITION few VALUES LESS THAN (10), PARTITION many VALUES LESS THAN MAXVALUE)",
        ):
            connection.exec_driver_sql(line)
        before = fingerprint_for(connection, sql)
        connection.exec_driver_sql("INSERT INTO parts (name) VALUES ('a'), ('b')")
        connection.exec_driver_sql("INSERT INTO others VALUES (1)")
        connection.commit()
        connection.exec_driver_sql("SET SESSION sql_mode = 'ANSI'")
        assert fingerprint_for(connection, sql) == before
        connection.exec_driver_sql(sql.replace("%", "%%"))
        assert fingerprint_for(connection, sql) != before


def test_another_partition_of_a_table_whose_name_is_no_word_changes_the_fingerprint(
    mariadb: str,
) -> None:
    sql = "ALTER TABLE `od'd näme` EXCHANGE PARTITION few WITH TABLE others"
    with engine_of(mariadb).connect() as connection:
        connection.exec_driver_sql("CREATE TABLE others (id INT)")
        connection.exec_driver_sql(
            "CREATE TABLE `od'd näme` (id INT) PARTITION BY RANGE (id) "
            "(PARTITION few VALUES LESS THAN (10))"
        )
        before = fingerprint_for(connection, sql)
        connection.exec_driver_sql(sql)
        assert fingerprint_for(connection, sql) != before
