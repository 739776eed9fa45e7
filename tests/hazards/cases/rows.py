"""Cases of rules about rows that a migration rewrites."""

from tests.hazards.cases.case import Case, filled, many

ADDED = "op.add_column('stock', sa.Column('price', sa.Integer))"


def guests(table: str) -> tuple[str, ...]:
    """Two guests in a table of this name, one of whom is away."""
    here = filled(table, "id INTEGER PRIMARY KEY, seen INTEGER", "1, 0", "2, 0")
    return (*here, *filled(f"{table}_away", "id INTEGER PRIMARY KEY", "1"))


CASES = (
    Case(
        "dml-without-where",
        "op.execute(\"UPDATE articles SET text = 'where'\")",
        "articles",
        "UPDATE without WHERE rewrites all 3 rows of articles.",
        tables=filled(
            "articles", "id INTEGER PRIMARY KEY, text VARCHAR(20)", "1, 'a'", "2, 'b'", "3, 'c'"
        ),
        fill=("id = 1",),
    ),
    Case(
        "dml-without-where",
        "op.execute('DELETE FROM logs')",
        "logs",
        "DELETE without WHERE removes all 2 rows of logs.",
        tables=filled("logs", "id INTEGER PRIMARY KEY", "1", "2"),
        fill=("id = 1",),
    ),
    Case(
        "dml-without-where",
        'op.execute("DELETE FROM guests_used USING guests_used_away")',
        "guests_used",
        "DELETE without WHERE removes all 2 rows of guests_used.",
        on=("postgresql",),
        tables=guests("guests_used"),
        fill=("id = 1",),
    ),
    Case(
        "dml-without-where",
        'op.execute("WITH old AS (SELECT 1 AS id WHERE true) UPDATE guests_with SET seen = 1 FROM old")',
        "guests_with",
        "UPDATE without WHERE rewrites all 2 rows of guests_with.",
        on=("postgresql",),
        tables=guests("guests_with"),
        fill=("seen = 2", "id = 1"),
    ),
    Case(
        "dml-without-where",
        'op.execute("MERGE INTO guests_merged USING guests_merged_away ON true WHEN MATCHED THEN DELETE")',
        "guests_merged",
        "DELETE without WHERE removes all 2 rows of guests_merged.",
        on=("postgresql",),
        tables=guests("guests_merged"),
        fill=("id = 1",),
    ),
    Case(
        "dml-without-where",
        'op.execute("DELETE v FROM guests_joined AS v LEFT JOIN guests_joined_away USING (id)")',
        "guests_joined",
        "DELETE without WHERE removes all 2 rows of guests_joined.",
        on=("mysql",),
        tables=guests("guests_joined"),
        fill=("id = 1",),
    ),
    Case(
        "compares-with-null",
        "op.execute(\"UPDATE orders_open SET state = 'new' WHERE state = NULL\")",
        "orders_open",
        "state = NULL is true for no row: the UPDATE of orders_open changes no row.",
        tables=filled("orders_open", "id INTEGER PRIMARY KEY, state VARCHAR(9)", "1, NULL"),
    ),
    Case(
        "compares-with-null",
        'op.execute(\'DELETE FROM "having" WHERE "order" <> NULL\')',
        "having",
        "order <> NULL is true for no row: the DELETE of having removes no row.",
        on=("sqlite", "postgresql"),
        tables=filled('"having"', 'id INTEGER PRIMARY KEY, "order" INTEGER', "1, 2"),
    ),
    Case(
        "compares-with-null",
        "op.execute('DELETE FROM `having` WHERE `order` != NULL')",
        "having",
        "order != NULL is true for no row: the DELETE of having removes no row.",
        on=("mysql",),
        tables=filled('"having"', 'id INTEGER PRIMARY KEY, "order" INTEGER', "1, 2"),
    ),
    Case(
        "ddl-with-backfill",
        f"{ADDED}\nop.execute('UPDATE stock SET price = id WHERE id > 0')",
        "stock",
        "The revision changes the schema and writes 1,000 rows of stock",
        tables=many("stock", "id INTEGER PRIMARY KEY"),
        keep=ADDED,
    ),
)
