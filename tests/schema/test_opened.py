"""A file that is opened never raises, and its moment is before its bytes."""

from __future__ import annotations

import time
from pathlib import Path

from console.schema.opened import open_file


def test_the_moment_is_before_the_bytes_were_read(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"x" * 1_000_000)
    before = time.time_ns()
    file = open_file(str(tmp_path / "file"))
    assert (file.path, file.data) == (tmp_path / "file", b"x" * 1_000_000)
    assert before <= file.at_ns <= time.time_ns()


def test_why_it_could_not_be_read_is_kept(tmp_path: Path) -> None:
    assert isinstance(open_file(str(tmp_path / "none")).data, FileNotFoundError)
    assert isinstance(open_file(str(tmp_path)).data, IsADirectoryError)
