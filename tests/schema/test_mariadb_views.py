"""A view of MariaDB or MySQL and its copy say the same."""

from __future__ import annotations

from pathlib import Path

import pytest

from console.schema.mariadb_views import without_brackets
from tests.histories.place import PRICE, PRODUCTS
from tests.histories.served import Served


@pytest.mark.parametrize(
    ("definition", "same"),
    [
        ("select 1 from (`a` join `b`) where (1 = 1)", "select 1 from `a` join `b` where (1 = 1)"),
        ("select 1 from ((a join b) join c `q`)", "select 1 from a join b join c `q`"),
        (
            "select 1 from (a left join (b join c on(b.x = c.x)) on((a.x = b.x)))",
            "select 1 from a left join b join c on(b.x = c.x) on((a.x = b.x))",
        ),
        ("select 1 from ( select 2) x", "select 1 from ( select 2) x"),
        (
            "select (1) from a where x in (select y from (b join c))",
            "select (1) from a where x in (select y from b join c)",
        ),
        ("select ' from (a join b)', `from (`, count(a.x) from a",) * 2,
        ("select 'it\\'s from (a' from a",) * 2,
    ],
)
def test_brackets_around_joined_tables_make_no_difference(definition: str, same: str) -> None:
    assert without_brackets(definition) == same


@pytest.mark.parametrize("server", ["mariadb", "mysql"])
@pytest.mark.parametrize("tables", ["reviews r, products p", "reviews r, products p, reviews q"])
def test_a_database_with_a_view_of_several_tables_is_rehearsed(
    request: pytest.FixtureRequest, tmp_path: Path, server: str, tables: str
) -> None:
    url = request.getfixturevalue(server)
    place = Served(tmp_path, url, [PRODUCTS, PRICE], at="aaaa1")
    place.run(f"CREATE VIEW shown AS SELECT p.weight FROM {tables} WHERE r.product_id = p.id")
    rehearsal = place.rehearse()
    assert rehearsal.succeeded, rehearsal.error
