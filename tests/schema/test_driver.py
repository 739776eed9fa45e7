"""What the driver of a database says is understood by its numbers."""

from __future__ import annotations

import pytest
from psycopg.errors import InsufficientPrivilege, ReadOnlySqlTransaction
from pymysql.err import OperationalError

from console.schema.driver import is_read_only

OPTION = "The {} server is running with the {} option so it cannot execute this statement"


@pytest.mark.parametrize(
    ("error", "is_told"),
    [
        (ReadOnlySqlTransaction("cannot execute CREATE TABLE during recovery"), True),
        (OperationalError(1290, OPTION.format("MariaDB", "--read-only")), True),
        (OperationalError(1290, OPTION.format("MySQL", "--super-read-only")), True),
        (OperationalError(1792, "Cannot execute statement in a READ ONLY transaction"), True),
        (OperationalError(1290, OPTION.format("MariaDB", "--secure-file-priv")), False),
        (OperationalError(1044, "Access denied for user 'read-only'@'%'"), False),
        (InsufficientPrivilege("permission denied for table read_only"), False),
        (ValueError("read-only"), False),
    ],
)
def test_where_nobody_may_write_it_is_told_from_other_refusals(
    error: Exception, is_told: bool
) -> None:
    assert is_read_only(error) is is_told
