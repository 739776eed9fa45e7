"""A statement that changes another database by its name is told from one that only reads there."""

import pytest

from console.schema.elsewhere import mentions, renamed

DATABASES = ("shop", "other", "mysql")


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE shop.products SET price = 1",
        "update `shop` . `products` set price = 1",
        "INSERT INTO shop.t VALUES (1)",
        'INSERT INTO "shop"."t" VALUES (1)',
        "insert /* it's */ into -- a\n shop.t values (1)",
        "REPLACE INTO other.t VALUES (1)",
        "DELETE FROM shop.t",
        "DELETE a FROM t a JOIN shop.x b",
        "UPDATE a, shop.b SET a.x = 1",
        "UPDATE a JOIN shop.b ON a.id = b.id SET b.x = 1",
        "CREATE TABLE IF NOT EXISTS `shop`.x (id int)",
        "CREATE TABLE x (a int REFERENCES shop.t (id))",
        "ALTER TABLE shop.t ADD x int",
        "ALTER TABLE a RENAME TO shop.b",
        "DROP TABLE IF EXISTS a, shop.t",
        "RENAME TABLE a TO shop.b",
        "CREATE INDEX i ON shop.t (a)",
        "DROP INDEX i ON shop.t",
        "TRUNCATE shop.t",
        "USE shop",
        "DROP DATABASE IF EXISTS anything",
        "CREATE SCHEMA anything",
        "CALL shop.tidy()",
        "SELECT nextval(shop.numbers)",
        "INSERT INTO t SELECT NEXT VALUE FOR shop.numbers",
        "BEGIN IF x THEN INSERT INTO shop.log VALUES (1); END IF; END",
        "/*!50003 CREATE TRIGGER x BEFORE INSERT ON t FOR EACH ROW INSERT INTO shop.log VALUES (1) */",
    ],
)
def test_what_changes_another_database_is_seen(sql: str) -> None:
    assert list(mentions(sql, DATABASES))


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT * FROM other.t",
        "INSERT INTO t SELECT * FROM other.t",
        "CREATE TABLE t AS SELECT * FROM other.x",
        "INSERT INTO t VALUES ('UPDATE shop.t SET x = 1', \"shop.x\", 'it\\'s shop.t')",
        "SELECT database()",
        # the table is called as the database is
        "UPDATE shop SET shop.a = 1 WHERE shop.id = 2",
        "UPDATE a JOIN shop ON shop.id = a.id SET a.x = shop.y, shop.z = 1",
        "DELETE FROM shop WHERE shop.id = 3",
        "INSERT INTO shop (id, a) VALUES (1, 2)",
        "CREATE INDEX i ON shop (id)",
        "CREATE TRIGGER tr BEFORE UPDATE ON shop FOR EACH ROW SET NEW.x = 1",
        "CREATE VIEW v AS SELECT shop.id, shop.b FROM shop",
        "CREATE TABLE `database` (schema_id int)",
        "ALTER TABLE `schema` DROP COLUMN `database`",
    ],
)
def test_what_only_reads_there_is_not(sql: str) -> None:
    assert list(mentions(sql, DATABASES)) == []


def test_another_name_is_written_where_something_is_changed() -> None:
    sql = "begin insert into shop.log values ('shop.log'); update `shop`.x set a = shop.a; end"
    assert renamed(sql, "shop", "a`b") == (
        "begin insert into `a``b`.log values ('shop.log'); update `a``b`.x set a = shop.a; end"
    )
