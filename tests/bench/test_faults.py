"""A few rounds of each part of `make faults`, by the command itself; the whole of it is for the
figures."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy.engine import URL

from tests.bench.ground import STATED
from tests.bench.part import PARTS
from tests.private import NO_MYSQL
from tests.servers import shown

ROOT = Path(__file__).parents[2]
ROUNDS = {"kill": 3, "silent": 3}
# The figure of these is a time, which depends on what else the machine does.
TIMED = ("stall", "stall-plain")
LONG = ("crowd", "kill-server")  # fifty processes, servers of one's own: SQLite stands for all
PLAYED = [
    (part.name, database)
    for part in PARTS
    if part.name not in TIMED
    for database in (part.databases[:1] if part.name in LONG else part.databases)
]


@pytest.mark.parametrize(("part", "database"), PLAYED)
def test_a_few_rounds_leave_nothing_wrong(
    part: str, database: str, request: pytest.FixtureRequest
) -> None:
    environment = dict(os.environ)
    if database in STATED:
        server: URL = request.getfixturevalue(f"{database}_server")
        environment[STATED[database]] = shown(server)
    rounds = str(ROUNDS.get(part, 1))
    chosen = ("--only", part, "--database", database, "--seed", "test", "--jobs", "1")
    done = subprocess.run(
        [sys.executable, "-m", "tests.bench.faults", "1", "--rounds", rounds, *chosen],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Seed test" in done.stdout
    assert database in done.stdout


def test_a_database_that_is_not_there_is_told_once(tmp_path: Path) -> None:
    (tmp_path / "sh").symlink_to("/bin/sh")  # the only program that there is
    chosen = ("--only", "kill", "outsiders", "--database", "mysql")
    done = subprocess.run(
        [sys.executable, "-m", "tests.bench.faults", "1", *chosen],
        cwd=ROOT,
        env={"PATH": str(tmp_path), "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1
    assert done.stdout.count(f"mysql: not measured. {NO_MYSQL.split(':')[0]}") == 1


def test_an_unknown_part_ends_with_the_names_of_the_known_ones() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.bench.faults", "1", "--only", "nothing"],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 2
    assert "kill-server" in done.stderr
