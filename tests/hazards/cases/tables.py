"""Cases of rules about whole tables."""

from tests.hazards.cases.case import Case, filled

THREE = ("1, 'a'", "2, 'b'", "3, 'c'")
DRAFTS = ("4, 'd'", "5, 'e'", "6, 'f'")  # what is dropped must not seem to live on elsewhere
COLUMNS = "id INTEGER PRIMARY KEY, text VARCHAR(20)"
CASES = (
    Case(
        "drop-table",
        "op.drop_table('drafts')",
        "drafts",
        "The table drafts is dropped: 3 rows lost.",
        tables=filled("drafts", COLUMNS, *DRAFTS),
    ),
    Case(
        "rename-table",
        "op.rename_table('order', 'group')",
        "order",
        "The table order (3 rows) is called group afterwards.",
        on=("postgresql", "mysql"),
        tables=filled('"order"', COLUMNS, *THREE),
    ),
    Case(
        "rename-table",
        "op.rename_table('order', 'group')",
        "order",
        "The table order (3 rows) is called group afterwards.",
        on=("sqlite",),
        tables=filled('"order"', COLUMNS, *THREE),
        safe=(
            "op.create_table('fresh', sa.Column('a', sa.Text))\nop.rename_table('fresh', 'new')",
        ),
    ),
    Case(
        "truncate",
        "op.execute('TRUNCATE TABLE visits')",
        "visits",
        "Every row of visits is removed: 3 rows.",
        on=("postgresql", "mysql"),
        tables=filled("visits", COLUMNS, *THREE),
        fill=("id < 3",),
    ),
    Case(
        "drops-console-tables",
        "op.drop_table('console_account')",
        "console_account",
        "The migration touches console_account, which belongs to the console itself.",
        tables=filled("console_account", COLUMNS),
        safe=("op.create_table('games', sa.Column('console_name', sa.Text))",),
    ),
)
