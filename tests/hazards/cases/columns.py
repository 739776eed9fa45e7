"""Cases of rules about columns."""

from tests.hazards.cases.case import Case, batch, filled

SERVERS = ("postgresql", "mysql")
HEAVY = filled("heavy", "id INTEGER PRIMARY KEY, weight INTEGER", "1, 70000", "2, 5", "3, NULL")
NARROWER = batch(
    "heavy", "batch.alter_column('weight', existing_type=sa.Integer, type_=sa.SmallInteger)"
)
FITTING = "CASE WHEN weight <= 32767 THEN weight END"
NARROWED = (
    "weight of heavy becomes SMALLINT and was {}: the largest value of heavy.weight is 70,000."
)
CASES = (
    Case(
        "drop-column",
        batch("stocked", "batch.drop_column('weight')"),
        "stocked.weight",
        "The column weight of stocked is dropped: 2 values lost.",
        tables=filled("stocked", "id INTEGER PRIMARY KEY, weight INTEGER NOT NULL", "1, 7", "2, 8"),
    ),
    Case(
        "rename-suspect",
        batch(
            "labelled",
            "batch.drop_column('label')",
            "batch.add_column(sa.Column('title', sa.String(80)))",
        ),
        "labelled.label",
        "if that is a rename, 2 values are lost for nothing.",
        tables=filled(
            "labelled", "id INTEGER PRIMARY KEY, label VARCHAR(80) NOT NULL", "1, 'x'", "2, 'y'"
        ),
        also=("rename-column",),
    ),
    Case(
        "rename-column",
        batch(
            "weighed",
            "batch.alter_column('weight', existing_type=sa.Integer, new_column_name='grams')",
        ),
        "weighed.weight",
        "The column weight of weighed is called grams afterwards.",
        tables=filled("weighed", "id INTEGER PRIMARY KEY, weight INTEGER", "1, 7", "2, NULL"),
    ),
    Case(
        "reused-name",
        "".join(
            f"op.alter_column('traded', {old!r}, new_column_name={new!r}, existing_type=sa.Integer())\n"
            for old, new in (("net", "tmp"), ("gross", "net"), ("tmp", "taxed"))
        ),
        "traded.net",
        "net of traded is afterwards what gross is now: code that knows net reads and writes the values of "
        "gross.",
        tables=filled("traded", "id INTEGER PRIMARY KEY, net INTEGER, gross INTEGER", "1, 10, 12"),
        fill=("total", "total", "total"),
    ),
    Case(
        "add-not-null-without-default",
        batch("table", "batch.add_column(sa.Column('column', sa.String(9), nullable=False))"),
        "table.column",
        "table has 3 rows, none of which has a value for the required column.",
        on=("sqlite", "postgresql"),
        tables=filled('"table"', "id INTEGER PRIMARY KEY", "1", "2", "3"),
        fails=True,
        fill=("'none'",),
    ),
    Case(
        "set-not-null-with-nulls",
        batch("select", "batch.alter_column('limit', existing_type=sa.Integer, nullable=False)"),
        "select.limit",
        "1 row of select holds NULL in limit.",
        tables=filled('"select"', 'id INTEGER PRIMARY KEY, "limit" INTEGER', "1, 7", "2, NULL"),
        fails=True,
        fill=("0",),
    ),
    Case(
        "drop-not-null",
        batch("firm", "batch.alter_column('name', existing_type=sa.String(80), nullable=True)"),
        "firm.name",
        "name of firm may be NULL afterwards.",
        severity="warning",
        tables=filled(
            "firm", "id INTEGER PRIMARY KEY, name VARCHAR(80) NOT NULL, nick VARCHAR(80)"
        ),
        safe=(
            batch("firm", "batch.alter_column('nick', existing_type=sa.String(80), nullable=True)"),
        ),
    ),
    Case(
        "narrowing-type",
        NARROWER,
        "heavy.weight",
        NARROWED.format("INTEGER"),
        on=("sqlite",),
        tables=HEAVY,
        fill=(FITTING,),
    ),
    Case(
        "narrowing-type",
        NARROWER,
        "heavy.weight",
        NARROWED.format("INTEGER"),
        on=("postgresql",),
        tables=HEAVY,
        fails=True,
        fill=(FITTING,),
    ),
    Case(
        "narrowing-type",
        NARROWER,
        "heavy.weight",
        NARROWED.format("INT(11)"),
        on=("mysql",),
        tables=HEAVY,
        fails=True,
        fill=(FITTING,),
        server="mariadb",
    ),
    Case(
        "narrowing-type",
        NARROWER,
        "heavy.weight",
        NARROWED.format("INT"),
        on=("mysql",),
        tables=HEAVY,
        fails=True,
        fill=(FITTING,),
        server="mysql",
    ),
)
