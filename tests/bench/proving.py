"""proving: what the ledger costs, and a rehearsal of a database of 500 MB, part by part."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

from console.schema.count import count
from console.schema.executor import apply
from console.schema.progress import Event
from console.schema.rehearsal import rehearse
from tests.bench.ground import Ground
from tests.bench.line import Line
from tests.bench.measure import Cost, cost_of, of_descendants, of_this
from tests.histories.place import Place
from tests.histories.script_folder import Sample
from tests.servers import engine_of

ROWS = 1_000_000
WIDE = Sample(
    "wide1",
    message="Create wide",
    up="""\
op.create_table(
    "wide",
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("name", sa.String(80)),
    sa.Column("email", sa.String(80)),
    sa.Column("weight", sa.Integer),
    sa.Column("note", sa.String(500)),
)""",
    down='op.drop_table("wide")',
)
MORE = Sample(
    "wide2",
    ("wide1",),
    message="Add price",
    up='op.add_column("wide", sa.Column("price", sa.Numeric(10, 2)))\n'
    'op.create_index("by_weight", "wide", ["weight"])',
    down='op.drop_index("by_weight", "wide")\nop.drop_column("wide", "price")',
)
NUMBERS = f"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {ROWS})"
INTO = "INSERT INTO wide (id, name, email, weight, note)"
DEEP = f"/*+ SET_VAR(cte_max_recursion_depth = {ROWS}) */"
FILL = {
    "sqlite": f"{INTO} {NUMBERS} SELECT i, 'name ' || i, 'someone' || i || '@example.com', "
    "i % 977, hex(randomblob(210)) FROM n;",
    "postgresql": f"{INTO} SELECT i, 'name ' || i, 'someone' || i || '@example.com', i % 977, "
    f"repeat(md5(i::text), 13) FROM generate_series(1, {ROWS}) i;\nANALYZE wide;",
    "mariadb": f"{INTO} SELECT seq, concat('name ', seq), concat('someone', seq, '@example.com'), "
    f"seq % 977, repeat(md5(seq), 13) FROM seq_1_to_{ROWS};",
    # which has no MD5 any more, and recursions of a thousand unless it is told otherwise
    "mysql": f"{INTO.replace('INSERT', f'INSERT {DEEP}')} {NUMBERS} SELECT i, concat('name ', i), "
    "concat('someone', i, '@example.com'), i % 977, repeat(left(sha2(i, 224), 32), 13) FROM n;",
}


def measure(ground: Ground, folder: Path) -> Iterator[Line]:
    """The ledger by itself, then the rehearsal: clone, ledger, run, ledger; and what comes after."""
    place = ground.place(folder / "proving", [WIDE, MORE])
    apply(place.target, place.plan("wide1"))
    place.run(FILL[ground.name])
    with engine_of(place.target.url).connect() as connection:
        cost = cost_of(lambda: count(connection, keys={}))
    yield Line(ground.name, f"ledger of {ROWS:,} rows, 5 columns", cost)
    watch = Watch()
    plan = place.plan()
    whole = cost_of(lambda: rehearse(place.target, plan, workspace=place.workspace, progress=watch))
    yield Line(ground.name, f"rehearsal of {size_of(place)}, all passes", whole)
    yield Line(ground.name, "of it: clone, two ledgers, run", watch.total, note=watch.words)


class Watch:
    """A progress callback that measures the parts up to the end of the first pass."""

    def __init__(self) -> None:
        self.events: list[tuple[str, Cost]] = []
        self.how = ""

    def __call__(self, event: Event) -> None:
        now = Cost(of_this() + of_descendants(), time.perf_counter())
        self.events.append((event.kind, now))
        if event.kind == "clone":
            self.how = event.text.split(",")[0]

    def _first(self, kind: str, after: Cost) -> Cost:
        return next(at for name, at in self.events if name == kind and at.wall > after.wall)

    @property
    def parts(self) -> dict[str, Cost]:
        """What each part cost."""
        begun, copied = [at for kind, at in self.events if kind == "clone"][:2]
        counted = self._first("ledger", copied)
        stepped = self._first("step-started", counted)
        done = self._first("step-finished", stepped)
        again = self._first("ledger", done)
        end = next(at for _, at in self.events if at.wall > again.wall)
        return {
            "clone": between(begun, copied),
            "start of the process": between(copied, counted),
            "ledger": between(counted, stepped),
            "run": between(stepped, done),
            "second ledger": between(again, end),
        }

    @property
    def total(self) -> Cost:
        """All parts together."""
        return between(Cost(0, 0), *self.parts.values())

    @property
    def words(self) -> str:
        """The parts for a person, in seconds."""
        return f"{self.how}: " + ", ".join(f"{n} {c.wall:.1f}" for n, c in self.parts.items())


def between(start: Cost, *others: Cost) -> Cost:
    """The sum of some costs, less another."""
    cpu, wall = (sum(getattr(c, name) for c in others) for name in ("cpu", "wall"))
    return Cost(cpu - start.cpu, wall - start.wall)


def size_of(place: Place) -> str:
    """How large a place's database is."""
    if place.target.parsed_url.get_backend_name() == "sqlite":
        size = place.file.stat().st_size
    elif place.target.parsed_url.get_backend_name() == "postgresql":
        (size,) = place.ask("SELECT pg_database_size(current_database())")
    else:
        (size,) = place.ask(
            "SELECT sum(data_length + index_length) FROM information_schema.tables "
            "WHERE table_schema = database()"
        )
    return f"{int(size) / 1_000_000:,.0f} MB"
