"""`make bench`: what the core costs on each database, beside what it is compared with."""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Iterator
from pathlib import Path

from rich.console import Console as Terminal
from rich.table import Table

from tests.bench import applying, listing, proving
from tests.bench.ground import NAMES, private_ground
from tests.bench.line import Line
from tests.bench.measure import load
from tests.private import NoServer

HEADINGS = (
    "on", "what", "CPU seconds", "seconds", "beside: CPU, seconds", "ratio: CPU, seconds", "note"
)  # fmt: skip


def main() -> None:
    """Measure, and print a table with what the machine was doing."""
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--database", nargs="*", choices=NAMES, default=NAMES, metavar="NAME")
    databases = parser.parse_args().database
    table, terminal = Table(), Terminal(width=150, highlight=False)
    for heading in HEADINGS:
        table.add_column(heading)
    before = load()
    with tempfile.TemporaryDirectory(prefix="console-bench-") as name:
        folder = Path(name)
        folder.chmod(0o755)  # a server may run as somebody else
        for line in listing.measure(folder / "listing"):
            table.add_row(*line.cells)
        for database in databases:
            try:
                for line in on(database, folder / database):
                    terminal.print(*line.cells)
                    table.add_row(*line.cells)
            except NoServer as error:
                terminal.print(f"{database}: not measured. {error}", markup=False)
    terminal.print(table)
    terminal.print(
        f"Medians where there are rounds. At the beginning: {before}; at the end: {load()}."
    )


def on(database: str, folder: Path) -> Iterator[Line]:
    """Everything that is measured on one database."""
    folder.mkdir()
    with private_ground(database, folder) as ground:
        yield from applying.measure(ground, folder)
        yield from proving.measure(ground, folder)


if __name__ == "__main__":
    main()
