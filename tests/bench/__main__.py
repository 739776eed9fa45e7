"""`make bench`: the figures of the core, each against what it is compared with, in one run."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

from rich.console import Console as Terminal
from rich.table import Table

from console.schema import count, history
from console.schema.executor import apply
from console.schema.history import read_history
from console.schema.plan import make_plan
from console.schema.rehearsal import rehearse
from tests.bench.measure import Cost, cost_of, load, median
from tests.histories.place import Place
from tests.histories.script_folder import Sample

ROUNDS = 5
LENGTH = 100
REVISIONS = 5_000
ROWS = 1_000_000
INI = "[alembic]\nscript_location = {scripts}\nsqlalchemy.url = {url}\n"
FILL = f"""
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {ROWS})
INSERT INTO wide (id, name, email, weight, note)
SELECT i, 'name ' || i, 'someone' || i || '@example.com', i % 977, hex(randomblob(8)) FROM n;
"""
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
    sa.Column("note", sa.String(80)),
)""",
    down='op.drop_table("wide")',
)
MORE = Sample(
    "wide2",
    ("wide1",),
    message="Add price",
    up="""\
with op.batch_alter_table("wide") as batch:
    batch.add_column(sa.Column("price", sa.Numeric(10, 2)))
    batch.create_check_constraint("ck_price", "price >= 0")""",
    down="""\
with op.batch_alter_table("wide") as batch:
    batch.drop_constraint("ck_price", type_="check")
    batch.drop_column("price")""",
)


def main() -> None:
    """Measure, and print a table with what the machine was doing."""
    table = Table(title="SQLite", title_justify="left")
    for heading in ("what", "CPU seconds", "wall seconds", "compared with", "ratio CPU, wall"):
        table.add_column(heading)
    with tempfile.TemporaryDirectory(prefix="console-bench-") as name:
        folder = Path(name)
        listing(table, folder / "listing")
        applying(table, folder / "applying")
        proving(table, folder / "proving")
    terminal = Terminal(width=110)
    terminal.print(table)
    terminal.print(f"Medians; {load()}.")


def listing(table: Table, folder: Path) -> None:
    """A history of 5,000 revisions, cold and warm."""
    samples = [
        Sample(f"r{n:05}", (f"r{n - 1:05}",) if n else (), message=f"Step {n}")
        for n in range(REVISIONS)
    ]
    place = Place(folder, samples)
    cold = cost_of(lambda: read_history(place.target, anew=True))
    warm = median([cost_of(lambda: history.read_history(place.target)) for _ in range(ROUNDS)])
    add(table, f"{REVISIONS:,} revisions listed, cold", cold)
    add(table, f"{REVISIONS:,} revisions listed, warm", warm)


def applying(table: Table, folder: Path) -> None:
    """A history of 100 revisions, against plain `alembic upgrade head` in a process of its own."""
    samples = [
        Sample(
            f"a{n:03}",
            (f"a{n - 1:03}",) if n else (),
            up=f'op.create_table("t{n}", sa.Column("id", sa.Integer, primary_key=True))',
            down=f'op.drop_table("t{n}")',
        )
        for n in range(LENGTH)
    ]
    ours, theirs = [], []
    for number in range(ROUNDS):
        one, two = (Place(folder / f"{who}{number}", samples) for who in ("ours", "theirs"))
        ini = two.folder / "alembic.ini"
        ini.write_text(INI.format(scripts=two.scripts, url=two.target.url))
        command = [sys.executable, "-m", "alembic", "-c", str(ini), "upgrade", "head"]
        theirs.append(cost_of(lambda c=command: subprocess.run(c, check=True, capture_output=True)))
        ours.append(cost_of(lambda p=one: apply(p.target, make_plan(p.target, "head"))))
    add(
        table,
        f"{LENGTH} revisions applied, with plan and ledger",
        median(ours),
        median(theirs),
        "alembic upgrade head",
    )


def proving(table: Table, folder: Path) -> None:
    """The ledger's own cost, and a rehearsal up and down again, on a million rows."""
    place = Place(folder, [WIDE, MORE])
    apply(place.target, place.plan("wide1"))
    place.run(FILL)
    size = place.file.stat().st_size / 1_000_000
    from sqlalchemy import create_engine

    engine = create_engine(place.target.url)
    with engine.connect() as connection:
        add(table, f"ledger of {ROWS:,} rows, 5 columns", cost_of(lambda: count.count(connection)))
    engine.dispose()
    plan = place.plan("wide2")
    whole = cost_of(lambda: rehearse(place.target, plan, workspace=place.workspace))
    add(table, f"rehearsal of {size:.0f} MB: clone, up, down, three ledgers", whole)


def add(table: Table, what: str, cost: Cost, other: Cost | None = None, name: str = "") -> None:
    """One line of the table."""
    compared = f"{name}: {other.cpu:.2f}, {other.wall:.2f}" if other else ""
    ratio = f"{cost.cpu / other.cpu:.2f}, {cost.wall / other.wall:.2f}" if other else ""
    table.add_row(what, f"{cost.cpu:.2f}", f"{cost.wall:.2f}", compared, ratio)


if __name__ == "__main__":
    main()
