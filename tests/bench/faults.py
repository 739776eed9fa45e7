"""`make faults`: what is counted in rounds, as a table; ends with 1 where a figure is missed."""

from __future__ import annotations

import argparse
import secrets
import sys
import time

from rich.console import Console as Terminal
from rich.progress import Progress
from rich.table import Table

from tests.bench.ground import NAMES
from tests.bench.measure import load
from tests.bench.part import PARTS, Part
from tests.bench.round import Tally
from tests.bench.shards import play
from tests.private import NoServer

SHOWN = 20


def main() -> int:
    """Play what was asked for and print what came of it."""
    asked = arguments()
    terminal = Terminal(width=120, highlight=False)
    table = Table(title=f"Seed {asked.seed}", title_justify="left")
    for heading in ("what", "database", "rounds", "wrong", "recovered by itself", "hit", "minutes"):
        table.add_column(heading)
    is_met = True
    complaints: list[str] = []
    absent: set[str] = set()
    with Progress(console=Terminal(stderr=True), transient=True) as progress:
        for part in asked.parts:
            for database in filter(asked.databases.__contains__, part.databases):
                if database in absent:
                    continue
                begun = time.monotonic()
                try:
                    tally = count(part, database, asked, progress)
                except NoServer as error:
                    terminal.print(f"{database}: not measured. {error}", markup=False)
                    absent.add(database)
                    is_met = False
                    continue
                except RuntimeError as error:
                    terminal.print(f"{part.name}, {database}: not measured. {error}", markup=False)
                    is_met = False
                    continue
                is_met = is_met and tally.is_met
                minutes = f"{(time.monotonic() - begun) / 60:.1f}"
                cells = [*row(part, database, tally), minutes]
                table.add_row(*cells)
                progress.console.print("  ".join(cells), markup=False)
                complaints += [f"{part.name} {database} {n}: {text}" for n, text in tally.wrong]
    terminal.print(table)
    for complaint in complaints[:SHOWN]:
        terminal.print(complaint, markup=False)
    terminal.print(
        f"{load()}. One round again: ONLY=part DATABASE=name SEED={asked.seed} FROM=number N=1"
    )
    return 0 if is_met else 1


def count(part: Part, database: str, asked: argparse.Namespace, progress: Progress) -> Tally:
    """Play the rounds of one line of the table."""
    number = part.rounds(asked.number) if asked.rounds is None else asked.rounds
    task = progress.add_task(f"{part.name}, {database}", total=number)
    tally = Tally()
    numbers = range(asked.first, asked.first + number)
    for played in play(part, database, numbers, asked.seed, asked.jobs):
        tally.add(*played)
        progress.advance(task)
    progress.remove_task(task)
    return tally


def row(part: Part, database: str, tally: Tally) -> list[str]:
    """A line of the table."""
    hit = ", ".join(f"{name} {times}" for name, times in sorted(tally.where.items()))
    if tally.stall:
        hit += f"; {tally.stall:.0f} ms at most"
    recovered = f"{tally.recovered / max(tally.rounds, 1) * 100:.4g}%"
    wrong = f"{len(tally.wrong)} {part.wrong}" if part.wrong else ""
    return [part.what, database, str(tally.rounds), wrong, recovered, hit]


def arguments() -> argparse.Namespace:
    """What was asked for; wrong names end the program with a list of the right ones."""
    parser = argparse.ArgumentParser(prog="make faults", description=__doc__)
    names = [part.name for part in PARTS]
    parser.add_argument("number", type=int, help="N: a part plays its share of this many rounds")
    parser.add_argument("--rounds", type=int, help="exactly so many rounds of each part")
    parser.add_argument("--only", nargs="*", choices=names, default=names, metavar="PART")
    parser.add_argument("--database", nargs="*", choices=NAMES, default=NAMES, metavar="NAME")
    parser.add_argument("--seed", default=secrets.token_hex(3))
    parser.add_argument(
        "--from", dest="first", type=int, default=1, help="number of the first round"
    )
    parser.add_argument("--jobs", type=int, default=2)
    asked = parser.parse_args()
    asked.parts = [part for part in PARTS if part.name in (asked.only or names)]
    asked.databases = asked.database or NAMES
    return asked


if __name__ == "__main__":
    sys.exit(main())
