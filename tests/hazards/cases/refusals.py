"""Cases of rules about partitions, refusals and modes of MariaDB and MySQL."""

from tests.hazards.cases.case import Case, filled

ON = ("mysql",)
ID = "id INTEGER PRIMARY KEY"
RANGES = "PARTITION BY RANGE (id) (PARTITION p0 VALUES LESS THAN (10), PARTITION p1 VALUES LESS THAN (99))"


def parted(table: str) -> tuple[str, ...]:
    """A table of two partitions with a row in each."""
    return (f"CREATE TABLE {table} ({ID}) {RANGES}", f"INSERT INTO {table} VALUES (1), (50)")


CASES = (
    Case(
        "drop-partition",
        "op.execute('ALTER TABLE parted DROP PARTITION p0')",
        "parted.p0",
        "The rows of the partition p0 of parted are lost.",
        on=ON,
        tables=parted("parted"),
    ),
    Case(
        "drop-partition",
        "op.execute('ALTER TABLE cleared TRUNCATE PARTITION p0, p1')",
        "cleared.p0, p1",
        "The rows of the partitions p0, p1 of cleared are lost.",
        on=ON,
        tables=parted("cleared"),
    ),
    Case(
        "repartition",
        "op.execute('ALTER TABLE split PARTITION BY HASH (id) PARTITIONS 4')",
        "split",
        "PARTITION BY HASH moves rows of split while nobody can write to it.",
        on=ON,
        severity="warning",
        tables=filled("split", ID, "1", "2"),
        fill=("id = 1",),
    ),
    Case(
        "repartition",
        "op.execute('ALTER TABLE whole REMOVE PARTITIONING')",
        "whole",
        "REMOVE PARTITIONING moves rows of whole while nobody can write to it.",
        on=ON,
        severity="warning",
        tables=parted("whole"),
        fill=("id = 1",),
    ),
    Case(
        "needed-column-drop",
        "op.drop_column('framed', 'high')",
        "framed.high",
        "high of framed is needed by the CHECK ck_framed.",
        on=ON,
        tables=filled(
            "framed", f"{ID}, low INT, high INT, CONSTRAINT ck_framed CHECK (low < high)", "1, 1, 2"
        ),
        fails=True,
        also=("drop-column",),
        apart=True,
    ),
    Case(
        "needed-column-drop",
        "op.drop_column('tripled', 'size')",
        "tripled.size",
        "size of tripled is needed by the column triple.",
        on=ON,
        tables=(f"CREATE TABLE tripled ({ID}, size INT, triple INT AS (size * 3))",),
        fails=True,
        also=("drop-column",),
        apart=True,
    ),
    Case(
        "needed-column-drop",
        "op.drop_column('resorted', 'size')",
        "resorted.size",
        "size of resorted is needed by the index ix_size.",
        on=ON,
        server="mysql",
        tables=(f"CREATE TABLE resorted ({ID}, size INT, INDEX ix_size ((size + 1)))",),
        fails=True,
        also=("drop-column",),
        apart=True,
    ),
    Case(
        "unsafe-default",
        'op.execute("ALTER TABLE tokens ADD COLUMN token VARCHAR(36) DEFAULT (uuid())")',
        "tokens.token",
        "MySQL refuses the default (uuid()) of the new column token.",
        on=ON,
        server="mysql",
        tables=filled("tokens", ID, "1", "2"),
        fails=True,
        also=("dml-without-where",),
    ),
    Case(
        "checks-off",
        'op.execute("SET FOREIGN_KEY_CHECKS = 0")',
        "FOREIGN_KEY_CHECKS",
        "FOREIGN_KEY_CHECKS is off for the rest of the plan.",
        on=ON,
        alone=True,
    ),
    Case(
        "checks-off",
        'op.execute("SET @@session.foreign_key_checks=0, unique_checks=1")\n'
        'op.execute("SET foreign_key_checks=1")',
        "FOREIGN_KEY_CHECKS",
        "FOREIGN_KEY_CHECKS is off for the statements in between.",
        on=ON,
        severity="warning",
        alone=True,
    ),
    Case(
        "lenient-mode",
        "op.execute(\"SET SESSION sql_mode = 'NO_ZERO_DATE'\")",
        "sql_mode",
        "sql_mode becomes 'NO_ZERO_DATE': what does not fit is no longer refused.",
        on=ON,
        alone=True,
    ),
    Case(
        "copy-or-lock",
        "op.execute('OPTIMIZE TABLE tidied')",
        "tidied",
        "OPTIMIZE TABLE copies or locks all of tidied.",
        on=ON,
        severity="warning",
        tables=filled("tidied", ID, "1"),
    ),
    Case(
        "copy-or-lock",
        "op.execute('ALTER TABLE counting MODIFY id INTEGER NOT NULL AUTO_INCREMENT')",
        "counting.id",
        "AUTO_INCREMENT for id copies or locks all of counting.",
        on=ON,
        severity="warning",
        tables=filled("counting", ID, "1"),
        safe=(
            "op.execute('ALTER TABLE counting MODIFY id INTEGER NOT NULL AUTO_INCREMENT, "
            "ALGORITHM=COPY, LOCK=SHARED')",
        ),
    ),
    Case(
        "copy-or-lock",
        "op.execute('ALTER TABLE uttered MODIFY word VARCHAR(20) CHARACTER SET utf8mb4')",
        "uttered.word",
        "The character set utf8mb4 for word copies or locks all of uttered.",
        on=ON,
        severity="warning",
        tables=filled("uttered", f"{ID}, word VARCHAR(20) CHARACTER SET latin1", "1, 'a'"),
        safe=(
            "op.execute('ALTER TABLE uttered MODIFY word VARCHAR(20) CHARACTER SET utf8mb4, "
            "ALGORITHM=COPY, LOCK=SHARED')",
        ),
    ),
    Case(
        "narrowing-type",
        "op.execute(\"ALTER TABLE moods MODIFY mood ENUM('good')\")",
        "moods.mood",
        "mood of moods takes 'bad' no more",
        on=ON,
        tables=filled("moods", f"{ID}, mood ENUM('good', 'bad')", "1, 'good'", "2, 'bad'"),
        fails=True,
        fill=("sa.Enum('good')", "'good'"),
        also=("copy-or-lock",),
    ),
    Case(
        "narrowing-type",
        "op.execute('ALTER TABLE timed MODIFY made DATETIME')",
        "timed.made",
        "made of timed becomes DATETIME and was",
        on=ON,
        tables=filled("timed", f"{ID}, made DATETIME(6)", "1, '2024-01-01 10:00:00.6'"),
        fill=("made",),
    ),
)
