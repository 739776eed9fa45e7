"""mariadb_checks: the CHECKs that stand beside a column, which on MariaDB alone are not those of its table."""

from __future__ import annotations

import re
from collections.abc import Iterator

from console.hazards.evidence import Evidence
from console.hazards.types import sql_type
from console.schema.mariadb_catalogue import is_wrapped
from console.schema.sqltext import key
from console.schema.statement import Operation

BESIDE = "column "  # and the column: what the catalogue calls such a CHECK
JSON = re.compile(r"\(json_valid\(.*\)\)", re.IGNORECASE)


def lost_checks(evidence: Evidence, operation: Operation) -> Iterator[str]:
    """Yield the conditions of the CHECKs beside a column that an operation on it does not repeat, but for
    those that the table promises as well."""
    said, table = operation.detail, evidence.table(operation.table)
    own = f"{BESIDE}{evidence.former_column(operation.table, operation.column)}"
    checks = [part for part in table.parts if part.kind == "check"] if table else []
    made = evidence.operations("create_check_constraint")
    kept = [o.detail("condition") or "" for o in made if o.table == operation.table]
    kept += [part.definition for part in checks if part.name != own]
    # What Alembic has no argument for can only stand behind a default.
    stated = f"{said('default')} {said('existing_default')}".upper()
    is_stated = said("check") == "yes" or "CHECK" in stated
    for part in checks:
        condition = _open(part.definition)
        is_of_type = JSON.fullmatch(part.definition) and _is_typed(evidence, operation)
        is_kept = key(condition) in {key(_open(text)) for text in kept}
        if part.name == own and not (is_stated or is_of_type or is_kept):
            yield condition


def _is_typed(evidence: Evidence, operation: Operation) -> bool:
    """Whether the CHECK of a JSON column comes with its type again, or goes with a type that is changed."""
    new = sql_type(operation.detail("type"))
    old = sql_type(evidence.type_before(operation.table, operation.column))
    stated = new or sql_type(operation.detail("existing_type"))
    is_changed = new is not None and old is not None and new.name != old.name
    return is_changed or (stated is not None and stated.name == "JSON")


def _open(condition: str) -> str:
    """A condition without the brackets around all of it."""
    return condition[1:-1] if is_wrapped(condition) else condition
