"""Clones are whole, made beside a living source, and gone again."""

import sqlite3
import tempfile
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.exc import OperationalError

from console.schema.clone import clone_of, remove_orphans, scratch_of
from console.schema.errors import RunError, Unsupported
from console.schema.size import size_in_words
from tests.histories.place import PRODUCTS, Place
from tests.histories.script_folder import target_of, write_folder


def test_a_clone_has_every_row_and_leaves_the_source_alone(tmp_path: Path) -> None:
    place = Place(tmp_path, [PRODUCTS], at="aaaa1")
    before = place.dump()
    with clone_of(place.target, place.workspace) as clone:
        engine = create_engine(clone.target.url)
        with engine.begin() as connection:
            assert connection.scalar(text("SELECT count(*) FROM products")) == 3
            connection.execute(text("DELETE FROM products"))
        engine.dispose()
        assert clone.target.identity != place.target.identity
        assert remove_orphans(place.workspace) == ()
    assert place.dump() == before
    assert not any(place.workspace.iterdir())


def test_a_clone_is_gone_after_an_error_too(tmp_path: Path) -> None:
    place = Place(tmp_path, [PRODUCTS], at="aaaa1")
    with pytest.raises(ZeroDivisionError), clone_of(place.target, place.workspace):
        raise ZeroDivisionError
    assert not any(place.workspace.iterdir())


def test_only_clones_are_taken_for_orphans(tmp_path: Path) -> None:
    (tmp_path / "somebody else's").mkdir()
    (tmp_path / "console-clone-left").mkdir()
    assert remove_orphans(tmp_path) == ("console-clone-left",)
    assert [path.name for path in tmp_path.iterdir()] == ["somebody else's"]
    assert remove_orphans(tmp_path / "nowhere") == ()


def test_a_scratch_database_is_empty(tmp_path: Path) -> None:
    place = Place(tmp_path, [PRODUCTS], at="aaaa1")
    with scratch_of(place.target) as scratch:
        assert scratch.identity != place.target.identity
        assert not Path(scratch.parsed_url.database or "").exists()


def test_what_cannot_be_cloned_is_said(tmp_path: Path) -> None:
    memory = target_of(tmp_path / "migrations", url="sqlite://")
    with pytest.raises(Unsupported, match="in memory"), clone_of(memory, tmp_path / "w"):
        pass
    server = target_of(tmp_path / "migrations", url="oracle://localhost/shop")
    with pytest.raises(Unsupported, match="oracle"), clone_of(server, tmp_path / "w"):
        pass


def test_a_source_that_cannot_be_read_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("console.schema.sqlite_clone.BUSY_SECONDS", 0.1)
    place = Place(tmp_path, [PRODUCTS], at="aaaa1")
    with closing(sqlite3.connect(place.file, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        with (
            pytest.raises(RunError, match=r"'default' could not be copied .* locked"),
            clone_of(place.target, place.workspace),
        ):
            pass


@pytest.mark.parametrize(
    ("size", "words"),
    [(900, "900 bytes"), (1536, "1.5 kB"), (49152, "48 kB"), (5 * 1024**3, "5.0 GB")],
)
def test_sizes_are_written_as_people_do(size: int, words: str) -> None:
    assert size_in_words(size) == words


def test_a_folder_that_was_taken_for_an_orphan_before_it_was_locked_is_made_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make, made = tempfile.mkdtemp, []

    def made_and_swept(**given: Any) -> str:
        made.append(make(**given))
        if len(made) == 1:
            remove_orphans(tmp_path / "workspace")
        return made[-1]

    place = Place(tmp_path / "place", [PRODUCTS])
    place.run("CREATE TABLE a (id INTEGER)")
    monkeypatch.setattr(tempfile, "mkdtemp", made_and_swept)
    with clone_of(place.target, tmp_path / "workspace") as clone:
        assert clone.target.url != place.target.url
        assert remove_orphans(tmp_path / "workspace") == ()
    assert len(made) == 2
    assert list((tmp_path / "workspace").iterdir()) == []


def test_a_workspace_that_cannot_be_written_to_is_named(tmp_path: Path) -> None:
    place = Place(tmp_path, [PRODUCTS], at="aaaa1")
    place.workspace.write_text("a file in the place of the folder")
    with (
        pytest.raises(RunError, match=rf"Nothing can be written to {place.workspace}"),
        clone_of(place.target, place.workspace),
    ):
        pass


def test_a_server_that_is_away_is_not_said_to_keep_the_console_out(tmp_path: Path) -> None:
    write_folder(tmp_path / "migrations", [PRODUCTS])
    away = target_of(tmp_path / "migrations", url="postgresql+psycopg://nobody@127.0.0.1:1/none")
    with pytest.raises(OperationalError, match="onnection refused"), scratch_of(away):
        pass
