"""What a database says becomes one sentence."""

from __future__ import annotations

import pytest

from console.cli.errors import database_sentence


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        ("disk I/O error.", "The database refused: disk I/O error. `manage.py check`"),
        ("refused.\nIs it running?", "The database refused: refused. Is it running? `manage.py"),
    ],
)
def test_a_sentence_of_a_database_ends_once(said: str, sentence: str) -> None:
    assert database_sentence(OSError(said)).startswith(sentence)
