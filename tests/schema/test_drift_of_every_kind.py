"""On every database: fresh tables of rich models are no drift, and every kind of change by hand is."""

from __future__ import annotations

import secrets
from collections.abc import Iterator

import pytest
from sqlalchemy.engine import URL

from console.schema.drift import Drift, find_drift
from console.schema.executor import apply
from tests.histories.place import Place
from tests.histories.script_folder import Sample
from tests.histories.served import Served
from tests.servers import engine_of, shown

MODELS = """\
import enum
import sqlalchemy as sa

metadata = sa.MetaData()


class Size(enum.Enum):
    SMALL = "small"
    LARGE = "large"


def own(name):
    return dict(sqlite={"collation": "NOCASE"}, postgresql={"collation": "C"},
                mysql={"collation": "utf8mb4_bin"}, mariadb={"collation": "utf8mb4_bin"})[name]


def fill(connection):
    dialect = connection.dialect.name
    is_mariadb = getattr(connection.dialect, "is_mariadb", False)
    sa.Table("makers", metadata, sa.Column("id", sa.Integer, primary_key=True))
    products = sa.Table(
        "products", metadata,
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer, "sqlite"),
                  sa.Identity() if dialect == "postgresql" else None, primary_key=True),
        sa.Column("name", sa.String(80, **own(dialect)), nullable=False, server_default="none"),
        sa.Column("price", sa.Numeric(10, 2), server_default=sa.text("0")),
        sa.Column("made", sa.DateTime, server_default=sa.func.now()),
        sa.Column("sold", sa.Boolean, server_default=sa.false(), nullable=False),
        sa.Column("size", sa.Enum(Size, name="size", create_constraint=True), server_default="SMALL"),
        sa.Column("twice", sa.Numeric(10, 2), sa.Computed("price * 2", persisted=True)),
        sa.Column("note", sa.Text, comment="for the shop's people"),
        sa.Column("data", sa.JSON),
        sa.Column("maker_id", sa.ForeignKey("makers.id", name="made_by", ondelete="CASCADE")),
        sa.CheckConstraint("price >= 0 AND price < 100000", name="sane_price"),
        sa.CheckConstraint("name <> '' OR sold", name="named"),
        sa.CheckConstraint("note <> ''", name="noted"),
        sa.UniqueConstraint("name", "size", name="once"),
        sa.Index("by_price", "price"),
        comment="what there is to buy",
    )
    if not is_mariadb:
        sa.Index("by_lower", sa.func.lower(products.c.name))
    if dialect != "mysql":
        sa.Index("dear", products.c.price, sqlite_where=products.c.price > 100,
                 postgresql_where=products.c.price > 100)
"""
ENVIRONMENT = (
    MODELS
    + """
from alembic import context
from sqlalchemy import create_engine, pool

engine = create_engine(context.config.get_main_option("sqlalchemy.url"), poolclass=pool.NullPool)
with engine.connect() as connection:
    fill(connection)
    context.configure(connection=connection, target_metadata=metadata)
    with context.begin_transaction():
        context.run_migrations()
"""
)
CREATE = Sample("aaaa1", up=MODELS + "\nfill(op.get_bind())\nmetadata.create_all(op.get_bind())")
# What a hand does, and what is to be seen of it: the kind and the name of a change.
POSTGRESQL = {
    "a server default": ("ALTER TABLE products ALTER name SET DEFAULT 'some'", "column", "name"),
    "a default expression": (
        "ALTER TABLE products ALTER made SET DEFAULT now() + '1 day'",
        "column",
        "made",
    ),
    "a collation": ('ALTER TABLE products ADD label text COLLATE "C"', "column", "label"),
    "a type": ("ALTER TABLE products ALTER note TYPE varchar(200)", "column", "note"),
    "a missing NOT NULL": ("ALTER TABLE products ALTER sold DROP NOT NULL", "column", "sold"),
    "a value of an enum": ("ALTER TYPE size ADD VALUE 'HUGE'", "column", "size"),
    "an identity": ("ALTER TABLE products ALTER id SET GENERATED ALWAYS", "column", "id"),
    "a computed column": (
        "ALTER TABLE products DROP twice;\nALTER TABLE products ADD twice numeric(10,2) GENERATED ALWAYS AS (price * 3) STORED",
        "column",
        "twice",
    ),
    "a comment": ("COMMENT ON COLUMN products.data IS 'loose'", "column", "data"),
    "a comment of a table": ("COMMENT ON TABLE products IS 'else'", "option", ""),
    "a check": (
        "ALTER TABLE products DROP CONSTRAINT sane_price;\nALTER TABLE products ADD CONSTRAINT sane_price CHECK (price >= 1)",
        "check",
        "sane_price",
    ),
    "a missing check": ("ALTER TABLE products DROP CONSTRAINT named", "check", "named"),
    "a missing unique": ("ALTER TABLE products DROP CONSTRAINT once", "unique", "once"),
    "a foreign key": (
        "ALTER TABLE products DROP CONSTRAINT made_by;\nALTER TABLE products ADD CONSTRAINT made_by FOREIGN KEY (maker_id) REFERENCES makers",
        "foreign key",
        "made_by",
    ),
    "an index": (
        "DROP INDEX by_price;\nCREATE UNIQUE INDEX by_price ON products (price)",
        "index",
        "by_price",
    ),
    "an expression of an index": (
        "DROP INDEX by_lower;\nCREATE INDEX by_lower ON products (upper(name))",
        "index",
        "by_lower",
    ),
    "a part of an index": (
        "DROP INDEX dear;\nCREATE INDEX dear ON products (price) WHERE price > 200",
        "index",
        "dear",
    ),
}
MARIADB = {
    "a default expression": (
        "ALTER TABLE products ALTER made SET DEFAULT '2020-01-01'",
        "column",
        "made",
    ),
    "a server default": ("ALTER TABLE products ALTER price SET DEFAULT 1", "column", "price"),
    "a type": (
        "ALTER TABLE products MODIFY note varchar(200) COMMENT 'for the shop''s people'",
        "column",
        "note",
    ),
    "a missing NOT NULL": ("ALTER TABLE products MODIFY sold bool DEFAULT false", "column", "sold"),
    "a value of an enum": (
        "ALTER TABLE products MODIFY size enum('SMALL','LARGE','HUGE') DEFAULT 'SMALL'",
        "column",
        "size",
    ),
    "an autoincrement": (
        "ALTER TABLE products DROP FOREIGN KEY made_by, MODIFY id bigint NOT NULL",
        "column",
        "id",
    ),
    "a computed column": (
        "ALTER TABLE products MODIFY twice numeric(10,2) GENERATED ALWAYS AS (price * 3) STORED",
        "column",
        "twice",
    ),
    "a collation": (
        "ALTER TABLE products MODIFY name varchar(80) COLLATE utf8mb4_unicode_ci NOT NULL DEFAULT 'none'",
        "column",
        "name",
    ),
    "a comment of a table": ("ALTER TABLE products COMMENT 'else'", "option", ""),
    "a comment": ("ALTER TABLE products MODIFY maker_id int COMMENT 'loose'", "column", "maker_id"),
    "a check": (
        "ALTER TABLE products DROP CONSTRAINT sane_price, ADD CONSTRAINT sane_price CHECK (price >= 1)",
        "check",
        "sane_price",
    ),
    "a missing check": ("ALTER TABLE products DROP CONSTRAINT named", "check", "named"),
    "a missing unique": ("ALTER TABLE products DROP INDEX once", "unique", "once"),
    "a foreign key": (
        "ALTER TABLE products ADD CONSTRAINT made_by FOREIGN KEY (maker_id) REFERENCES makers (id)",
        "foreign key",
        "made_by",
    ),
    "an index": (
        "ALTER TABLE products DROP INDEX by_price, ADD UNIQUE INDEX by_price (price)",
        "index",
        "by_price",
    ),
}
MYSQL = MARIADB | {
    "an expression of an index": (
        "ALTER TABLE products DROP INDEX by_lower, ADD INDEX by_lower ((upper(name)))",
        "index",
        "by_lower",
    ),
    "what is invisible": ("ALTER TABLE products ALTER data SET INVISIBLE", "column", "data"),
    "what is not enforced": (
        "ALTER TABLE products ALTER CHECK noted NOT ENFORCED",
        "check",
        "noted",
    ),
}
EDITS = {  # SQLite: what stands in the statement that makes the table, and what a hand makes of it
    "a server default": ("DEFAULT 'none'", "DEFAULT 'some'", "column", "name"),
    "a default expression": (
        "CURRENT_TIMESTAMP",
        "CURRENT_DATE",
        "column",
        "made",
    ),
    "a type": ("note TEXT", "note VARCHAR(200)", "column", "note"),
    "a missing NOT NULL": (
        "sold BOOLEAN DEFAULT 0 NOT NULL",
        "sold BOOLEAN DEFAULT 0",
        "column",
        "sold",
    ),
    "a collation": ('COLLATE "NOCASE"', 'COLLATE "RTRIM"', "column", "name"),
    "a computed column": ("(price * 2)", "(price * 3)", "column", "twice"),
    "a value of an enum": ("'LARGE'", "'LARGE', 'HUGE'", "check", "size"),
    "a check": ("price < 100000", "price < 9", "check", "sane_price"),
    "a foreign key": (" ON DELETE CASCADE", "", "foreign key", "made_by"),
    "a missing unique": (
        "CONSTRAINT once UNIQUE (name, size)",
        "CONSTRAINT once UNIQUE (name, price)",
        "unique",
        "once",
    ),
}
SQLITE = {
    "an index": (
        "DROP INDEX by_price;\nCREATE UNIQUE INDEX by_price ON products (price)",
        "index",
        "by_price",
    ),
    "an expression of an index": (
        "DROP INDEX by_lower;\nCREATE INDEX by_lower ON products (upper(name))",
        "index",
        "by_lower",
    ),
    "a part of an index": (
        "DROP INDEX dear;\nCREATE INDEX dear ON products (price) WHERE price > 200",
        "index",
        "dear",
    ),
}


class Seen:
    """What drift there was at first, and after everything that a hand did."""

    def __init__(self, place: Place, statements: list[str]) -> None:
        place.environment(ENVIRONMENT)
        apply(place.target, place.plan())
        self.fresh: Drift = find_drift(place.target)
        for statement in statements:
            place.run(statement)
        self.after: Drift = find_drift(place.target)


def server(url: URL, statement: str) -> None:
    with engine_of(url).connect() as connection:
        connection.exec_driver_sql(statement)


@pytest.fixture(scope="module")
def on_postgresql(
    postgresql_server: URL, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Seen]:
    name = f"console_test_{secrets.token_hex(6)}"
    server(postgresql_server, f"CREATE DATABASE {name}")
    place = Served(
        tmp_path_factory.mktemp("kinds"), shown(postgresql_server.set(database=name)), [CREATE]
    )
    yield Seen(place, [one for one, _, _ in POSTGRESQL.values()])
    server(postgresql_server, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(scope="module")
def on_mariadb(mariadb_server: URL, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Seen]:
    name = f"console_test_{secrets.token_hex(6)}"
    server(mariadb_server, f"CREATE DATABASE {name}")
    place = Served(
        tmp_path_factory.mktemp("kinds"), shown(mariadb_server.set(database=name)), [CREATE]
    )
    yield Seen(place, [one for one, _, _ in MARIADB.values()])
    server(mariadb_server, f"DROP DATABASE {name}")


@pytest.fixture(scope="module")
def on_mysql(mysql_server: URL, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Seen]:
    name = f"console_test_{secrets.token_hex(6)}"
    server(mysql_server, f"CREATE DATABASE {name}")
    place = Served(
        tmp_path_factory.mktemp("kinds"), shown(mysql_server.set(database=name)), [CREATE]
    )
    yield Seen(place, [one for one, _, _ in MYSQL.values()])
    server(mysql_server, f"DROP DATABASE {name}")


@pytest.fixture(scope="module")
def on_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Seen:
    place = Place(tmp_path_factory.mktemp("kinds"), [CREATE])
    edits = "".join(
        f"UPDATE sqlite_master SET sql = replace(sql, {quoted(before)}, {quoted(after)}) "
        "WHERE name = 'products';\n"
        for before, after, _, _ in EDITS.values()
    )
    rewrite = f"PRAGMA writable_schema = ON;\n{edits}PRAGMA writable_schema = RESET;"
    return Seen(place, [rewrite, *(one for one, _, _ in SQLITE.values())])


def quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def expected(seen: Seen, kind: str, name: str) -> None:
    for comparison in (seen.after.history, seen.after.models):
        told = {(c.kind, c.name) for t in comparison.difference.tables for c in t.changes}
        assert (kind, name) in told


@pytest.mark.parametrize("database", ["sqlite", "postgresql", "mariadb", "mysql"])
def test_fresh_tables_of_rich_models_are_no_drift(
    database: str, request: pytest.FixtureRequest
) -> None:
    seen: Seen = request.getfixturevalue(f"on_{database}")
    assert seen.fresh.models.error is None
    assert not seen.fresh.models.difference
    assert not seen.fresh.history.difference


@pytest.mark.parametrize("what", POSTGRESQL)
def test_it_is_seen_on_postgresql(on_postgresql: Seen, what: str) -> None:
    expected(on_postgresql, *POSTGRESQL[what][1:])


@pytest.mark.parametrize("what", MARIADB)
def test_it_is_seen_on_mariadb(on_mariadb: Seen, what: str) -> None:
    expected(on_mariadb, *MARIADB[what][1:])


@pytest.mark.parametrize("what", MYSQL)
def test_it_is_seen_on_mysql(on_mysql: Seen, what: str) -> None:
    expected(on_mysql, *MYSQL[what][1:])


@pytest.mark.parametrize("what", [*EDITS, *SQLITE])
def test_it_is_seen_on_sqlite(on_sqlite: Seen, what: str) -> None:
    expected(on_sqlite, *({**EDITS, **SQLITE}[what][-2:]))
