"""A column takes the place of another where a statement says so, and not where it only names both."""

import pytest

from console.schema.heirs import is_told


@pytest.mark.parametrize(
    "sql",
    [
        "ALTER TABLE t RENAME COLUMN old TO new",
        'ALTER TABLE t RENAME "old" TO "new"',
        "ALTER TABLE t CHANGE `old` `new` INTEGER NULL",
        "UPDATE t SET other = 1, new = coalesce(old, 0) WHERE id > 3",
        "INSERT INTO _alembic_tmp_t (id, new) SELECT t.id, CAST(t.old AS INTEGER) AS old FROM t",
    ],
)
def test_a_rename_and_a_copy_tell(sql: str) -> None:
    assert is_told("old", "new", ["SELECT 1", sql])


@pytest.mark.parametrize(
    "sql",
    [
        "ALTER TABLE t DROP COLUMN old, ADD COLUMN new INTEGER DEFAULT 0",
        "UPDATE t SET new = 0 WHERE old = 1",
        "INSERT INTO t (old) VALUES (1)",
        "ALTER TABLE t RENAME COLUMN older TO new",
        "ALTER TABLE t RENAME COLUMN new TO old",
    ],
)
def test_other_statements_do_not(sql: str) -> None:
    assert not is_told("old", "new", [sql])
