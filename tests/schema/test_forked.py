"""Migrations are forked from one process that has loaded what they need, and know nothing of each other."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from console.schema.errors import ChildDied
from console.schema.executor import apply
from console.schema.forked import Forked
from console.schema.forkserver import Request
from console.schema.job import Job, Pass
from console.schema.process import run_job
from console.schema.progress import silent
from tests.histories.place import PRODUCTS, Place
from tests.histories.script_folder import ENVIRONMENT
from tests.processes import children_of, descendants_of, is_alive

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """A place whose env.py writes down what it is told to."""
    return Place(tmp_path / "place", [PRODUCTS])


def tell(place: Place, expression: str) -> Callable[[], str]:
    """Let env.py write the value of an expression into a file, and run nothing; returns a function
    that runs it once and reads the file."""
    told = place.folder / "told"
    lines = f"import os, sys, random\nopen({str(told)!r}, 'w').write(str({expression}))\n"
    place.environment(lines)

    def once() -> str:
        plan = place.plan()
        run_job(Job("run", place.target, (Pass(plan.steps, plan.start),)), progress=silent)
        return told.read_text()

    return once


def until(condition: Callable[[], bool]) -> bool:
    """Whether something comes true within a few seconds."""
    deadline = time.monotonic() + 20
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def test_all_migrations_of_a_process_have_one_parent(place: Place) -> None:
    parent = tell(place, "os.getppid()")
    first = int(parent())
    assert first in children_of(os.getpid())
    assert int(parent()) == first


def test_what_one_migration_does_to_its_process_is_not_there_for_the_next(place: Place) -> None:
    left = "('left' in sys.modules, sys.modules.update(left=sys), os.environ.get('LEFT'), os.environ.update(LEFT='1'), sys.path.append('/left'), sys.path.count('/left'))"
    once = tell(place, left)
    assert once() == once() == "(False, None, None, None, None, 1)"


def test_each_migration_has_chances_of_its_own(place: Place) -> None:
    once = tell(place, "random.random()")
    assert once() != once()


def test_a_migration_has_the_directory_and_the_environment_of_its_moment(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    once = tell(place, "(os.getcwd(), os.environ.get('MOOD'), sys.argv[0])")
    monkeypatch.setenv("MOOD", "good")
    monkeypatch.chdir(place.folder)
    assert once() == str((str(place.folder), "good", "console.schema.child"))


def test_a_migration_has_nothing_open_but_what_is_its_own(place: Place) -> None:
    once = tell(
        place, "sorted({int(f) for f in os.listdir('/dev/fd')} - {0, 1, 2, int(sys.argv[1])})"
    )
    # the file that env.py writes, the folder at which it looks, and the job's pipe that is watched
    assert len(eval(once())) == 3


def test_a_fork_server_that_was_killed_is_started_again(place: Place) -> None:
    parent = tell(place, "os.getppid()")
    first = int(parent())
    os.kill(first, signal.SIGKILL)
    assert until(lambda: not is_alive(first))
    assert int(parent()) != first


def test_a_fork_server_that_was_stopped_keeps_nobody_waiting(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    parent = tell(place, "os.getppid()")
    first = int(parent())
    monkeypatch.setattr("console.schema.forked.PATIENCE_SECONDS", 0.3)
    os.kill(first, signal.SIGSTOP)
    assert int(parent()) == os.getpid()  # begun by ourselves
    assert not is_alive(first)
    monkeypatch.undo()
    assert int(parent()) not in (first, os.getpid())


def test_a_fork_server_that_is_stopped_during_a_migration_keeps_its_answer_from_nobody(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("console.schema.forked.PATIENCE_SECONDS", 5)
    monkeypatch.setattr("console.schema.process.GONE_SECONDS", 0.1)
    stopped = place.folder / "stopped"
    place.environment(
        f"{ENVIRONMENT}\nimport os, signal\nopen({str(stopped)!r}, 'w').write(str(os.getppid()))\n"
        "os.kill(os.getppid(), signal.SIGSTOP)\n"
    )
    try:
        assert apply(place.target, place.plan()).heads == ("aaaa1",)
    finally:
        os.kill(int(stopped.read_text()), signal.SIGCONT)


def test_a_migration_dies_with_its_fork_server(place: Place) -> None:
    place.environment("import os, signal\nos.kill(os.getppid(), signal.SIGKILL)\nsignal.pause()\n")
    with pytest.raises(ChildDied, match=r"ended by SIGKILL.*Nothing was changed"):
        apply(place.target, place.plan())


def test_nothing_of_a_migration_is_left_when_it_is_over(place: Place) -> None:
    child = "import subprocess\nprocess = subprocess.Popen(['sleep', '60'])\n"
    place.environment(child)
    told = place.folder / "told"
    place.environment(
        f"{child}open({str(told)!r}, 'w').write(f'{{process.pid}} {{os.getpid()}}')\n"
    )
    source = (place.scripts / "env.py").read_text()
    place.environment("import os\n" + source)
    plan = place.plan()
    run_job(Job("run", place.target, (Pass(plan.steps, plan.start),)), progress=silent)
    started, migration = map(int, told.read_text().split())
    assert until(lambda: not is_alive(started))
    assert until(lambda: not Path(f"/proc/{migration}").exists())  # nor a zombie


def test_a_process_that_has_just_begun_can_be_ended() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs, subprocess.Popen(["sleep", "60"]) as process:  # in our group, as it is then
        Forked(process.pid, ours).kill()
        assert process.wait(timeout=20) == -signal.SIGKILL


NO_ROOM = """\
import os, socket, sys
from console.schema.forkserver import ForkServer

def refuse():
    raise BlockingIOError(11, "Resource temporarily unavailable")

os.fork = refuse
ForkServer(socket.socket(fileno=int(sys.argv[1])), print).serve()
"""


def test_a_fork_server_that_has_no_room_for_one_more_lives_on() -> None:
    ours, theirs = socket.socketpair()
    with theirs:
        command = [sys.executable, "-c", NO_ROOM, str(theirs.fileno())]
        process = subprocess.Popen(command, cwd=ROOT, pass_fds=[theirs.fileno()])
    with ours, process:
        for _ in range(2):
            asking, status = socket.socketpair()
            with asking:
                with status:
                    Request("/", {}, (), ()).send(ours, (0, 1, 2, status.fileno()))
                asking.settimeout(20)
                assert asking.recv(1) == b""
        assert process.poll() is None
        ours.close()
        assert process.wait(timeout=20) == 0


FORKS = """\
import os, sys
from pathlib import Path
from console.schema.executor import apply
from tests.histories.place import PRODUCTS, Place
from tests.histories.script_folder import ENVIRONMENT

def parent(name):
    place = Place(Path(sys.argv[1]) / name, [PRODUCTS])
    place.environment(f"import os\\nopen({str(place.folder / 'told')!r}, 'w').write(str(os.getppid()))\\n"
                      + (place.scripts / "env.py").read_text())
    apply(place.target, place.plan())
    return int((place.folder / "told").read_text())

first = parent("first")
if (pid := os.fork()) == 0:
    os._exit(0 if parent("second") != first else 1)
assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
assert parent("third") == first
"""


def test_a_process_that_was_forked_from_ours_has_a_fork_server_of_its_own(tmp_path: Path) -> None:
    subprocess.run([sys.executable, "-c", FORKS, tmp_path], cwd=ROOT, check=True, timeout=120)


def test_an_interpreter_that_cannot_load_us_says_so_itself(place: Place) -> None:
    bare = place.folder / "bare"
    bare.write_text(f'#!/bin/sh\nexec {sys.executable} -S "$@"\n')
    bare.chmod(0o755)
    plan = place.plan()
    job = Job("run", replace(place.target, python=bare), (Pass(plan.steps, plan.start),))
    with pytest.raises(ChildDied, match="ModuleNotFoundError"):
        run_job(job, progress=silent)


WAITS = """\
import sys
from pathlib import Path
from console.schema.executor import apply
from tests.histories.place import PRODUCTS, Place
from tests.histories.script_folder import ENVIRONMENT

place = Place(Path(sys.argv[1]), [PRODUCTS])
place.environment("import time\\ntime.sleep(60)\\n")
apply(place.target, place.plan())
"""


def test_the_fork_server_and_its_migrations_end_with_the_process_that_started_it(
    tmp_path: Path,
) -> None:
    process = subprocess.Popen([sys.executable, "-c", WAITS, tmp_path], cwd=ROOT)
    assert until(lambda: len(descendants_of(process.pid)) == 2)
    begun = descendants_of(process.pid)
    process.kill()
    process.wait()
    assert until(lambda: not any(is_alive(each) for each in begun))
