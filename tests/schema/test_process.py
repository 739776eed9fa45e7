"""A child's end is always told in a sentence."""

import gc
import threading
from pathlib import Path

import pytest

from console.schema import errors
from console.schema.errors import ChildDied, MigrationFailed, RunError
from console.schema.executor import apply
from console.schema.job import Failure
from console.schema.process import DRAIN, error_of
from tests.histories.place import PRODUCTS, Place


@pytest.mark.parametrize(
    ("failure", "sentence"),
    [
        (
            Failure("PlanChanged", "", details=("a changed", "b is gone")),
            "What was approved is not what would run now: a changed; b is gone.",
        ),
        (
            Failure("WrongDatabase", "", details=("one", "two")),
            "env.py connected to two instead of one. Nothing was executed there.",
        ),
        (Failure("TargetLocked", "Somebody writes."), "Somebody writes."),
        (Failure("HistoryError", "Several heads."), "Several heads."),
        (
            Failure("DataLost", "", details=("users: 1 row lost",)),
            "Data would be lost that the rehearsal kept: users: 1 row lost.",
        ),
    ],
)
def test_a_failure_becomes_the_typed_error_again(failure: Failure, sentence: str) -> None:
    error = error_of(failure)
    assert type(error) is getattr(errors, failure.error)
    assert str(error) == sentence


def test_a_failed_migration_keeps_its_place() -> None:
    error = error_of(Failure("MigrationFailed", "boom", "aaaa1", "SELECT 1"))
    assert isinstance(error, MigrationFailed)
    assert (error.revision, error.statement) == ("aaaa1", "SELECT 1")


def test_a_child_that_ends_by_itself_leaves_its_last_words(tmp_path: Path) -> None:
    place = Place(tmp_path, [PRODUCTS])
    place.environment("import os\nprint('out of ink', flush=True)\nos._exit(7)\n")
    with pytest.raises(ChildDied, match=r"code 7 .* out of ink Nothing was changed\."):
        apply(place.target, place.plan())


@pytest.mark.parametrize(
    "words", ["hello", '{"greeting": 1}', "[1]", "7", r"\xff\xfe", '{"answer": 3}']
)
def test_what_a_migration_writes_into_our_pipe_is_a_clear_failure(
    tmp_path: Path, words: str
) -> None:
    place = Place(tmp_path, [PRODUCTS])
    writing = f"import os, sys\nos.write(int(sys.argv[1]), b'{words}\\n')\n"
    place.environment(writing + (place.scripts / "env.py").read_text())
    with pytest.raises(ChildDied, match=r"wrote into the pipe .* Nothing was changed\.$"):
        apply(place.target, place.plan())
    rehearsal = place.rehearse()
    assert not rehearsal.succeeded
    assert "wrote into the pipe" in str(rehearsal.error)


def test_what_a_migration_raises_is_told_without_colours_and_not_at_any_length(
    tmp_path: Path,
) -> None:
    place = Place(tmp_path, [PRODUCTS])
    place.environment("raise ValueError('\\x1b[31mred\\x1b[0m\\x07' + 'x' * 100_000)\n")
    error = str(place.rehearse().error)
    assert error.startswith("ValueError: red\N{REPLACEMENT CHARACTER}xxx")
    assert len(error) == 2000
    assert error.endswith("…")


def test_a_missing_environment_is_named_where_it_belongs(tmp_path: Path) -> None:
    place = Place(tmp_path, [PRODUCTS])
    (place.scripts / "env.py").unlink()
    with pytest.raises(RunError) as caught:
        place.rehearse()
    assert str(caught.value).startswith(f"{place.scripts / 'env.py'} is missing.")


def test_a_grandchild_that_lives_on_does_not_keep_us(tmp_path: Path) -> None:
    place = Place(tmp_path, [PRODUCTS])
    environment = (place.scripts / "env.py").read_text()
    place.environment("import subprocess\nsubprocess.Popen(['sleep', '30'])\n" + environment)
    assert apply(place.target, place.plan()).heads == ("aaaa1",)


def test_the_pipe_of_a_process_that_left_the_session_is_closed_when_that_ends(
    tmp_path: Path,
) -> None:
    place = Place(tmp_path, [PRODUCTS])
    environment = (place.scripts / "env.py").read_text()
    leaving = "import subprocess\nsubprocess.Popen(['sleep', '2'], start_new_session=True)\n"
    place.environment(leaving + environment)
    apply(place.target, place.plan())
    drains = [thread for thread in threading.enumerate() if thread.name == DRAIN]
    assert drains
    for thread in drains:
        thread.join(20)
        assert not thread.is_alive()
    del drains, thread
    gc.collect()  # an open pipe would be told of here, and that is an error
