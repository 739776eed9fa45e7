"""Whatever a migration does beside its one connection, nothing of it is half saved, or saved and not told."""

from pathlib import Path

import pytest

from console.schema.errors import ChildDied, MigrationFailed
from console.schema.executor import apply
from tests.histories.place import PRODUCTS, Place
from tests.histories.script_folder import Sample
from tests.histories.served import Served

VERSION = "SELECT version_num FROM alembic_version"
WEIGHTS = "SELECT weight FROM products ORDER BY id"
BEFORE = [700, 4200, None]
SAVES = 'op.execute("UPDATE products SET weight = 1")\n'


def place_on(name: str, request: pytest.FixtureRequest, folder: Path, up: str) -> Place:
    """Three products, and a revision that does this."""
    samples = [PRODUCTS, Sample("bbbb1", ("aaaa1",), up=up)]
    if name == "sqlite":
        return Place(folder, samples, at="aaaa1")
    return Served(folder, request.getfixturevalue(name), samples, at="aaaa1")


def failure(place: Place) -> str:
    """Apply, and return how it failed."""
    with pytest.raises(MigrationFailed) as caught:
        apply(place.target, place.plan())
    return str(caught.value)


ALL = pytest.mark.parametrize("name", ["sqlite", "postgresql", "mariadb"])


@ALL
def test_a_fork_that_forgets_to_end_does_not_go_on_with_the_plan(
    name: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    up = "import os\nif pid := os.fork():\n    os.waitpid(pid, 0)\n" + (
        "    op.execute('UPDATE products SET weight = weight + 1')"
    )
    place = place_on(name, request, tmp_path, up)
    assert apply(place.target, place.plan()).heads == ("bbbb1",)
    assert place.ask(WEIGHTS) == [701, 4201, None]


@pytest.mark.parametrize("name", ["postgresql", "mariadb"])
def test_what_a_thread_would_write_by_a_second_connection_is_not_lost_in_silence(
    name: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    up = """\
import threading
engine = op.get_bind().engine

def work():
    with engine.begin() as other:
        other.execute(sa.text("UPDATE products SET weight = 1"))

thread = threading.Thread(target=work)
thread.start()
thread.join()"""
    place = place_on(name, request, tmp_path, up)
    assert "opened a second connection" in failure(place)
    assert place.ask(WEIGHTS) == BEFORE
    assert place.ask(VERSION) == ["aaaa1"]


@pytest.mark.parametrize("name", ["sqlite", "postgresql"])
def test_a_version_table_that_does_not_say_the_end_takes_the_plan_back(
    name: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    up = (
        SAVES
        + "from alembic.runtime.migration import HeadMaintainer\n"
        + ("HeadMaintainer.update_to_step = lambda *_: None")
    )
    place = place_on(name, request, tmp_path, up)
    assert "the version table says aaaa1" in failure(place)
    assert place.ask(WEIGHTS) == BEFORE


@pytest.mark.parametrize(
    "commit",
    [
        'op.get_bind().connection.cursor().execute("COMMIT")',
        'op.get_bind().connection.cursor().execute("UPDATE products SET weight = 2; COMMIT; BEGIN")',
    ],
)
def test_a_failure_after_a_commit_past_every_check_says_that_a_part_is_saved(
    postgresql: str, tmp_path: Path, commit: str
) -> None:
    samples = [PRODUCTS, Sample("bbbb1", ("aaaa1",), up=f"{SAVES}{commit}\nraise ValueError('no')")]
    place = Served(tmp_path, postgresql, samples, at="aaaa1")
    told = failure(place)
    assert told.startswith("ValueError: no. The migration committed in the middle")
    assert place.ask(WEIGHTS) != BEFORE


def test_a_failure_without_one_says_nothing_of_the_kind(postgresql: str, tmp_path: Path) -> None:
    samples = [PRODUCTS, Sample("bbbb1", ("aaaa1",), up=f"{SAVES}raise ValueError('no')")]
    place = Served(tmp_path, postgresql, samples, at="aaaa1")
    assert failure(place) == "ValueError: no. Nothing was changed."
    assert place.ask(WEIGHTS) == BEFORE


@pytest.mark.parametrize("what", ["UPDATE products SET weight = 1", "CREATE TABLE more (id INT)"])
def test_a_process_that_committed_by_itself_and_died_has_not_changed_nothing(
    what: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    commits = "op.get_bind().connection.cursor().execute('COMMIT')\nimport os\nos._exit(3)"
    place = place_on("postgresql", request, tmp_path, f"op.execute({what!r})\n{commits}")
    with pytest.raises(ChildDied, match="committed in the middle, by itself") as caught:
        apply(place.target, place.plan())
    assert "Nothing was changed" not in str(caught.value)
