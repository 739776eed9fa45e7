"""A folder is nobody's once the process that made it is dead, and not a moment before."""

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from console.schema.errors import RunError
from console.schema.held import held_folder, orphaned
from console.schema.snapshot import PREFIX, snapshot_of
from tests.histories.place import PRODUCTS, Place

HOLDS = """
import sys, time
from pathlib import Path
from console.schema.held import held_folder
with held_folder(Path(sys.argv[1]), sys.argv[2]) as folder:
    (folder / "env.py").touch()
    print(folder, flush=True)
    time.sleep(60)
"""


@pytest.fixture
def killed(tmp_path: Path) -> Iterator[tuple[Path, subprocess.Popen[str]]]:
    """A folder, and the process that holds it."""
    with subprocess.Popen(
        [sys.executable, "-c", HOLDS, str(tmp_path), PREFIX],
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[2],
    ) as process:
        assert process.stdout is not None
        yield Path(process.stdout.readline().strip()), process
        process.kill()


def test_it_is_nobodys_when_its_process_is_dead(
    tmp_path: Path, killed: tuple[Path, subprocess.Popen[str]]
) -> None:
    folder, process = killed
    assert [*orphaned(tmp_path, PREFIX)] == []
    process.kill()
    process.wait()
    assert [*orphaned(tmp_path, PREFIX)] == [folder]


def test_scripts_that_a_killed_process_has_copied_go_with_the_next_copy(
    tmp_path: Path,
    killed: tuple[Path, subprocess.Popen[str]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    folder, process = killed
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    place = Place(tmp_path / "place", [PRODUCTS])
    with snapshot_of(place.target):
        assert folder.exists()
        process.kill()
        process.wait()
        with snapshot_of(place.target) as snapshot:
            assert not folder.exists()
            assert (snapshot.script_location / "env.py").is_file()
    assert [*tmp_path.glob(f"{PREFIX}*")] == []


def test_a_place_in_which_nothing_can_be_written_is_named(tmp_path: Path) -> None:
    place = tmp_path / "file"
    place.touch()
    with (
        pytest.raises(RunError, match=f"Nothing can be written to {place}"),
        held_folder(place, "a"),
    ):
        pass


def test_a_link_is_nobodys_folder(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "a-link").symlink_to(tmp_path / "elsewhere")
    assert [*orphaned(tmp_path, "a-")] == []
