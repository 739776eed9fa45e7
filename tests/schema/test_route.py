"""Routes are what Alembic itself would run."""

import sys
import tempfile
import time
import warnings
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from console.schema.errors import (
    AmbiguousRevision,
    BrokenRevision,
    HistoryError,
    MultipleHeads,
    SchemaError,
    UnknownRevision,
)
from console.schema.history import read_history
from console.schema.route import find_route
from tests.histories.script_folder import Sample, line, target_of, write_folder

FORK = [
    Sample("aaaa1"),
    Sample("bbbb1", ("aaaa1",), labels=("left",)),
    Sample("bbbb2", ("bbbb1",)),
    Sample("cccc1", ("aaaa1",), labels=("right",)),
]
MERGED = [*FORK, Sample("dddd1", ("bbbb2", "cccc1")), Sample("eeee1", ("dddd1",))]


def route(tmp_path, samples, heads, goal):
    folder = write_folder(tmp_path / "migrations", samples)
    return find_route(read_history(target_of(folder)), tuple(heads), goal)


def test_from_nothing_to_head_every_revision_runs_oldest_first(tmp_path):
    found = route(tmp_path, line("aaaa", "bbbb", "cccc"), [], "head")
    assert found.ids == ("aaaa", "bbbb", "cccc")
    assert found.is_up
    assert found.end == ("cccc",)


def test_a_revision_above_is_reached_upwards_and_one_below_downwards(tmp_path):
    samples = line("aaaa", "bbbb", "cccc", "dddd")
    assert route(tmp_path, samples, ["bbbb"], "cccc").ids == ("cccc",)
    down = route(tmp_path, samples, ["dddd"], "bbbb")
    assert down.ids == ("dddd", "cccc")
    assert not down.is_up
    assert down.end == ("bbbb",)


def test_base_undoes_everything(tmp_path):
    down = route(tmp_path, line("aaaa", "bbbb"), ["bbbb"], "base")
    assert down.ids == ("bbbb", "aaaa")
    assert down.end == ()


@pytest.mark.parametrize(
    ("goal", "ids"),
    [
        ("+2", ("cccc", "dddd")),
        ("-1", ("bbbb",)),
        ("cccc", ("cccc",)),
        ("ccc", ("cccc",)),
        ("cccc+1", ("cccc", "dddd")),
        ("dddd-1", ("cccc",)),
        ("bbbb-1", ("bbbb",)),
        ("bbbb", ()),
        ("dddd-3", ("bbbb",)),
        (" head ", ("cccc", "dddd")),
    ],
)
def test_goals_relative_to_where_the_database_stands(tmp_path, goal, ids):
    assert route(tmp_path, line("aaaa", "bbbb", "cccc", "dddd"), ["bbbb"], goal).ids == ids


def test_head_is_refused_where_there_are_two_and_heads_takes_both(tmp_path):
    with pytest.raises(MultipleHeads, match="bbbb2"):
        route(tmp_path, FORK, [], "head")
    found = route(tmp_path, FORK, [], "heads")
    assert set(found.ids) == {"aaaa1", "bbbb1", "bbbb2", "cccc1"}
    assert found.end == ("bbbb2", "cccc1")


def test_a_branch_can_be_named_by_its_label(tmp_path):
    assert route(tmp_path, FORK, ["aaaa1"], "left@head").ids == ("bbbb1", "bbbb2")
    assert route(tmp_path, FORK, ["aaaa1"], "right@head").ids == ("cccc1",)
    assert route(tmp_path, FORK, ["bbbb2", "cccc1"], "left@-1").ids == ("bbbb2",)
    assert route(tmp_path, FORK, ["aaaa1"], "left@+1").ids == ("bbbb1",)


def test_a_label_on_each_of_very_many_revisions_does_not_keep_a_plan_waiting(tmp_path):
    names = [f"r{number:04}" for number in range(1200)]
    samples = [
        Sample(name, parents, labels=(f"label_{name}",))
        for name, parents in zip(names, [(), *((name,) for name in names)], strict=False)
    ]
    begun = time.monotonic()
    assert route(tmp_path, samples, [], "head").ids == tuple(names)
    assert route(tmp_path, samples, [], "label_r0003").ids == tuple(names[:4])
    assert route(tmp_path, samples, ["r0900"], "label_r0700@+2").ids == ("r0901", "r0902")
    assert time.monotonic() - begun < 30, "Alembic's own map takes minutes for that"


@pytest.mark.parametrize(
    ("heads", "goal", "ids"),
    [
        ([], "base+1", ("aaaa",)),
        ([], "base+2", ("aaaa", "bbbb")),
        (["cccc"], "base+1", ("cccc", "bbbb")),
        (["bbbb"], "head-1", ("cccc",)),
        (["dddd"], "head-1", ("dddd",)),
        (["dddd"], "heads-2", ("dddd", "cccc")),
        (["cccc"], "head-1", ()),
        (["bbbb"], "@heads", ("cccc", "dddd")),
        (["bbbb"], "@head", ("cccc", "dddd")),
        (["bbbb"], "@base", ("bbbb", "aaaa")),
    ],
)
def test_goals_relative_to_either_end_of_the_history(tmp_path, heads, goal, ids):
    assert route(tmp_path, line("aaaa", "bbbb", "cccc", "dddd"), heads, goal).ids == ids


def test_before_its_beginning_there_is_nothing(tmp_path):
    with pytest.raises(HistoryError, match="further than the history does"):
        route(tmp_path, line("aaaa", "bbbb"), ["bbbb"], "base-1")


def test_a_label_above_leads_the_way_at_the_fork_below_it(tmp_path):
    samples = [
        Sample("aaaa1"),
        Sample("bbbb1", ("aaaa1",)),
        Sample("bbbb2", ("bbbb1",), labels=("left",)),
        Sample("cccc1", ("aaaa1",), labels=("right",)),
    ]
    assert route(tmp_path, samples, ["aaaa1"], "left@aaaa1+1").ids == ("bbbb1",)
    assert route(tmp_path, samples, [], "left@base+2").ids == ("aaaa1", "bbbb1")
    assert route(tmp_path, samples, ["bbbb2", "cccc1"], "left@head-1").ids == ("bbbb2",)


def test_a_branch_tells_beginnings_apart(tmp_path):
    samples = [Sample("aaaa"), Sample("bbbb1", ("aaaa",)), Sample("bbbb2", ("aaaa",))]
    assert route(tmp_path, samples, [], "bbbb2@bbbb").ids == ("aaaa", "bbbb2")


def test_undoing_a_merge_leaves_both_of_its_branches(tmp_path):
    assert route(tmp_path, MERGED, ["eeee1"], "dddd1").end == ("dddd1",)
    below = route(tmp_path, MERGED, ["eeee1"], "bbbb2")
    assert below.ids == ("eeee1", "dddd1")
    assert below.end == ("bbbb2", "cccc1")


def test_across_a_merge_to_the_fork_both_branches_are_undone(tmp_path):
    found = route(tmp_path, MERGED, ["eeee1"], "aaaa1")
    assert found.ids[:2] == ("eeee1", "dddd1")
    assert set(found.ids) == {"eeee1", "dddd1", "bbbb1", "bbbb2", "cccc1"}
    assert found.end == ("aaaa1",)


def test_what_a_revision_depends_on_runs_before_it(tmp_path):
    samples = [Sample("aaaa1"), Sample("bbbb1"), Sample("bbbb2", ("bbbb1",), depends_on=("aaaa1",))]
    found = route(tmp_path, samples, [], "bbbb2")
    assert found.ids.index("aaaa1") < found.ids.index("bbbb2")
    assert found.end == ("bbbb2",)


def test_one_step_back_from_two_heads_is_ambiguous(tmp_path):
    with pytest.raises(HistoryError, match="Name the branch"):
        route(tmp_path, FORK, ["bbbb2", "cccc1"], "-1")


@pytest.mark.parametrize("goal", ["", "zzzz", "@", "nowhere@head", "a@b@c", "head head", "+"])
def test_a_goal_that_is_nowhere_is_refused(tmp_path, goal):
    with pytest.raises(UnknownRevision):
        route(tmp_path, line("aaaa", "bbbb"), [], goal)


def test_too_short_a_name_is_ambiguous(tmp_path):
    with pytest.raises(AmbiguousRevision, match="bbbb1, bbbb2"):
        route(tmp_path, FORK, [], "bbbb")


def test_too_short_a_name_on_one_branch_is_ambiguous_too(tmp_path):
    samples = [Sample("aaaa1", labels=("left",)), Sample("aaaa2", ("aaaa1",)), Sample("bbbb1")]
    with pytest.raises(AmbiguousRevision, match="'aaaa' could be one of several revisions"):
        route(tmp_path, samples, [], "left@aaaa")


def test_the_label_of_a_file_that_cannot_be_used_names_the_file(tmp_path):
    samples = [
        Sample("aaaa1"),
        Sample("bbbb1", ("aaaa1",), depends_on=("cccc1",), labels=("left",)),
        Sample("cccc1", ("bbbb1",)),
    ]
    for goal in ("left", "left@head", "left@base"):
        with pytest.raises(BrokenRevision, match="cannot be used: It rests on itself"):
            route(tmp_path, samples, [], goal)


@pytest.mark.parametrize("goal", ["+3", "-3", "aaaa-5", "bbbb+1"])
def test_a_goal_beyond_the_history_is_refused(tmp_path, goal):
    with pytest.raises(HistoryError):
        route(tmp_path, line("aaaa", "bbbb"), ["bbbb"], goal)


def test_a_missing_parent_stops_only_the_routes_through_it(tmp_path):
    samples = [*line("aaaa", "bbbb"), Sample("cccc", ("gone",))]
    assert route(tmp_path, samples, [], "bbbb").ids == ("aaaa", "bbbb")
    with pytest.raises(BrokenRevision, match=r"cccc_\.py cannot be used: It rests on 'gone'"):
        route(tmp_path, samples, [], "cccc")


def test_what_a_revision_depends_on_is_missed_by_the_name_of_its_file(tmp_path):
    samples = [*line("aaaa", "bbbb"), Sample("cccc", ("bbbb",), depends_on=("gone",))]
    with pytest.raises(BrokenRevision, match=r"cccc_\.py cannot be used: It rests on 'gone'"):
        route(tmp_path, samples, [], "cccc")


@pytest.mark.parametrize("goal", ["head", "base", "bbbb1", "+1"])
def test_a_revision_that_is_called_base_is_refused_by_its_name(tmp_path, goal):
    samples = [Sample("base"), Sample("bbbb1", ("base",))]
    with pytest.raises(
        BrokenRevision, match=r"base_\.py cannot be used: Its id is 'base', by which"
    ):
        route(tmp_path, samples, [], goal)


def test_head_is_not_guessed_while_a_file_cannot_be_read(tmp_path):
    folder = write_folder(tmp_path / "migrations", line("aaaa", "bbbb"))
    (folder / "versions" / "cccc_broken.py").write_text("def upgrade(:\n")
    history = read_history(target_of(folder))
    with pytest.raises(BrokenRevision, match="cccc_broken"):
        find_route(history, (), "head")
    with pytest.raises(BrokenRevision, match="cccc_broken"):
        find_route(history, (), "cccc")
    assert find_route(history, (), "bbbb").ids == ("aaaa", "bbbb")


def test_duplicates_on_the_route_are_refused(tmp_path):
    folder = write_folder(tmp_path / "migrations", line("aaaa", "bbbb", "cccc"))
    versions = folder / "versions"
    (versions / "again.py").write_text((versions / "bbbb_.py").read_text())
    history = read_history(target_of(folder))
    with pytest.raises(BrokenRevision, match="Another file"):
        find_route(history, (), "cccc")
    assert find_route(history, (), "aaaa").ids == ("aaaa",)


def test_a_cycle_is_refused(tmp_path):
    samples = [*line("aaaa", "bbbb"), Sample("cccc", ("dddd",)), Sample("dddd", ("cccc",))]
    assert route(tmp_path, samples, [], "bbbb").ids == ("aaaa", "bbbb")
    with pytest.raises(BrokenRevision, match="rests on itself"):
        route(tmp_path, samples, [], "cccc")


def test_what_alembic_cannot_record_is_refused_and_said(tmp_path):
    samples = [
        Sample("aaaa"),
        Sample("bbbb", ("aaaa",)),
        Sample("cccc"),
        Sample("dddd", ("aaaa",), depends_on=("bbbb", "cccc")),
    ]
    folder = write_folder(tmp_path / "migrations", samples)
    config = Config()
    config.set_main_option("script_location", str(folder))
    config.set_main_option("sqlalchemy.url", target_of(folder).url)
    with pytest.raises(KeyError):
        command.upgrade(config, "heads")
    with pytest.raises(HistoryError, match="cannot record dddd"):
        find_route(read_history(target_of(folder)), (), "heads")


@st.composite
def histories(draw):
    """A random history: several bases, branches, merges, dependencies and labels."""
    samples: list[Sample] = []
    for number in range(draw(st.integers(1, 9))):
        earlier = [s.id for s in samples]
        parents = (
            draw(st.lists(st.sampled_from(earlier), max_size=2, unique=True)) if earlier else []
        )
        rest = [name for name in earlier if name not in parents]
        depends_on = draw(st.lists(st.sampled_from(rest), max_size=2, unique=True)) if rest else []
        if draw(st.integers(0, 3)):
            depends_on = []
        parents = _without_ancestors(parents, samples)
        labels = (f"label{number}",) if draw(st.integers(0, 3)) == 0 else ()
        name = f"{number}abc{number}"
        samples.append(Sample(name, tuple(parents), tuple(depends_on), labels))
    return samples


def _without_ancestors(parents, samples):
    """A merge of a revision with its own ancestor is nothing that Alembic writes."""
    by_id = {s.id: s for s in samples}

    def above(name):
        return {name}.union(*(above(p) for p in by_id[name].parents + by_id[name].depends_on))

    return [p for p in parents if not any(p in above(q) for q in parents if q != p)]


def alembics_way(script, found_up, heads, goal):
    """The ids of Alembic's own steps, or None where it refuses."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            if found_up:
                steps = script._upgrade_revs(goal, heads)
            else:
                steps = script._downgrade_revs(goal, heads)
    except (CommandError, AssertionError):
        return None
    return tuple(step.revision.revision for step in steps)


def goals_of(samples):
    ids = [s.id for s in samples]
    labels = [label for s in samples for label in s.labels] or ["none"]
    relative = st.sampled_from(["+1", "+2", "-1", "-2"])
    return st.one_of(
        st.sampled_from(["head", "heads", "base", "@head", "@heads", "@base", *ids]),
        relative,
        st.builds(lambda i, r: i + r, st.sampled_from(["head", "heads", "base", *ids]), relative),
        st.builds(
            lambda b, g: f"{b}@{g}",
            st.sampled_from([*labels, *ids]),
            st.one_of(
                relative, st.sampled_from(["head", "base", "base+1", "head-1", ids[0] + "+1"])
            ),
        ),
    )


def is_topological(ids, is_up, history):
    """Whether no revision runs before what it rests on (or, downwards, after it)."""
    order = ids if is_up else tuple(reversed(ids))
    return all(
        below not in order[position:]
        for position, name in enumerate(order)
        for below in history.below[name]
    )


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_random_histories_are_walked_as_alembic_walks_them(data):
    samples = data.draw(histories())
    with tempfile.TemporaryDirectory() as name:
        folder = write_folder(Path(name) / "migrations", samples)
        was, sys.dont_write_bytecode = sys.dont_write_bytecode, True
        try:
            script = ScriptDirectory(str(folder))
            history = read_history(target_of(folder))
            heads = ()
            for _ in range(data.draw(st.integers(1, 4))):
                goal = data.draw(goals_of(samples))
                heads = check_one(script, history, heads, goal)
        finally:
            sys.dont_write_bytecode = was


def check_one(script, history, heads, goal):
    """Compare one route with Alembic's and return where the database stands after it."""
    try:
        found = find_route(history, heads, goal)
    except SchemaError as error:
        if "cannot record" in str(error):
            return heads
        up, down = (alembics_way(script, is_up, heads, goal) for is_up in (True, False))
        one_step_from_several = len(heads) > 1 and goal.startswith("-")
        before_the_beginning = "base-" in goal
        unknown_label = goal.startswith("none@")
        if not (one_step_from_several or before_the_beginning or unknown_label):
            assert not up, (heads, goal, up)
            assert not down, (heads, goal, down)
        return heads
    expected = alembics_way(script, found.is_up, heads, goal)
    assert expected is not None, (heads, goal, found)
    assert sorted(found.ids) == sorted(expected), (heads, goal)
    assert is_topological(found.ids, found.is_up, history)
    if all(len(revision.depends_on) < 2 for revision in history.revisions):
        assert found.ids == expected, (heads, goal)
    return found.end


@pytest.mark.parametrize("goal", ["+" + "9" * 5000, "-" + "9" * 5000, "a" * 5000])
def test_an_endless_goal_is_no_revision(tmp_path, goal):
    history = read_history(target_of(write_folder(tmp_path / "migrations", line("aaaa"))))
    with pytest.raises(UnknownRevision, match="…"):
        find_route(history, (), goal)
