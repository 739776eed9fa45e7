"""The rules see on a real MariaDB what they see in made-up SQL: the plans run on clones there."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.hazards.judging import judged
from tests.hazards.shop import shop
from tests.histories.place import Place


@pytest.fixture
def on_mariadb(tmp_path: Path, mariadb: str) -> Place:
    """The shop on MariaDB."""
    return shop(tmp_path, mariadb)


def test_what_is_done_carefully_on_mariadb_is_no_hazard(on_mariadb: Place) -> None:
    up = "op.add_column('products', sa.Column('sku', sa.String(9), server_default='', nullable=False))"
    assert judged(on_mariadb, up, "op.drop_column('products', 'sku')") == ()
