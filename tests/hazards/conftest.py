"""What the tests of rules judge: three products and three reviews in a database of each kind."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.histories.place import PRODUCTS, Place


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """Three products, one without a weight, and three reviews; nothing pending."""
    return Place(tmp_path, [PRODUCTS], at="aaaa1")
