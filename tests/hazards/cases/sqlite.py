"""Cases of rules about SQLite and its batch mode."""

from tests.hazards.cases.case import Case, batch, filled

ON = ("sqlite",)


def required(table: str) -> str:
    """A change for which batch mode makes a table anew."""
    return batch(table, "batch.alter_column('size', existing_type=sa.Integer, nullable=False)")


CHANGE = "batch.alter_column('size', existing_type=sa.Integer, nullable=False)"
SIZED = "id INTEGER PRIMARY KEY, size INTEGER"
WHOLE = (
    "sa.Column('id', sa.Integer, primary_key=True), sa.Column('size', sa.Integer), "
    "sa.CheckConstraint('size > 0')"
)
CASES = (
    Case(
        "alter-outside-batch",
        "op.create_check_constraint('ck', 'plain', 'id > 0')",
        "plain",
        "create_check_constraint on plain fails on SQLite.",
        on=ON,
        tables=filled("plain", "id INTEGER PRIMARY KEY"),
        fails=True,
    ),
    Case(
        "batch-foreign-key-action",
        required("owners"),
        "owned",
        "Making owners anew can delete 2 rows of owned where foreign keys are enforced.",
        on=ON,
        severity="warning",
        tables=(
            *filled("owners", SIZED, "1, 1"),
            *filled(
                "owned",
                "id INTEGER PRIMARY KEY, owner INTEGER, "
                "CONSTRAINT fk FOREIGN KEY (owner) REFERENCES owners (id) ON DELETE CASCADE",
                "1, 1",
                "2, 1",
            ),
        ),
        safe=("op.add_column('owners', sa.Column('name', sa.Text))",),
    ),
    Case(
        "batch-object-loss",
        required("watched"),
        "watched.tidy",
        "The trigger tidy of watched is lost when batch mode makes the table anew",
        on=ON,
        tables=(
            *filled("watched", SIZED, "1, 1"),
            "CREATE TRIGGER tidy AFTER INSERT ON watched BEGIN "
            "UPDATE watched SET size = 0 WHERE id = new.id AND size < 0; END",
        ),
        keep=required("watched"),
    ),
    Case(
        "batch-object-loss",
        required("found"),
        "found.ix_found",
        "The index ix_found of found is lost when batch mode makes the table anew",
        on=ON,
        tables=(
            *filled("found", f"{SIZED}, name TEXT", "1, 1, 'A'"),
            "CREATE UNIQUE INDEX ix_found ON found (lower(name)) WHERE name <> ':x'",
        ),
        keep=required("found"),
    ),
    Case(
        "batch-object-loss",
        required("checked"),
        "checked.check",
        "The check of checked is lost when batch mode makes the table anew",
        on=ON,
        tables=filled("checked", f"{SIZED}, CHECK (size > 0)", "1, 1"),
        fill=(WHOLE, CHANGE),
    ),
    Case(
        "batch-view",
        required("viewed"),
        "view_of_it",
        "The view view_of_it reads viewed, which batch mode cannot make anew under it.",
        on=ON,
        tables=(
            *filled("viewed", SIZED, "1, 1"),
            "CREATE VIEW view_of_it AS SELECT size FROM viewed",
        ),
        fails=True,
        fill=(CHANGE,),
    ),
    Case(
        "batch-generated-column",
        required("doubled"),
        "doubled.twice",
        "twice of doubled is computed",
        on=ON,
        tables=(
            f"CREATE TABLE doubled ({SIZED}, twice INTEGER GENERATED ALWAYS AS (size * 2) STORED)",
            "INSERT INTO doubled (id, size) VALUES (1, 1)",
        ),
        fails=True,
        fill=(CHANGE,),
    ),
)
