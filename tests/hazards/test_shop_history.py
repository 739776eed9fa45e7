"""The history of an ordinary web shop is judged as a careful reviewer would: what is dangerous is
found, where it is, and what is ordinary is not."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from console.hazards.judge import judge
from console.schema.executor import apply
from console.schema.history import read_history
from console.schema.inquiry import Inquiry
from tests.hazards.shop_history import LATER, ROWS, TABLES
from tests.histories.place import Place
from tests.servers import engine_of

ALWAYS = {
    ("s09", "error", "drop-column"),
    ("s09", "warning", "lossy-downgrade"),
    ("s12", "error", "rename-column"),
}
FOUND = {
    "sqlite": ALWAYS,
    "postgresql": ALWAYS
    | {
        ("s04", "warning", "foreign-key-valid"),
        ("s04", "warning", "index-not-concurrent"),
        ("s06", "warning", "set-not-null-scan"),
        ("s10", "warning", "check-valid"),
        ("s11", "warning", "add-unique-constraint"),
    },
    "mysql": ALWAYS
    | {
        ("s04", "warning", "several-ddl-in-one-revision"),
        ("s04", "warning", "copy-or-lock"),
        ("s10", "warning", "copy-or-lock"),
    },
}


@pytest.mark.parametrize("server", ["sqlite", "postgresql", "mariadb", "mysql"])
def test_an_ordinary_history_raises_what_a_careful_reviewer_would(
    server: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    place = Place(tmp_path, [TABLES])
    if server != "sqlite":
        place.target = replace(place.target, url=request.getfixturevalue(server))
    apply(place.target, place.plan())
    with engine_of(place.target.url).connect() as connection:
        for statement in ROWS:
            connection.exec_driver_sql(statement)
    for before, sample in zip((TABLES, *LATER), LATER, strict=False):
        place.write(replace(sample, parents=(before.id,)))
    plan, rehearsal = place.plan(), place.rehearse()
    assert rehearsal.succeeded, rehearsal.error
    ask = Inquiry(place.target)
    hazards = judge(place.target, plan, rehearsal, read_history(place.target), ask=ask)
    assert {(h.revision, h.severity, h.code) for h in hazards} == FOUND[
        place.target.parsed_url.get_backend_name()
    ]
