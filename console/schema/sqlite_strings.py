"""sqlite_strings: names in quotation marks that SQLite has taken for text, since no column is called so.

It does so without an error ("double-quoted string literals"), and a model would read its own words.
"""

from __future__ import annotations

import re
import secrets
from typing import Any

from sqlalchemy import Select
from sqlalchemy.engine import Connection

STRING = re.compile(r"'(?:[^']|'')*'")
NAME = re.compile(r'"((?:[^"]|"")*)"')
LOADS_TEXT = ("String8", "String")  # of the instructions of SQLite's machine


def taken_for_text(connection: Connection, statement: Select[Any]) -> str | None:
    """Return a name in a SELECT that SQLite reads as text, or None. The statement is only compiled."""
    compiled: Any = statement.compile(
        dialect=connection.dialect, compile_kwargs={"render_postcompile": True}
    )
    sql = str(compiled)
    names = {found.replace('""', '"') for found in NAME.findall(STRING.sub("''", sql))}
    texts = {found[1:-1].replace("''", "'") for found in STRING.findall(sql)}
    if not names - texts:
        return None
    values = (None,) * len(compiled.positiontup or ())
    # The driver keeps statements, and does not compile an EXPLAIN anew where the schema has changed.
    program = connection.exec_driver_sql(f"EXPLAIN {sql} -- {secrets.token_hex(8)}", values)
    loaded = {str(row.p4) for row in program if row.opcode in LOADS_TEXT}
    return min(loaded & (names - texts), default=None)
