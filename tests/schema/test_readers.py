"""Large histories are read by several processes, and whatever becomes of those changes nothing."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from console.schema import folder, readers
from console.schema.folder import list_stamps, read_files
from console.schema.readers import reading_beside
from console.schema.revision import Revision
from console.schema.target import Target
from tests.histories.script_folder import line, target_of, write_folder
from tests.processes import is_alive

ROOT = Path(__file__).resolve().parents[2]
NUMBER = 300
BROKEN = {"r0003_.py": "revision = 'r0003'\ndef upgrade(:\n", "r0290_.py": "revision = make()\n"}
# What is started instead of a reader, which `$real "$@"` would be.
FAILURES = {
    "does not start": "exit 1",
    "says nothing": "exec sleep 1000",
    "ends in the middle of an answer": '$real "$@" | head -c 9999',
    "goes mad after an answer": '$real "$@" | head -c 9999; exec yes',
    "says something else": "echo Usage: python; echo '  and so on'; exec sleep 1000",
    "never stops to talk": "exec yes",
    "says what is no revision": """exec $real -c 'import os, pickle, struct
said = pickle.dumps([1, "two"])
os.write(1, struct.pack("!I", len(said)) + said)'""",
    "is of a version that knows less": f"""exec $real -c 'import sys
sys.path.insert(0, "{ROOT}")
from console.schema import reader
read = reader.read_revision
def read_less(path, data):
    revision = read(path, data)
    object.__delattr__(revision, "is_downgrade_empty")
    return revision
reader.read_revision = read_less
reader.main()'""",
}
# A process that has a reader, which cannot go on before it listens, and is killed then.
KILLED = """
import os, signal, sys
from console.schema import readers
readers.FILES = 1
os.sched_getaffinity = lambda _: {0, 1}
found = readers.Readers([sys.argv[1]] * 100_000)
while not found.listen():
    pass
print(found.running[0].process.pid, flush=True)
sys.stdin.read()
"""


@pytest.fixture
def target(tmp_path: Path) -> Target:
    """A history of a few hundred files, of which two are broken."""
    history = write_folder(tmp_path / "m", line(*(f"r{number:04}" for number in range(NUMBER))))
    for name, text in BROKEN.items():
        (history / "versions" / name).write_text(text)
    return target_of(history)


@pytest.fixture
def paths(target: Target) -> list[str]:
    return [stamp.path for stamp in list_stamps(target)]


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """So few files are worth a process, and there are two cores."""
    monkeypatch.setattr(readers, "FILES", NUMBER)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 1})


@pytest.fixture
def read_here(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the files that this process reads, which takes its time."""
    names: list[str] = []
    read_revision = folder.read_revision

    def slowly(path: Path, data: bytes) -> Revision:
        names.append(path.name)
        time.sleep(0.002)
        return read_revision(path, data)

    monkeypatch.setattr(folder, "read_revision", slowly)
    return names


@pytest.fixture(autouse=True)
def _nothing_is_left() -> Iterator[None]:
    """No test leaves a process behind, nor what is left of one before somebody waits for it."""
    before = ours()
    yield
    assert ours() == before


def ours() -> set[str]:
    """The child processes of this one, also those that have ended and nobody has waited for."""
    found = set()
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if (process / "stat").read_text().rsplit(")", 1)[1].split()[1] == str(os.getpid()):
                found.add(process.name)
    return found


@pytest.fixture
def alone(target: Target) -> list[Revision]:
    """What the history states where nobody helps."""
    return states(target)


def states(target: Target) -> list[Revision]:
    """What a history states that is read for the first time."""
    return [entry.revision for entry in read_files(list_stamps(target), {}).values()]


def until(condition: Callable[[], bool]) -> bool:
    """Whether something comes true within a few seconds."""
    deadline = time.monotonic() + 20
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.01)
    return True


def test_a_history_is_the_same_with_their_help(
    target: Target, alone: list[Revision], few: None, read_here: list[str]
) -> None:
    assert states(target) == alone
    assert len(read_here) < NUMBER
    assert {*BROKEN, "r0000_.py"} <= {*read_here}


@pytest.mark.parametrize("failure", FAILURES)
def test_a_history_is_the_same_whatever_becomes_of_them(
    target: Target,
    alone: list[Revision],
    few: None,
    read_here: list[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    failure: str,
) -> None:
    python = tmp_path / "python"
    python.write_text(f"#!/bin/sh\nreal={sys.executable}\n{FAILURES[failure]}\n")
    python.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(python))
    assert states(target) == alone


@pytest.mark.parametrize("executable", ["/nowhere/python", "", None])
def test_a_history_is_the_same_where_none_can_be_started(
    target: Target,
    alone: list[Revision],
    few: None,
    monkeypatch: pytest.MonkeyPatch,
    executable: str | None,
) -> None:
    monkeypatch.setattr(sys, "executable", executable)
    assert states(target) == alone


@pytest.mark.usefixtures("few")
@pytest.mark.parametrize("sign", [signal.SIGKILL, signal.SIGSTOP])
def test_what_one_has_told_counts_when_it_is_no_more(
    paths: list[str], sign: signal.Signals
) -> None:
    with reading_beside(paths) as beside:
        assert until(lambda: bool(beside.listen()))
        beside.running[0].process.send_signal(sign)
        assert paths[-1] in beside.listen()


@pytest.mark.usefixtures("few")
def test_they_begin_at_the_end(paths: list[str]) -> None:
    with reading_beside(paths) as beside:
        assert until(lambda: bool(beside.listen()))
        first = next(iter(beside.told))
    assert paths.index(first) >= NUMBER - readers.PORTION


def test_several_share_the_files(paths: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(readers, "FILES", NUMBER // 3)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(64)))
    with reading_beside(paths) as beside:
        assert len(beside.running) == 3
        assert until(lambda: len(beside.listen()) == NUMBER - len(BROKEN))


@pytest.mark.usefixtures("few")
def test_one_that_says_something_else_is_ended(
    paths: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    (tmp_path / "python").write_text("#!/bin/sh\nprintf '\\0\\0\\0\\1x'\nexec sleep 1000\n")
    (tmp_path / "python").chmod(0o755)
    with reading_beside(paths) as beside:
        assert until(lambda: not beside.listen() and not beside.running)


def test_none_is_started_for_a_small_history(
    paths: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 1})
    assert NUMBER < readers.FILES
    before = ours()
    with reading_beside(paths):
        assert ours() == before


def test_none_is_started_where_there_is_one_core(
    paths: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(readers, "FILES", NUMBER)
    before, cores = ours(), os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(cores)})
    try:
        with reading_beside(paths):
            assert ours() == before
    finally:
        os.sched_setaffinity(0, cores)


def test_none_outlives_a_process_that_is_killed(paths: list[str]) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", KILLED, paths[0]],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as parent:
        assert parent.stdout is not None
        reader = int(parent.stdout.readline())
        assert is_alive(reader)
        parent.kill()
    assert until(lambda: not is_alive(reader))
