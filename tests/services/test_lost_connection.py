"""The database server dies during a run: how the run ended is told when the server answers again."""

from __future__ import annotations

import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from console.schema.executor import apply
from console.services.queue import enqueue
from console.services.runner import Runner, run_now
from console.services.runs import Run, events_after, get_run
from console.store.store import Store
from tests.bench.ground import PRIVATE, on_server
from tests.histories.place import PRODUCTS, Place
from tests.histories.script_folder import ENVIRONMENT, Sample
from tests.private import NoServer, PrivateServer

ROOT = Path(__file__).resolve().parents[2]
DIE = (
    f"import sys\nsys.path.append({str(ROOT)!r})\n"
    "from tests.processes import kill_tree\nkill_tree({pid})"
)
ADD = 'op.add_column("products", sa.Column("price", sa.Integer))'


@pytest.fixture(params=sorted(PRIVATE), scope="module")
def server(request: pytest.FixtureRequest) -> Iterator[PrivateServer]:
    """A server of our own, in a folder that whoever it runs as can reach."""
    with tempfile.TemporaryDirectory(prefix="console-test-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        try:
            server = PRIVATE[request.param](folder / "server")
        except NoServer as error:
            pytest.skip(str(error))
        server.start()
        yield server
        server.stop()


@pytest.fixture
def place(server: PrivateServer, tmp_path: Path) -> Iterator[Place]:
    """A database on it at its first revision."""
    server.start()
    ground = on_server(server.name, server.url)
    place = ground.place(tmp_path / "managed", [PRODUCTS])
    apply(place.target, place.plan())
    yield place
    server.start()
    ground.close()


def run_into(place: Place, store: Store, workspace: Path) -> Run:
    """Apply what is pending by the console's own path."""
    with store.begin() as session:
        run_id = enqueue(session, kind="apply", plan=place.plan(), requested_by="Olga").id
    return run_now(store, {"default": place.target}, run_id, workspace=workspace)


def look_again(place: Place, store: Store, workspace: Path, run: Run) -> Run:
    """What the next worker makes of it."""
    Runner(store, {"default": place.target}, workspace).work(threading.Event(), once=True)
    return get_run(store, run.id)


def test_a_run_is_not_called_failed_before_the_database_can_tell(
    server: PrivateServer, place: Place, store: Store, tmp_path: Path
) -> None:
    assert server.process is not None
    place.write(Sample("bbbb2", ("aaaa1",), up=f"{DIE.format(pid=server.process.pid)}\n{ADD}"))
    run = run_into(place, store, tmp_path)
    assert run.state == "running", run.error
    assert "will be told as soon as it does" in events_after(store, run.id)[-1].text
    assert look_again(place, store, tmp_path, run).state == "running"
    server.start()
    run = look_again(place, store, tmp_path, run)
    assert run.state == "interrupted"
    assert run.error is not None
    assert "Nothing was changed" in run.error


def test_a_run_that_had_applied_everything_is_found_to_have_succeeded(
    server: PrivateServer, place: Place, store: Store, tmp_path: Path
) -> None:
    assert server.process is not None
    place.write(Sample("bbbb2", ("aaaa1",), up=ADD))
    plan_and_die = DIE.format(pid=server.process.pid)
    place.environment(f"{ENVIRONMENT}{plan_and_die}\nimport os\nos._exit(1)\n")
    run = run_into(place, store, tmp_path)
    assert run.state == "running"
    server.start()
    run = look_again(place, store, tmp_path, run)
    assert run.state == "succeeded"
    assert run.note is not None
    assert "had applied everything" in run.note
