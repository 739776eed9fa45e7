"""Files are opened and parsed only when they may have changed."""

from dataclasses import replace
from pathlib import Path

import pytest

from console.schema import folder, history
from console.schema.folder import list_stamps, read_files
from console.schema.history import read_history
from tests.histories.script_folder import line, target_of, write_folder


@pytest.fixture
def target(tmp_path):
    return target_of(write_folder(tmp_path / "migrations", line("aaaa", "bbbb")))


@pytest.fixture
def parsed(monkeypatch):
    """The names of the files that are parsed."""
    names = []
    read = folder.read_revision

    def note(path, data):
        names.append(path.name)
        return read(path, data)

    monkeypatch.setattr(folder, "read_revision", note)
    return names


def settle(monkeypatch):
    """Let the files count as old."""
    monkeypatch.setattr(folder, "RACY_NS", -(10**12))


def test_a_file_that_was_read_is_not_parsed_again(target, parsed):
    stamps = list_stamps(target)
    entries = read_files(stamps, {})
    read_files(stamps, entries)
    read_files(stamps, entries, anew=True)
    assert parsed == ["aaaa_.py", "bbbb_.py"]


def test_a_settled_file_is_not_even_opened(target, monkeypatch):
    settle(monkeypatch)
    stamps = list_stamps(target)
    entries = read_files(stamps, {})
    for stamp in stamps:
        Path(stamp.path).unlink()
    assert read_files(stamps, entries) == entries


def test_a_young_file_is_opened_again(target):
    stamps = list_stamps(target)
    entries = read_files(stamps, {})
    path = target.version_locations[0] / "bbbb_.py"
    path.write_bytes(path.read_bytes().replace(b"pass", b"pasS"))
    again = read_files(stamps, entries)
    assert again[str(path)].revision != entries[str(path)].revision


def test_anew_every_file_is_opened(target, monkeypatch):
    settle(monkeypatch)
    stamps = list_stamps(target)
    entries = read_files(stamps, {})
    path = target.version_locations[0] / "bbbb_.py"
    path.write_bytes(path.read_bytes().replace(b"pass", b"pasS"))
    assert read_files(stamps, entries) == entries
    assert read_files(stamps, entries, anew=True) != entries


def test_only_a_changed_file_is_parsed(target, parsed):
    read_history(target)
    path = target.version_locations[0] / "bbbb_.py"
    path.write_text(path.read_text() + "\n")
    read_history(target)
    assert parsed == ["aaaa_.py", "bbbb_.py", "bbbb_.py"]


def test_a_settled_history_is_the_same_object(target, monkeypatch):
    settle(monkeypatch)
    assert read_history(target) is read_history(target)
    assert read_history(target) is read_history(target, anew=True)


def test_no_more_than_a_few_histories_are_remembered(tmp_path):
    for number in range(history.KEPT + 5):
        read_history(target_of(write_folder(tmp_path / str(number), line("aaaa"))))
    assert len(history._listings) == history.KEPT


def test_a_folder_that_cannot_be_listed_holds_nothing(target, tmp_path):
    assert list_stamps(replace(target, version_locations=(tmp_path / "none",))) == ()


def test_a_file_that_goes_while_its_folder_is_listed_is_not_there(target):
    walk = folder._walk(str(target.version_locations[0]), recursive=False)
    stamps = [next(walk)]
    (target.version_locations[0] / "bbbb_.py").unlink()
    assert [Path(stamp.path).name for stamp in [*stamps, *walk]] == ["aaaa_.py"]


@pytest.mark.parametrize(
    ("leads_to", "reason"),
    [("cccc_.py", "Too many levels of symbolic links"), ("gone.py", "No such file or directory")],
)
def test_a_link_that_leads_nowhere_or_to_itself_is_a_file_that_cannot_be_read(
    target, leads_to, reason
):
    (target.version_locations[0] / "cccc_.py").symlink_to(leads_to)
    found = read_history(target)
    assert [problem.message for problem in found.problems] == [f"It cannot be read: {reason}."]
    assert [revision.id for revision in found.broken] == ["cccc_"]


@pytest.mark.parametrize("recursive", [False, True])
def test_a_folder_that_is_called_like_a_file_holds_no_revision_of_its_own(target, recursive):
    (target.version_locations[0] / "cccc_.py").mkdir()
    (target.version_locations[0] / "itself").symlink_to("itself")
    (target.version_locations[0] / "all").symlink_to(".")
    found = read_history(replace(target, recursive_version_locations=recursive))
    assert found.heads == ("bbbb",)
    assert found.problems == ()
