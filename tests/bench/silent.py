"""silent: revisions that damage data without an error, each rehearsed, or run where none of it was
foreseen; the ledger must name what was damaged, and a run must take it back."""

from __future__ import annotations

import random
from pathlib import Path

import sqlalchemy as sa

from console.schema.dialects import dialect_of
from console.schema.errors import DataLost, SchemaError
from console.schema.executor import apply
from console.schema.ledger import Ledger
from console.schema.rehearsal import rehearse
from tests.bench.alteration import Alteration, alter, harmless
from tests.bench.ground import Ground
from tests.bench.kills import dump
from tests.bench.round import Round
from tests.bench.shape import Shape, make_shapes
from tests.histories.place import Place
from tests.histories.script_folder import Sample

WORLDS = 4
CLEAN = Ledger((), (), (), (), is_clean=True, verdict="Nothing is lost.")
TRIGGER = {
    "sqlite": (
        "CREATE TRIGGER watch AFTER UPDATE ON customer BEGIN SELECT 1; END",
        "DROP TRIGGER watch",
    ),
    "postgresql": (
        "CREATE TRIGGER watch BEFORE UPDATE ON customer FOR EACH ROW "
        "EXECUTE FUNCTION suppress_redundant_updates_trigger()",
        "DROP TRIGGER watch ON customer",
    ),
}
TRIGGER["mariadb"] = TRIGGER["mysql"] = (
    "CREATE TRIGGER watch AFTER UPDATE ON customer FOR EACH ROW SET @watched = 1",
    "DROP TRIGGER watch",
)


class World:
    """Generated tables with their rows in a database, a view and a trigger; nothing is managed yet."""

    def __init__(self, ground: Ground, folder: Path, number: int) -> None:
        chance = random.Random(f"world {number}")
        self.shapes: list[Shape] = make_shapes(chance)
        self.place: Place = ground.place(folder)
        create, drop = TRIGGER[ground.name]
        self.things = {"watch": drop, "busy": "DROP VIEW busy"}
        engine = sa.create_engine(self.place.target.url, poolclass=sa.NullPool)
        metadata = sa.MetaData()
        tables = [shape.table(metadata) for shape in self.shapes]
        with engine.begin() as connection:
            metadata.create_all(connection)
            for shape, table in zip(self.shapes, tables, strict=True):
                connection.execute(table.insert(), [_nulls(row) for row in shape.rows])
            connection.exec_driver_sql("CREATE VIEW busy AS SELECT id FROM customer WHERE id > 3")
            connection.exec_driver_sql(create)
        ground.keep(self.place)
        self.start = dump(self.place)

    def write(self, alteration: Alteration, chance: random.Random) -> None:
        """Make it the only revision of the history."""
        for file in (self.place.scripts / "versions").glob("*.py"):
            file.unlink()
        name = f"a{chance.getrandbits(48):012x}"
        self.place.write(Sample(name, message=alteration.what, up=alteration.body))


class Silent:
    """Damage; each round is one alteration, rehearsed or run."""

    def __init__(self, ground: Ground, folder: Path) -> None:
        self.ground = ground
        self.worlds = [World(ground, folder / f"world{n}", n) for n in range(WORLDS)]

    def close(self) -> None:
        """Nothing is left."""

    def play(self, chance: random.Random) -> Round:
        """One round."""
        world = chance.choice(self.worlds)
        alteration = alter(world.shapes, world.things, chance)
        world.write(alteration, chance)
        way = self.rehearsed if chance.random() < 0.5 else self.run
        wrong = way(world, alteration)
        words = f"{alteration.table or alteration.thing}.{alteration.column}, {alteration.what}: "
        return Round(way.__name__, wrong and words + wrong)

    def rehearsed(self, world: World, alteration: Alteration) -> str:
        """What a rehearsal fails to say, or ""."""
        plan, workspace = world.place.plan(), world.place.workspace
        rehearsal = rehearse(world.place.target, plan, workspace=workspace)
        if rehearsal.ledger is None:
            return f"the rehearsal failed: {rehearsal.error}"
        if rehearsal.ledger.is_clean:
            return "not seen"
        is_named = names(rehearsal.ledger, alteration)
        return "" if is_named else f"not named: {rehearsal.ledger.verdict}"

    def run(self, world: World, alteration: Alteration) -> str:
        """What a run lets pass, fails to say or leaves behind, or ""."""
        try:
            apply(world.place.target, world.place.plan(), expected=CLEAN)
        except DataLost as error:
            wrong = "" if is_told(error.losses, alteration) else f"not named: {error.losses}"
        except SchemaError as error:
            wrong = f"the run failed: {error}"
        else:
            wrong = "applied"
        if not dialect_of(world.place.target).is_transactional:  # it cannot take anything back
            self.ground.restore(world.place)
        elif dump(world.place) != world.start:
            wrong += " and not taken back"
            self.ground.restore(world.place)
        return wrong


class Harmless(Silent):
    """The control: what changes no data must not be reported."""

    def play(self, chance: random.Random) -> Round:
        world = chance.choice(self.worlds)
        alteration = harmless(world.shapes, chance)
        world.write(alteration, chance)
        plan, workspace = world.place.plan(), world.place.workspace
        rehearsal = rehearse(world.place.target, plan, workspace=workspace)
        wrong = f"the rehearsal failed: {rehearsal.error}"
        if rehearsal.ledger is not None:
            wrong = "" if rehearsal.ledger.is_clean else rehearsal.ledger.verdict
        return Round("rehearsed", wrong and f"{alteration.table}, {alteration.what}: {wrong}")


def names(ledger: Ledger, alteration: Alteration) -> bool:
    """Whether a ledger blames the right table and column, or the right thing."""
    if alteration.thing:
        return any(name == alteration.thing for _, name in ledger.objects_lost)
    for entry in ledger.entries:
        if entry.table == alteration.table:
            blamed = {c.name for c in entry.columns if c.verdict in ("changed", "lost")}
            # Rows without a key have no identity: which column's values moved cannot be told. And
            # where other rows stand in for lost ones, every value of the table has changed.
            is_named = alteration.column in blamed or entry.mixed
            return is_named if alteration.column else entry.verdict != "identical"
    return False


def is_told(losses: tuple[str, ...], alteration: Alteration) -> bool:
    """Whether a refusal names the right place."""
    if alteration.thing:
        return any(alteration.thing in loss for loss in losses)
    column = f".{alteration.column}:" if alteration.column else ""
    places = (f"{alteration.table}{column}", f"{alteration.table}: values changed places")
    return any(loss.startswith(places) for loss in losses)


def _nulls(row: dict[str, object]) -> dict[str, object]:
    """A row as SQLAlchemy takes it: None in JSON would be JSON's own null."""
    return row | ({"data": sa.null()} if row["data"] is None else {})
