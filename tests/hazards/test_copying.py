"""What the rules call a copy is what MariaDB and MySQL refuse to do in place, each in its own way."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from console.schema.catalogue import read_catalogue
from console.schema.flavour import MARIADB, flavour_of
from tests.hazards.making import made_up
from tests.servers import engine_of

COPYING = {"copy-or-lock", "varchar-boundary"}
REFUSED = (1845, 1846)  # it cannot be done in place, or not without a lock
TABLES = """
CREATE TABLE makers (id int PRIMARY KEY);
INSERT INTO makers VALUES (1), (2);
CREATE TABLE t (
    id int PRIMARY KEY, a int, b varchar(40), c varchar(60), d decimal(10, 2), e enum('S', 'L'),
    f datetime, g text, h varchar(20) CHARACTER SET latin1, i int NOT NULL, j float, k tinyint,
    l double, m date, n set('a', 'b'), o varbinary(100), p json, KEY by_a (a)
) CHARACTER SET utf8mb4
"""
BOTH = """
ADD z int
ADD z int NOT NULL DEFAULT 5
ADD z int AFTER a
ADD z datetime DEFAULT CURRENT_TIMESTAMP
ADD z datetime DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP
ADD z int INVISIBLE
ADD z int DEFAULT (1 + 1)
ADD z varchar(20) DEFAULT (concat('a', 'b'))
ADD z int DEFAULT (a + 1)
ADD z int CHECK (z > 0)
ADD z int UNIQUE
ADD z int AS (a * 2) VIRTUAL
ADD z int AS (a * 2) STORED
ADD z json
DROP COLUMN c
DROP COLUMN a
RENAME COLUMN a TO z
CHANGE a z int
CHANGE a z bigint
MODIFY a bigint
MODIFY a int unsigned
MODIFY a integer NOT NULL
MODIFY i int NULL
MODIFY a int COMMENT 'x'
MODIFY k smallint
MODIFY k bool
MODIFY k boolean NOT NULL DEFAULT 0
MODIFY b varchar(62)
MODIFY c varchar(63)
MODIFY c varchar(64)
MODIFY c varchar(30)
MODIFY h varchar(255) CHARACTER SET latin1
MODIFY h varchar(256) CHARACTER SET latin1
MODIFY o varbinary(255)
MODIFY o varbinary(300)
MODIFY d numeric(10, 2) NOT NULL DEFAULT 0
MODIFY d decimal(12, 2)
MODIFY d decimal(12, 4)
MODIFY e enum('S', 'L', 'H')
MODIFY e enum('S', 'M', 'L')
MODIFY n set('a', 'b', 'c')
MODIFY n set('b', 'a')
MODIFY f datetime(6)
MODIFY f timestamp NULL
MODIFY m datetime
MODIFY g longtext
MODIFY c text
MODIFY j double
MODIFY l double precision NOT NULL DEFAULT 0
MODIFY p json NOT NULL
ALTER a SET DEFAULT 3
ADD INDEX z (c)
ADD INDEX z (a, g(10))
ADD UNIQUE z (a)
ADD FULLTEXT z (c)
DROP INDEX by_a
RENAME INDEX by_a TO z
ADD CONSTRAINT {table}z CHECK (a > 0)
ADD CONSTRAINT {table}z FOREIGN KEY (a) REFERENCES makers (id)
DROP PRIMARY KEY
CONVERT TO CHARACTER SET utf8mb3
COMMENT 'x'
CREATE INDEX z ON {table} (c)
CREATE UNIQUE INDEX z ON {table} (a)
CREATE FULLTEXT INDEX z ON {table} (c)
"""
ONLY_MYSQL = """
ADD z varchar(20) DEFAULT (upper(b))
ADD INDEX z ((upper(c)))
ADD UNIQUE INDEX z (a, (lower(b)))
CREATE INDEX z ON {table} ((upper(c)))
ADD CONSTRAINT {table}z CHECK (a > 0) NOT ENFORCED
ALTER INDEX by_a INVISIBLE
"""
ONLY_MARIADB = """
ADD z varchar(36) DEFAULT uuid()
ADD z varchar(36) DEFAULT (uuid())
ALTER INDEX by_a IGNORED
"""


@pytest.fixture
def statements(either: str) -> dict[str, str]:
    """The statements that this server knows, by the table of each."""
    with engine_of(either).connect() as connection:
        more = ONLY_MARIADB if flavour_of(connection) is MARIADB else ONLY_MYSQL
        for statement in TABLES.split(";\n"):
            connection.exec_driver_sql(statement)
        actions = f"{BOTH}{more}".split("\n")
        found = {}
        for number, action in enumerate(filter(None, actions)):
            table = f"t{number}"
            connection.exec_driver_sql(f"CREATE TABLE {table} LIKE t")
            whole = action if action.startswith("CREATE") else f"ALTER TABLE {{table}} {action}"
            found[table] = whole.format(table=table)
        return found


def is_refused(connection: Connection, statement: str) -> bool:
    """Whether the server will not do it in place while others write."""
    glue = " " if statement.startswith("CREATE") else ", "
    try:
        connection.exec_driver_sql(f"{statement}{glue}ALGORITHM=INPLACE{glue}LOCK=NONE")
    except DBAPIError as error:
        if error.orig and error.orig.args[0] in REFUSED:
            return True
        raise
    return False


def test_what_is_found_is_what_the_server_refuses_to_do_in_place(
    either: str, statements: dict[str, str], tmp_path: Path
) -> None:
    with engine_of(either).connect() as connection:
        name, tables = flavour_of(connection).name, read_catalogue(connection).tables
        refused = {sql for sql in statements.values() if is_refused(connection, sql)}
    hazards = made_up(
        tmp_path, "mysql", *statements.values(), tables=tables, clone=f"{name} dump and load"
    )
    found = {statements[h.subject.split(".")[0]] for h in hazards if h.code in COPYING}
    assert found == refused
