"""What tests of the schema core share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Connection

from tests.servers import engine_of


@pytest.fixture(params=["sqlite", "postgresql", "mariadb", "mysql"])
def connection(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Connection]:
    """An empty database of each kind; every statement commits."""
    url = (
        f"sqlite:///{tmp_path / 'some.db'}"
        if request.param == "sqlite"
        else request.getfixturevalue(request.param)
    )
    engine = engine_of(url)
    with engine.connect() as connection:
        yield connection
