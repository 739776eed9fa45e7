"""families: generated parents and children on SQLite, the parents rebuilt by Alembic's batch mode.

With foreign keys on, dropping the old table deletes the children of ON DELETE CASCADE and empties
those of SET NULL, without an error. The control does that: plain Alembic on a connection that has
foreign keys on, as Flask applications set it up.
"""

from __future__ import annotations

import random
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

from alembic import command
from alembic.config import Config

from console.schema.errors import SchemaError
from console.schema.executor import apply
from tests.bench.forks import fork, wait
from tests.bench.ground import Ground
from tests.bench.round import Round
from tests.histories.place import Place
from tests.histories.script_folder import ENVIRONMENT, Sample

SILENT = ("CASCADE", "SET NULL")  # these lose rows without an error, the others make one
ACTIONS = (*SILENT, "RESTRICT", "NO ACTION", "SET DEFAULT")
STRICT = ENVIRONMENT.replace(
    "with engine",
    """\
from sqlalchemy import event

@event.listens_for(engine, "connect")
def _foreign_keys(connection, record):
    connection.execute("PRAGMA foreign_keys = ON")

with engine""",
    1,
)
Rows = dict[str, list[tuple[object, ...]]]


class Family:
    """The SQL of some tables with rows that belong together, and a revision that rebuilds parents."""

    def __init__(self, chance: random.Random) -> None:
        self.chance = chance
        self.actions = SILENT if chance.random() < 0.6 else ACTIONS
        self.sql: list[str] = []
        self.parents: list[str] = []
        self.tables: list[str] = []
        for number in range(chance.randrange(1, 3)):
            self._parent(f"parent{number}")
        for number in range(chance.randrange(1, 4)):
            self._child(f"child{number}", chance.choice(self.parents))
        if chance.random() < 0.4:
            self._child("grandchild", "child0", key="id")

    def _parent(self, name: str) -> None:
        """A table, perhaps with a key of two columns or with rows that belong to each other."""
        chance = self.chance
        is_double, is_tree = chance.random() < 0.3, chance.random() < 0.4
        key = "PRIMARY KEY (id, part)" if is_double else "PRIMARY KEY (id)"
        tree = f", above INTEGER REFERENCES {name}(id) ON DELETE {chance.choice(self.actions)}"
        unique = ", UNIQUE (id)"
        columns = "id INTEGER NOT NULL, part INTEGER NOT NULL, name VARCHAR(80), size INTEGER"
        self.sql.append(f"CREATE TABLE {name} ({columns}{tree if is_tree else ''}, {key}{unique})")
        rows = range(1, chance.randrange(5, 40))
        for number in rows:
            self.sql.append(
                f"INSERT INTO {name} (id, part, name, size) "
                f"VALUES ({number}, {number % 3}, 'row {number}', {number})"
            )
        if is_tree:
            self.sql.append(f"UPDATE {name} SET above = id / 2 WHERE id > 1")
        if is_double:
            self.parents.append(f"{name}:double")
        else:
            self.parents.append(name)
        self.tables.append(name)
        if chance.random() < 0.3:
            self.sql += [
                f"CREATE TABLE {name}_log (at INTEGER)",
                f"CREATE TRIGGER {name}_gone AFTER DELETE ON {name} "
                f"BEGIN DELETE FROM {name}_log; END",
                f"INSERT INTO {name}_log VALUES (1), (2), (3)",
            ]
            self.tables.append(f"{name}_log")

    def _child(self, name: str, parent: str, key: str = "") -> None:
        """A table whose rows belong to those of a parent."""
        parent, _, double = parent.partition(":")
        action = self.chance.choice(self.actions)
        own, others = ("parent_id, part", "id, part") if double else ("parent_id", "id")
        deferred = self.chance.choice(("", " DEFERRABLE INITIALLY DEFERRED"))
        self.sql += [
            f"CREATE TABLE {name} (id INTEGER PRIMARY KEY, parent_id INTEGER, part INTEGER, "
            f"text TEXT, FOREIGN KEY ({own}) REFERENCES {parent}({others}) "
            f"ON DELETE {action} ON UPDATE {self.chance.choice(self.actions)}{deferred})",
            f"INSERT INTO {name} (parent_id, part, text) SELECT p.id, p.{'id' if key else 'part'}, "
            f"'text ' || p.id FROM {parent} p, (SELECT 1 UNION ALL SELECT 2)",
        ]
        self.tables.append(name)

    @property
    def revision(self) -> Sample:
        """Rebuilds every parent in one of the ways that people do it."""
        ways = (
            'batch.alter_column("name", existing_type=sa.String(80), type_=sa.String(120))',
            'batch.alter_column("size", existing_type=sa.Integer(), nullable=False)',
            'batch.create_check_constraint("ck_size", "size >= 0")',
            'batch.add_column(sa.Column("more", sa.Integer(), server_default="1"))',
        )
        lines = []
        for parent in self.parents:
            name = parent.partition(":")[0]
            lines.append(f'with op.batch_alter_table("{name}", recreate="always") as batch:')
            lines.append(f"    {self.chance.choice(ways)}")
        return Sample(f"f{self.chance.getrandbits(40):010x}", up="\n".join(lines))


class Families:
    """Rebuilt through the console."""

    def __init__(self, ground: Ground, folder: Path) -> None:
        self.ground, self.folder = ground, folder

    def close(self) -> None:
        """Nothing is left."""

    def play(self, chance: random.Random) -> Round:
        """One family."""
        family = Family(chance)
        place = self.ground.place(self.folder / "place")
        try:
            place.write(family.revision)
            place.run(";\n".join(family.sql))
            before = rows_of(place, family)
            end = self.upgrade(place)
            return self.judge(end, lost(before, rows_of(place, family)))
        finally:
            shutil.rmtree(place.folder)

    def upgrade(self, place: Place) -> str:
        """Apply; how it ended."""
        try:
            apply(place.target, place.plan())
        except SchemaError as error:
            return str(error)
        return "rebuilt"

    def judge(self, end: str, gone: str) -> Round:
        """Nothing may be lost, and every family can be rebuilt."""
        return Round(
            "rebuilt" if end == "rebuilt" else "failed", gone or (end if end != "rebuilt" else "")
        )


class Plain(Families):
    """The control, by plain Alembic with foreign keys on: how many families lose rows."""

    def upgrade(self, place: Place) -> str:
        place.environment(STRICT)

        def work() -> None:
            config = Config()
            config.set_main_option("script_location", str(place.scripts))
            config.set_main_option("sqlalchemy.url", place.target.url)
            command.upgrade(config, "head")

        return "rebuilt" if wait(fork(work)) == 0 else "failed"

    def judge(self, end: str, gone: str) -> Round:
        return Round("rows lost without an error" if gone and end == "rebuilt" else end)


def rows_of(place: Place, family: Family) -> Rows:
    """Every row of the family's tables."""
    with closing(sqlite3.connect(place.file)) as connection:
        return {
            name: connection.execute(f"SELECT * FROM {name} ORDER BY 1, 2").fetchall()
            if name[-3:] != "log"
            else connection.execute(f"SELECT at FROM {name} ORDER BY 1").fetchall()
            for name in family.tables
        }


def lost(before: Rows, after: Rows) -> str:
    """What is gone or another than it was, in words."""
    found = []
    for name, rows in before.items():
        now = [row[: len(rows[0])] for row in after[name]] if rows else []
        if now != rows:
            found.append(f"{name}: {len(rows)} rows before, {len(now)} after")
    return "; ".join(found)
