"""A constraint that stands beside a column is told apart from what else the column has."""

from __future__ import annotations

import pytest

from console.hazards.inline import Inline, inline

KEY = "int DEFAULT 1 CONSTRAINT k REFERENCES r(id) ON DELETE SET NULL NOT DEFERRABLE NOT NULL"


@pytest.mark.parametrize(
    ("definition", "word", "expected"),
    [
        ("int UNIQUE", "UNIQUE", Inline("UNIQUE", "", "int")),
        (
            "int CONSTRAINT k UNIQUE NULLS NOT DISTINCT NOT NULL",
            "UNIQUE",
            Inline("UNIQUE NULLS NOT DISTINCT", "k", "int NOT NULL"),
        ),
        ("int PRIMARY KEY", "PRIMARY", Inline("PRIMARY KEY", "", "int")),
        (
            "int CHECK (a IS NULL OR (b > 0)) DEFAULT 1",
            "CHECK",
            Inline("CHECK (a IS NULL OR (b > 0))", "", "int DEFAULT 1"),
        ),
        (
            KEY,
            "REFERENCES",
            Inline(
                "REFERENCES r(id) ON DELETE SET NULL NOT DEFERRABLE", "k", "int DEFAULT 1 NOT NULL"
            ),
        ),
        ("text DEFAULT 'UNIQUE'", "UNIQUE", None),
        ("int CHECK (a IN (SELECT 1 UNIQUE))", "UNIQUE", None),
    ],
)
def test_a_constraint_and_the_rest(definition: str, word: str, expected: Inline | None) -> None:
    assert inline(definition, word) == expected
