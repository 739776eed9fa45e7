"""Cases of rules about rows that a migration rewrites."""

from tests.hazards.cases.case import Case, filled, many

ADDED = "op.add_column('stock', sa.Column('price', sa.Integer))"
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
        "ddl-with-backfill",
        f"{ADDED}\nop.execute('UPDATE stock SET price = id WHERE id > 0')",
        "stock",
        "The revision changes the schema and writes 1,000 rows of stock",
        tables=many("stock", "id INTEGER PRIMARY KEY"),
        keep=ADDED,
    ),
)
