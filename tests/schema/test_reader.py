"""A reader tells of sound files what they state, and leaves the others to who has asked."""

from __future__ import annotations

import io
import os
import pickle
import subprocess
import sys
from pathlib import Path

import pytest

from console.schema.forked import BOOT
from console.schema.reader import HEADER, PORTION, Told
from console.schema.syntax import read_revision

SOUND = {
    "plain": "revision = 'plain'",
    "merge": "revision = 'merge'\ndown_revision = ('a', 'b')\ndepends_on = 'c'\nbranch_labels = 'x'",
    "dated": '"""Ä day\n\nCreate Date: 2026-11-21 15:30:00.000001+01:00\n"""\nrevision = "dated"',
    "split": "revision = 'split'\ndef upgrade():\n    op.get_context().autocommit_block()\n",
    "empty": "revision = 'empty'\ndef downgrade():\n    pass\n",
}
OTHERS = {
    "no Python": "revision = 'a'\ndef upgrade(:\n",
    "computed": "revision = make()",
    "a label that is computed": "revision = 'a'\nbranch_labels = label()",
    "a warning": "revision = 'a'\npattern = '\\d'\n",
}


def ask(*paths: Path) -> list[Told]:
    """What a reader says of these files."""
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-B", BOOT, "console.schema.reader"],
        input=b"\0".join(os.fsencode(path) for path in paths),
        stdout=subprocess.PIPE,
        check=True,
    )
    answers, found = io.BytesIO(done.stdout), []
    while header := answers.read(HEADER.size):
        found += pickle.loads(answers.read(HEADER.unpack(header)[0]))
    return found


@pytest.mark.parametrize("name", SOUND)
def test_what_it_tells_is_what_is_read_here(tmp_path: Path, name: str) -> None:
    path = tmp_path / f"{name}\n \udcff.py"
    path.write_text(SOUND[name])
    (told,) = ask(path)
    assert told.revision == read_revision(path, path.read_bytes())
    assert told.path == str(path)


@pytest.mark.parametrize("name", OTHERS)
def test_what_is_not_sound_is_left_out(tmp_path: Path, name: str) -> None:
    (tmp_path / "bad.py").write_text(OTHERS[name])
    (tmp_path / "good.py").write_text("revision = 'good'")
    found = ask(tmp_path / "bad.py", tmp_path / "gone.py", tmp_path / "good.py")
    assert [told.revision.id for told in found] == ["good"]


def test_files_are_told_in_the_order_given(tmp_path: Path) -> None:
    paths = [tmp_path / f"r{number}.py" for number in range(2 * PORTION + 1, 0, -1)]
    for path in paths:
        path.write_text(f"revision = '{path.stem}'")
    assert [told.revision.path for told in ask(*paths)] == paths
