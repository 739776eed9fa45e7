"""The rules see on a real MariaDB or MySQL what they see in made-up SQL: the plans run on clones there."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.hazards.judging import judged
from tests.hazards.shop import shop
from tests.histories.place import Place


@pytest.fixture
def place(tmp_path: Path, either: str) -> Place:
    """The shop on one of them."""
    return shop(tmp_path, either)


def test_what_is_done_carefully_is_no_hazard(place: Place) -> None:
    up = "op.add_column('products', sa.Column('sku', sa.String(9), server_default='', nullable=False))"
    assert judged(place, up, "op.drop_column('products', 'sku')") == ()
