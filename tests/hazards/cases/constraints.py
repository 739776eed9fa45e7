"""Cases of rules about constraints that rows may break, and about the indexes of foreign keys."""

from tests.hazards.cases.case import Case, batch, filled

KEYED = """\
op.create_table(
    "lines",
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("order_id", sa.Integer, sa.ForeignKey("orders.id")),
)"""
CASES = (
    Case(
        "add-unique-with-duplicates",
        batch("twins", "batch.create_unique_constraint('uq', ['name'])"),
        "twins.name",
        "Some of the 3 rows of twins have the same name.",
        tables=filled(
            "twins", "id INTEGER PRIMARY KEY, name VARCHAR(20)", "1, 'a'", "2, 'a'", "3, 'b'"
        ),
        fails=True,
        fill=("'another'", "id = 2"),
    ),
    Case(
        "add-foreign-key-with-orphans",
        batch("from", "batch.create_foreign_key('fk', 'where', ['like'], ['id'])"),
        "from.like",
        "2 rows of from point by like to no row of where.",
        tables=(
            *filled('"where"', "id INTEGER PRIMARY KEY", "1"),
            *filled(
                '"from"',
                'id INTEGER PRIMARY KEY, "like" INTEGER',
                "1, 1",
                "2, 7",
                "3, 8",
                "4, NULL",
            ),
        ),
        fails=True,
    ),
    Case(
        "add-check-with-violators",
        batch("check", "batch.create_check_constraint('ck', 'mark > 0')"),
        "check.ck",
        "1 row of check breaks the condition mark > 0.",
        tables=filled('"check"', "id INTEGER PRIMARY KEY, mark INTEGER", "1, 3", "2, -1"),
        fails=True,
        fill=("mark = 1",),
    ),
    Case(
        "foreign-key-without-index",
        KEYED,
        "lines.order_id",
        "lines points to orders by order_id, and no index begins with it.",
        on=("sqlite", "postgresql"),
        severity="warning",
        tables=filled("orders", "id INTEGER PRIMARY KEY", "1"),
        keep=KEYED,
    ),
)
