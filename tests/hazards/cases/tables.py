"""Cases of rules about whole tables."""

from tests.hazards.cases.case import Case, filled

THREE = ("1, 'a'", "2, 'b'", "3, 'c'")
DRAFTS = ("4, 'd'", "5, 'e'", "6, 'f'")  # what is dropped must not seem to live on elsewhere
COLUMNS = "id INTEGER PRIMARY KEY, text VARCHAR(20)"
CASES = (
    Case(
        "reused-name",
        "op.rename_table('ledgered', 'ledgered_2025')\nop.rename_table('ledgered_new', 'ledgered')",
        "ledgered",
        "ledgered is afterwards what ledgered_new is now: code that knows ledgered reads and writes the rows of ledgered_new.",
        tables=(
            *filled("ledgered", "id INTEGER PRIMARY KEY", "1"),
            *filled("ledgered_new", "id INTEGER PRIMARY KEY", "1"),
        ),
        fill=("ledgered_2026", "ledgered_2026"),
    ),
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
    Case(
        "broken-view",
        "op.drop_table('quoted')",
        "quotes",
        "The view quotes names quoted, which is gone after the plan.",
        on=("sqlite", "mysql"),
        tables=(*filled("quoted", COLUMNS), "CREATE VIEW quotes AS SELECT text FROM quoted"),
        keep="op.drop_table('quoted')",
        fill=("AS SELECT 1 AS text",),
        alone=True,  # SQLite renames no table while such a view is there
    ),
    Case(
        "broken-view",
        "op.alter_column('logged', 'text', new_column_name='said', existing_type=sa.String(20))",
        "logs",
        "The trigger logs names text of logged, which is gone after the plan.",
        on=("mysql",),
        tables=(
            *filled("logged", COLUMNS),
            "CREATE TRIGGER logs BEFORE INSERT ON logged FOR EACH ROW SET NEW.text = 'x'",
        ),
        keep="op.alter_column('logged', 'text', new_column_name='said', existing_type=sa.String(20))",
        fill=("BEFORE INSERT ON logged FOR EACH ROW SET NEW.said = 'x'",),
        also=("rename-column",),
    ),
    Case(
        "drop-cascade",
        "op.execute('DROP TABLE led CASCADE')",
        "led",
        "DROP TABLE led takes along what depends on it; gone in the rehearsal, and named nowhere: "
        "the foreign key fk_led of following, the view leads.",
        on=("postgresql",),
        tables=(
            *filled("led", COLUMNS),
            "CREATE TABLE following (id INTEGER CONSTRAINT fk_led REFERENCES led (id))",
            "CREATE VIEW leads AS SELECT id FROM led",
        ),
        safe=(
            "op.execute('DROP VIEW leads')\nop.drop_constraint('fk_led', 'following')\nop.drop_table('led')",
        ),
    ),
)
