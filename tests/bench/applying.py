"""applying: a history of 100 revisions, side by side with plain `alembic upgrade head`."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from console.schema.count import count
from console.schema.executor import apply
from console.schema.plan import make_plan
from tests.bench.ground import Ground
from tests.bench.line import Line
from tests.bench.measure import Cost, cost_of, median
from tests.histories.place import Place
from tests.histories.script_folder import Sample
from tests.servers import engine_of

LENGTH, ROUNDS = 100, 5
INI = "[alembic]\nscript_location = {scripts}\nsqlalchemy.url = {url}\n"


def measure(ground: Ground, folder: Path) -> Iterator[Line]:
    """Both in processes of their own, from the start of the interpreter to its end; ours with its
    plan, and with its two ledgers, whose share is told by itself."""
    samples = [
        Sample(
            f"a{n:03}",
            (f"a{n - 1:03}",) if n else (),
            up=f'op.create_table("t{n}", sa.Column("id", sa.Integer, primary_key=True))',
            down=f'op.drop_table("t{n}")',
        )
        for n in range(LENGTH)
    ]
    ours, theirs, ledgers = [], [], []
    for number in range(ROUNDS):
        one = ground.place(folder / f"ours{number}", samples)
        two = ground.place(folder / f"theirs{number}", samples)
        theirs.append(_plain(two))
        ours.append(cost_of(lambda p=one: apply(p.target, make_plan(p.target, "head"))))
        ledgers.append(cost_of(lambda p=one: _ledger(p)))
    ledger = median(ledgers)
    note = f"two ledgers of it: {ledger.cpu:.2g} CPU, {ledger.wall:.2g}"
    what = f"{LENGTH} revisions applied, beside alembic upgrade head"
    yield Line(ground.name, what, median(ours), median(theirs), note)


def _plain(place: Place) -> Cost:
    ini = place.folder / "alembic.ini"
    url = place.target.url.replace("%", "%%")
    ini.write_text(INI.format(scripts=place.scripts, url=url))
    command = [sys.executable, "-m", "alembic", "-c", str(ini), "upgrade", "head"]
    return cost_of(lambda: subprocess.run(command, check=True, capture_output=True))


def _ledger(place: Place) -> None:
    """The count of what the revisions have made; before them there was nothing to count."""
    with engine_of(place.target.url).connect() as connection:
        count(connection)
