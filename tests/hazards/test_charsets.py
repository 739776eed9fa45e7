"""Another character set copies a table; the same one, named or not, does not."""

from __future__ import annotations

from pathlib import Path

import pytest

from console.schema.catalogue import Column, Part, Table
from tests.hazards.judging import codes
from tests.hazards.making import made_up

WORDS = Table(
    "words",
    (
        Column("id", "INTEGER", nullable=False, primary_key=True),
        Column("word", "VARCHAR(20)", nullable=True),
        Column("old", "VARCHAR(20)", nullable=True, notes=("collate latin1_swedish_ci",)),
    ),
    (Part("option", "", "ENGINE=InnoDB DEFAULT CHARSET=utf8mb4"),),
)


@pytest.mark.parametrize(
    ("action", "is_copied"),
    [
        ("MODIFY word VARCHAR(20) CHARACTER SET latin1", True),
        ("MODIFY word VARCHAR(20) COLLATE latin1_bin", True),
        ("MODIFY old VARCHAR(20)", True),
        ("MODIFY word VARCHAR(20) CHARACTER SET utf8mb4", False),
        ("MODIFY word VARCHAR(20) COLLATE utf8mb4_bin", False),
        ("MODIFY old VARCHAR(20) CHARACTER SET latin1", False),
        ("MODIFY id INTEGER NOT NULL", False),
        ("MODIFY id INTEGER NOT NULL AUTO_INCREMENT", True),
        ("ADD n BIGINT NOT NULL AUTO_INCREMENT UNIQUE", True),
        ("FORCE", True),
    ],
)
def test_what_copies_a_table(tmp_path: Path, action: str, is_copied: bool) -> None:
    found = made_up(tmp_path, "mysql", f"ALTER TABLE words {action}", tables=(WORDS,))
    assert ("copy-or-lock" in codes(found)) == is_copied
