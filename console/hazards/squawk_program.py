"""squawk_program: runs squawk, which judges PostgreSQL's SQL and needs neither network nor database.

It gets the SQL on its standard input and answers in JSON. One statement that it cannot parse keeps it
from judging any: those are left out, and it is asked again.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy.exc import SQLAlchemyError

from console.hazards.remark import Remark, Remarks
from console.hazards.squawk import ASKED_FOR
from console.schema.connection import read_only
from console.schema.errors import SchemaError
from console.schema.statement import Statement
from console.schema.target import Target

SECONDS = 20.0
MOST_STATEMENTS = 5_000
ATTEMPTS = 4
MISSING = "squawk is not installed, so what it knows about PostgreSQL was not asked."
FAILED = "squawk did not answer as it should, so what it knows about PostgreSQL is missing: {why}."
ROWS = re.compile(r"\s*(?:SELECT|INSERT|UPDATE|DELETE|WITH|VALUES|COPY)\b", re.IGNORECASE)
PLACEHOLDER = re.compile(r"%\(\w+\)s|%s|%%")
UNREADABLE = "syntax-error"


class Unusable(Exception):
    """The program's answer cannot be used; `str()` says why."""


class UnknownRule(Exception):
    """The program has no rule of a name that it was asked for, or cannot be asked for any."""


@dataclass(frozen=True)
class Squawk:
    """Asks squawk about statements for the target's server; never raises."""

    target: Target

    def __call__(self, statements: Sequence[Statement]) -> Remarks:
        """Return what it says about them, in order."""
        program = find_program()
        if program is None:
            return Remarks(problem=MISSING)
        left = [s for s in statements if not ROWS.match(s.sql)][:MOST_STATEMENTS]
        version = self._version()
        wanted: tuple[str, ...] = ASKED_FOR
        try:
            for _ in range(ATTEMPTS):
                try:
                    found = ask(program, left, version, wanted) if left else ()
                except UnknownRule:  # an older one does not have them all
                    wanted = ()
                    continue
                unreadable = [r.statement for r in found if r.rule == UNREADABLE]
                if not unreadable:
                    return Remarks(found)
                left = [s for s in left if s not in unreadable]
        except subprocess.TimeoutExpired:
            return Remarks(problem=FAILED.format(why=f"it took longer than {SECONDS:g} seconds"))
        except (OSError, Unusable) as error:
            return Remarks(problem=FAILED.format(why=" ".join(str(error).split())[:200]))
        return Remarks(problem=FAILED.format(why="it cannot read the plan's SQL"))

    def _version(self) -> str:
        """The server's version as squawk takes it, "" where it cannot be told."""
        try:
            with read_only(self.target) as connection:
                numbers = connection.dialect.server_version_info if connection else None
        except (SQLAlchemyError, SchemaError, OSError):
            return ""
        return f"{numbers[0]}.{numbers[1] if len(numbers) > 1 else 0}" if numbers else ""


def find_program() -> str | None:
    """Where squawk is: beside our interpreter, as its wheel puts it, or on the path."""
    beside = shutil.which("squawk", path=str(Path(sys.executable).parent))
    return beside or shutil.which("squawk")


def ask(
    program: str, statements: Sequence[Statement], version: str, wanted: Sequence[str] = ()
) -> tuple[Remark, ...]:
    """Run it once, with those rules besides that it leaves out by itself. Raises UnknownRule,
    Unusable, OSError and what subprocess raises."""
    with tempfile.TemporaryDirectory(prefix="console-squawk-") as folder:
        settings = Path(folder, "settings.toml")  # an empty one, so that it finds no other
        settings.touch()
        command = [program, "--reporter", "json", "--config", str(settings)]
        command += ["--assume-in-transaction", "--stdin-filepath", "plan.sql"]
        command += ["--pg-version", version] if version else []
        command += ["--include", ",".join(wanted)] if wanted else []
        lines = [_spelled(statement.sql) for statement in statements]
        answer = subprocess.run(  # noqa: S603 - no shell, and every argument is ours
            command,
            input="".join(lines).encode("utf-8", "replace"),
            capture_output=True,
            cwd=folder,
            timeout=SECONDS,
            check=False,
        )
    if wanted and not answer.stdout and b"--include" in answer.stderr:
        raise UnknownRule
    return read_answer(answer.stdout, statements, [text.count("\n") for text in lines])


def read_answer(
    answer: bytes, statements: Sequence[Statement], lines: Sequence[int]
) -> tuple[Remark, ...]:
    """Return the remarks of an answer; `lines` is how many each statement took. Unusable for any
    other shape."""
    try:
        items = json.loads(answer)
    except ValueError as error:
        raise Unusable("its answer is no JSON") from error
    if not isinstance(items, list):
        raise Unusable("its answer is no list")
    owners = [
        statement for statement, count in zip(statements, lines, strict=True) for _ in range(count)
    ]
    return tuple(_remark(item, owners) for item in items)


def _remark(item: Any, owners: Sequence[Statement]) -> Remark:
    """One item of an answer."""
    if not isinstance(item, dict):
        raise Unusable("an item of its answer is no object")
    line, rule, message = (item.get(name) for name in ("line", "rule_name", "message"))
    instead = item.get("help") or ""
    if type(line) is not int or not (0 <= line < len(owners)):
        raise Unusable(f"there is no line {line!r}")
    if not (isinstance(rule, str) and isinstance(message, str) and isinstance(instead, str)):
        raise Unusable("an item of its answer lacks its rule or its message")
    return Remark(owners[line], rule, " ".join(message.split()), " ".join(instead.split()))


def _spelled(sql: str) -> str:
    """A statement as PostgreSQL gets it: values stand where the driver puts them in."""
    text = PLACEHOLDER.sub(lambda found: "%" if found[0] == "%%" else "NULL", sql)
    return f"{text.strip().rstrip(';')}\n;\n"
