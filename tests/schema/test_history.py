"""A history is listed as it is, with everything marked that is wrong with it."""

import os
from dataclasses import replace
from pathlib import Path

import pytest

from console.schema.errors import AmbiguousRevision, UnknownRevision
from console.schema.history import read_history
from tests.histories.script_folder import Sample, line, target_of, text_of, write_folder


def history_of(tmp_path, samples, **changes):
    return read_history(target_of(write_folder(tmp_path / "migrations", samples), **changes))


def codes(history):
    return [problem.code for problem in history.problems]


def test_revisions_are_listed_newest_first(tmp_path):
    history = history_of(tmp_path, line("cccc", "aaaa", "bbbb"))
    assert [r.id for r in history.revisions] == ["bbbb", "aaaa", "cccc"]
    assert history.heads == ("bbbb",)
    assert history.bases == ("cccc",)
    assert history.problems == ()


def test_an_empty_folder_is_an_empty_history(tmp_path):
    history = history_of(tmp_path, [])
    assert (history.revisions, history.heads, history.bases, history.problems) == ((), (), (), ())


def test_a_folder_that_does_not_exist_is_said(tmp_path):
    history = read_history(target_of(tmp_path / "migrations"))
    assert codes(history) == ["missing-folder"]
    assert str(tmp_path / "migrations" / "versions") == history.problems[0].path


def test_a_folder_that_cannot_be_read_is_said_with_the_reason(tmp_path):
    target = target_of(tmp_path / "migrations")
    history = read_history(replace(target, version_locations=(tmp_path / ("long" * 70),)))
    (problem,) = history.problems
    assert problem.code == "unreadable-folder"
    assert problem.message == "The folder of revision files cannot be read: File name too long."


def test_a_branch_stays_together_above_the_fork(tmp_path):
    samples = [
        Sample("aaaa"),
        Sample("b1", ("aaaa",)),
        Sample("b2", ("b1",)),
        Sample("c1", ("aaaa",)),
        Sample("c2", ("c1",)),
        Sample("dddd", ("b2", "c2")),
    ]
    history = history_of(tmp_path, samples)
    assert [r.id for r in history.revisions] == ["dddd", "b2", "b1", "c2", "c1", "aaaa"]


def test_two_heads_are_a_problem_of_the_history(tmp_path):
    history = history_of(
        tmp_path, [Sample("aaaa"), Sample("b1", ("aaaa",)), Sample("c1", ("aaaa",))]
    )
    assert set(history.heads) == {"b1", "c1"}
    assert codes(history) == ["multiple-heads"]


def test_of_many_heads_some_are_named_and_the_others_counted(tmp_path):
    samples = [Sample("aaaa"), *(Sample(f"b{n:04}", ("aaaa",)) for n in range(1500))]
    (problem,) = history_of(tmp_path, samples).problems
    assert problem.message.startswith("There are 1500 heads (b0000, b0001, b0002, ")
    assert problem.message.endswith("b0008, b0009 and 1,490 more): 'head' alone is ambiguous.")


def test_a_dependency_stands_below_what_depends_on_it(tmp_path):
    samples = [Sample("zzzz", labels=("base",)), Sample("aaaa", depends_on=("base",))]
    history = history_of(tmp_path, samples)
    assert [r.id for r in history.revisions] == ["aaaa", "zzzz"]
    assert history.ancestors(["aaaa"]) == {"aaaa", "zzzz"}
    assert set(history.heads) == {"aaaa", "zzzz"}


def test_a_missing_parent_is_a_problem_and_the_rest_is_listed(tmp_path):
    history = history_of(tmp_path, [*line("aaaa", "bbbb"), Sample("cccc", ("gone",))])
    assert "missing-parent" in codes(history)
    assert {r.id for r in history.revisions} == {"aaaa", "bbbb", "cccc"}


def test_a_missing_dependency_is_a_problem(tmp_path):
    history = history_of(tmp_path, [Sample("aaaa", depends_on=("gone",))])
    assert codes(history) == ["missing-dependency"]


def test_a_broken_file_is_listed_at_the_end(tmp_path):
    folder = write_folder(tmp_path / "migrations", line("aaaa", "bbbb"))
    (folder / "versions" / "cccc_broken.py").write_text("def upgrade(:\n")
    history = read_history(target_of(folder))
    assert [r.id for r in history.revisions] == ["bbbb", "aaaa", "cccc"]
    assert history.revisions[-1].is_broken
    assert history.heads == ("bbbb",)
    assert codes(history) == ["syntax-error"]


def test_an_unreadable_file_is_listed(tmp_path):
    target = target_of(write_folder(tmp_path / "migrations"))
    # A file like any other, but that nothing can be read at its beginning, not even by root.
    (target.version_locations[0] / "aaaa_.py").symlink_to("/proc/self/mem")
    history = read_history(target)
    assert codes(history) == ["unreadable"]
    assert history.revisions[0].is_broken


def test_both_files_of_one_id_are_marked(tmp_path):
    folder = write_folder(tmp_path / "migrations", line("aaaa", "bbbb"))
    (folder / "versions" / "again.py").write_text(text_of(Sample("bbbb", ("aaaa",))))
    history = read_history(target_of(folder))
    assert codes(history) == ["duplicate", "duplicate"]
    assert [r.id for r in history.revisions] == ["aaaa", "bbbb", "bbbb"]


def test_a_broken_file_named_like_a_sound_one_does_not_hide_it(tmp_path):
    folder = write_folder(tmp_path / "migrations", line("aaaa", "bbbb"))
    (folder / "versions" / "bbbb_x.py").write_text("def upgrade(:\n")
    history = read_history(target_of(folder))
    assert not history.find("bbbb").is_broken
    assert codes(history) == ["syntax-error"]


def test_a_label_used_twice_is_marked(tmp_path):
    history = history_of(
        tmp_path, [Sample("aaaa", labels=("x",)), Sample("bbbb", ("aaaa",), labels=("x",))]
    )
    assert codes(history) == ["duplicate-label"]
    assert history.problems[0].message == "Its label 'x' is already used by aaaa."
    assert history.find("x").id == "aaaa"


def test_a_cycle_is_marked_on_each_of_its_files_and_on_no_other(tmp_path):
    samples = [
        *line("aaaa", "bbbb"),
        Sample("c1", ("bbbb", "c3")),
        Sample("c2", ("c1",)),
        Sample("c3", ("c2",)),
        Sample("self", ("self",)),
        Sample("dddd", ("bbbb",)),
    ]
    history = history_of(tmp_path, samples)
    assert {r.id for r in history.broken} == {"c1", "c2", "c3", "self"}
    assert [r.id for r in history.revisions[:3]] == ["dddd", "bbbb", "aaaa"]


def test_folders_within_are_read_only_when_asked_for(tmp_path):
    folder = write_folder(tmp_path / "migrations", line("aaaa"))
    deeper = folder / "versions" / "2026"
    deeper.mkdir()
    (deeper / "bbbb_.py").write_text(text_of(Sample("bbbb", ("aaaa",))))
    (folder / "versions" / "__pycache__").mkdir()
    (folder / "versions" / "__pycache__" / "cccc_.py").write_text(text_of(Sample("cccc")))
    assert len(read_history(target_of(folder)).revisions) == 1
    assert len(read_history(target_of(folder, recursive_version_locations=True)).revisions) == 2


def test_several_locations_are_one_history(tmp_path):
    one = write_folder(tmp_path / "one", line("aaaa"))
    two = write_folder(tmp_path / "two", [Sample("bbbb", ("aaaa",))])
    target = target_of(
        one, version_locations=(one / "versions", two / "versions", one / "versions")
    )
    history = read_history(target)
    assert [r.id for r in history.revisions] == ["bbbb", "aaaa"]


def test_what_is_no_revision_file_is_passed_over(tmp_path):
    folder = write_folder(tmp_path / "migrations", line("aaaa"))
    for name in ("__init__.py", ".#bbbb.py", "README", "cccc.pyc"):
        (folder / "versions" / name).write_text("x = (")
    assert read_history(target_of(folder)).problems == ()


def test_names_are_found_by_id_by_label_and_by_their_beginning(tmp_path):
    history = history_of(tmp_path, [Sample("abcd1"), Sample("abce2", ("abcd1",), labels=("shop",))])
    assert history.find("abcd1").id == history.find("abcd").id == "abcd1"
    assert history.find("shop").id == "abce2"
    with pytest.raises(AmbiguousRevision, match="abcd1, abce2"):
        history.find("abc")
    for name in ("x", "", "abcd12"):
        with pytest.raises(UnknownRevision):
            history.find(name)


def test_the_source_is_the_text_of_the_file(tmp_path):
    history = history_of(tmp_path, line("aaaa"))
    assert history.source(history.find("aaaa")) == text_of(Sample("aaaa"))


def test_the_same_object_comes_back_while_nothing_changes(tmp_path):
    folder = write_folder(tmp_path / "migrations", line("aaaa", "bbbb"))
    assert read_history(target_of(folder)) is read_history(target_of(folder))


def test_a_changed_byte_is_seen_at_once_even_if_the_time_is_put_back(tmp_path):
    folder = write_folder(tmp_path / "migrations", line("aaaa"))
    path = folder / "versions" / "aaaa_.py"
    long_ago = 1_600_000_000
    os.utime(path, (long_ago, long_ago))
    first = read_history(target_of(folder))
    path.write_text(path.read_text().replace("pass", "pasS", 1))
    os.utime(path, (long_ago, long_ago))
    second = read_history(target_of(folder))
    assert first.find("aaaa").sha256 != second.find("aaaa").sha256


def test_added_and_removed_files_are_seen(tmp_path):
    folder = write_folder(tmp_path / "migrations", line("aaaa"))
    assert len(read_history(target_of(folder)).revisions) == 1
    write_folder(folder, line("aaaa", "bbbb"))
    assert len(read_history(target_of(folder)).revisions) == 2
    (folder / "versions" / "bbbb_.py").unlink()
    assert len(read_history(target_of(folder)).revisions) == 1


def test_the_sample_project_has_no_problems():
    root = Path(__file__).parents[2] / "migrations"
    assert read_history(target_of(root)).problems == ()
