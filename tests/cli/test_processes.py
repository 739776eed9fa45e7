"""The first run and the server as real processes: what starts, what stops, what is left."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.histories.script_folder import Sample, write_folder

ROOT = Path(__file__).resolve().parents[2]
# Whoever runs the tests in the background ignores these signals, and so would what they start.
IN_TERMINAL = ["env", "--default-signal=INT,HUP", sys.executable, ROOT / "manage.py"]
ADDRESSES = ["author@example.com", "approver@example.com", "viewer@example.com"]


def environment(instance: Path, **more: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("CONSOLE_")}
    return kept | {"CONSOLE_INSTANCE": str(instance)} | more


def call(instance: Path, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, ROOT / "manage.py", *arguments],
        env=environment(instance, **more),
        capture_output=True,
        text=True,
        timeout=60,
        stdin=subprocess.DEVNULL,
    )


@dataclass(frozen=True)
class FirstRun:
    """An instance as `demo` left it, and what it printed."""

    instance: Path
    printed: subprocess.CompletedProcess[str]


@pytest.fixture(scope="module")
def first_run(tmp_path_factory: pytest.TempPathFactory) -> FirstRun:
    instance = tmp_path_factory.mktemp("first") / "instance"
    return FirstRun(instance, call(instance, "demo", "--json"))


@pytest.fixture
def instance(first_run: FirstRun, tmp_path: Path) -> Path:
    """A copy of the first run's instance, for a test to change."""
    return Path(shutil.copytree(first_run.instance, tmp_path / "instance"))


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
        return port


@dataclass
class Served:
    """A server that answers: its process, its port, and its worker's process id."""

    process: subprocess.Popen[str]
    port: int
    worker: int


Serve = Callable[[Path], Served]


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Serve]:
    """Start `runserver --with-worker` in a process group of its own, and wait until both work."""
    started: list[subprocess.Popen[str]] = []
    logs = []

    def start(instance: Path) -> Served:
        port = free_port()
        log = (tmp_path / "server.log").open("w+")
        logs.append(log)
        process = subprocess.Popen(
            [*IN_TERMINAL, "runserver", "--with-worker"],
            env=environment(instance, PORT=str(port)),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        started.append(process)
        wait_until(lambda: process.poll() is not None or answers(port), "the server")
        assert process.poll() is None, (tmp_path / "server.log").read_text()
        wait_until(lambda: worker_of(instance) is not None, "the worker")
        worker = worker_of(instance)
        assert worker is not None
        return Served(process, port, worker)

    yield start
    for process in started:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
    for log in logs:
        log.close()


def wait_until(true: Callable[[], bool], what: str, seconds: float = 30) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, f"waited in vain for {what}"
        time.sleep(0.05)


def answers(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/admin/sign-in", timeout=5) as page:
            return page.status == 200
    except OSError:
        return False


def worker_of(instance: Path) -> int | None:
    """The process id of the newest worker in the store, if it has not said good-bye."""
    store = sqlite3.connect(f"file:{instance}/console.db?mode=ro", uri=True)
    try:
        found = store.execute(
            "SELECT pid FROM console_runner WHERE kind = 'worker' AND stopped_at IS NULL "
            "ORDER BY id DESC"
        ).fetchone()
    finally:
        store.close()
    return found[0] if found else None


def is_gone(pid: int) -> bool:
    status = Path(f"/proc/{pid}/status")
    try:
        return "State:\tZ" in status.read_text()
    except FileNotFoundError:
        return True


def rows(instance: Path, query: str) -> list[tuple[object, ...]]:
    database = sqlite3.connect(f"file:{instance}/app.db?mode=ro", uri=True)
    try:
        return database.execute(query).fetchall()
    finally:
        database.close()


def test_the_first_run_fills_the_shop_and_leaves_one_revision(first_run: FirstRun) -> None:
    assert first_run.printed.returncode == 0, first_run.printed.stderr
    accounts = json.loads(first_run.printed.stdout)
    assert [account["email"] for account in accounts] == ADDRESSES
    assert len({account["password"] for account in accounts}) == 3
    assert rows(first_run.instance, "SELECT count(*) FROM products") == [(3,)]
    assert rows(first_run.instance, "SELECT count(*) > 0 FROM posts") == [(1,)]
    assert rows(first_run.instance, "SELECT version_num FROM alembic_version") == [
        ("4c1a7f20b9de",)
    ]


def test_a_second_run_seeds_nothing_and_loses_nothing(instance: Path) -> None:
    database = sqlite3.connect(instance / "app.db")
    database.execute("DELETE FROM products WHERE sku = 'LMP-001'")
    database.commit()
    database.close()
    again = call(instance, "demo", "--quiet")
    assert (again.returncode, again.stdout, again.stderr) == (0, "", "")
    assert rows(instance, "SELECT count(*) FROM products") == [(2,)]


def test_production_gets_no_demonstration(tmp_path: Path) -> None:
    key = "kX3v9Qm2Lr8Tz5Yb7Wc1Nd4Fg6Hj0Ps-Ua"
    result = call(tmp_path, "demo", CONSOLE_ENV="production", CONSOLE_SECRET_KEY=key)
    assert result.returncode == 1
    assert result.stderr.count("\n") == 1
    assert not (tmp_path / "app.db").exists()


def test_ctrl_c_ends_the_server_and_its_worker(instance: Path, serve: Serve) -> None:
    served = serve(instance)
    os.killpg(served.process.pid, signal.SIGINT)
    assert served.process.wait(20) == 0
    wait_until(lambda: is_gone(served.worker), "the worker's end")
    assert worker_of(instance) is None


def test_sigterm_ends_the_server_and_its_worker(instance: Path, serve: Serve) -> None:
    served = serve(instance)
    served.process.terminate()
    assert served.process.wait(20) == 0
    wait_until(lambda: is_gone(served.worker), "the worker's end")


def test_a_killed_server_takes_its_worker_along(instance: Path, serve: Serve) -> None:
    served = serve(instance)
    served.process.kill()
    served.process.wait()
    wait_until(lambda: is_gone(served.worker), "the worker's end")


def test_a_killed_worker_is_started_again(instance: Path, serve: Serve) -> None:
    served = serve(instance)
    os.kill(served.worker, signal.SIGKILL)
    wait_until(lambda: worker_of(instance) not in (None, served.worker), "another worker")
    assert answers(served.port)


def test_the_server_warns_of_the_revision_that_is_missing(
    instance: Path, serve: Serve, tmp_path: Path
) -> None:
    served = serve(instance)
    said = (tmp_path / "server.log").read_text()
    assert "You have 1 unapplied migration." in said
    assert "9e2d05c8a314 Add price to products" in said
    assert f"http://127.0.0.1:{served.port}/admin/" in said
    assert "development server" not in said


def test_a_port_in_use_is_one_line_that_names_another(instance: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        result = call(instance, "runserver", PORT=str(port))
    assert result.returncode == 1
    assert result.stderr.count("\n") == 1
    assert f"Port {port} on 127.0.0.1 cannot be used" in result.stderr
    assert f"PORT={port + 1} make run" in result.stderr


def test_a_bad_setting_is_one_line(tmp_path: Path) -> None:
    result = call(tmp_path, "check", CONSOLE_ENV="prod")
    assert (result.returncode, result.stderr.count("\n")) == (1, 1)
    assert "CONSOLE_ENV" in result.stderr


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8:surrogateescape", "iso-8859-1"])
def test_a_sign_that_the_terminal_does_not_have_ends_no_command(
    encoding: str, instance: Path, tmp_path: Path
) -> None:
    write_folder(tmp_path / "stock", [Sample("aaaa1", message="Prices in €\\ud800")])
    targets = tmp_path / "targets.toml"
    targets.write_text('[targets.stock]\nscript_location = "stock"\nurl = "sqlite:///stock.db"')
    more = {"CONSOLE_TARGETS": str(targets), "PYTHONIOENCODING": encoding}
    for form in ([], ["--graph"], ["--json"]):
        result = call(instance, "showmigrations", "--target", "stock", *form, **more)
        assert result.returncode == 0, result.stderr
        assert "\\ud800" in result.stdout


def test_flask_migrate_works_beside_the_console(instance: Path) -> None:
    result = call(instance, "db", "upgrade")
    assert result.returncode == 0, result.stderr
    assert rows(instance, "SELECT version_num FROM alembic_version") == [("9e2d05c8a314",)]


def test_ctrl_c_cancels_a_migration_and_says_what_stays(instance: Path, tmp_path: Path) -> None:
    begun = tmp_path / "begun"
    up = f"import pathlib, time\npathlib.Path({str(begun)!r}).touch()\ntime.sleep(60)"
    write_folder(tmp_path / "stock", [Sample("aaaa1", up=up)])
    targets = tmp_path / "targets.toml"
    targets.write_text('[targets.stock]\nscript_location = "stock"\nurl = "sqlite:///stock.db"')
    command = ["migrate", "--target", "stock", "--no-rehearsal"]
    process = subprocess.Popen(
        [*IN_TERMINAL, *command],
        env=environment(instance, CONSOLE_TARGETS=str(targets)),
        stderr=subprocess.PIPE,
        text=True,
    )
    wait_until(begun.exists, "the migration")
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "Cancelling; what can be undone is being undone." in said
    assert said.splitlines()[-1] == "Error: It was cancelled. Nothing was changed."
    store = sqlite3.connect(f"file:{instance}/console.db?mode=ro", uri=True)
    states = store.execute("SELECT state FROM console_run WHERE target = 'stock'")
    assert states.fetchall() == [("cancelled",)]
    store.close()


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_rehearsal_that_is_cancelled_leaves_no_clone(
    sent: signal.Signals, instance: Path, tmp_path: Path
) -> None:
    begun = tmp_path / "begun"
    up = f"import pathlib, time\npathlib.Path({str(begun)!r}).touch()\ntime.sleep(60)"
    write_folder(tmp_path / "stock", [Sample("aaaa1", up=up)])
    targets = tmp_path / "targets.toml"
    targets.write_text('[targets.stock]\nscript_location = "stock"\nurl = "sqlite:///stock.db"')
    process = subprocess.Popen(
        [*IN_TERMINAL, "rehearse", "--target", "stock"],
        env=environment(instance, CONSOLE_TARGETS=str(targets)),
        stderr=subprocess.PIPE,
        text=True,
    )
    wait_until(begun.exists, "the rehearsal")
    process.send_signal(sent)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 1
    assert said.splitlines()[-1] == "Error: It was cancelled. Only a clone was touched."
    assert list((instance / "rehearsals").iterdir()) == []


def test_ctrl_c_cancels_a_comparison_and_leaves_nothing_of_it(
    instance: Path, tmp_path: Path
) -> None:
    begun, slow = tmp_path / "begun", tmp_path / "slow"
    stop = f"if pathlib.Path({str(slow)!r}).exists():\n    time.sleep(60)"
    up = f"import pathlib, time\npathlib.Path({str(begun)!r}).touch()\n{stop}"
    write_folder(tmp_path / "stock", [Sample("aaaa1", up=up)])
    targets = tmp_path / "targets.toml"
    targets.write_text('[targets.stock]\nscript_location = "stock"\nurl = "sqlite:///stock.db"')
    more = {"CONSOLE_TARGETS": str(targets), "TMPDIR": str(tmp_path)}
    slow.touch()
    process = subprocess.Popen(
        [*IN_TERMINAL, "drift", "--target", "stock"],
        env=environment(instance, **more),
        stderr=subprocess.PIPE,
        text=True,
    )
    wait_until(begun.exists, "the history")
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 1
    assert said.splitlines()[-1] == (
        "Error: It was cancelled. The database was only read, and what was made beside it is gone."
    )
    assert list(tmp_path.glob("console-scratch-*/*")) == []
    slow.unlink()
    assert call(instance, "drift", "--target", "stock", **more).returncode == 0


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
@pytest.mark.parametrize(
    "command", [["lint", "--rehearse"], ["doctor"], ["baseline"]], ids=lambda words: words[0]
)
def test_a_command_that_is_told_to_stop_leaves_no_copy_of_a_database(
    command: list[str], sent: signal.Signals, instance: Path, tmp_path: Path
) -> None:
    begun = tmp_path / "begun"
    up = f"import pathlib, time\npathlib.Path({str(begun)!r}).touch()\ntime.sleep(60)"
    write_folder(tmp_path / "stock", [Sample("aaaa1", up=up)])
    sqlite3.connect(tmp_path / "stock.db").execute("CREATE TABLE parts (id INTEGER)").close()
    targets = tmp_path / "targets.toml"
    targets.write_text('[targets.stock]\nscript_location = "stock"\nurl = "sqlite:///stock.db"')
    process = subprocess.Popen(
        [*IN_TERMINAL, *command, "--target", "stock"],
        env=environment(instance, CONSOLE_TARGETS=str(targets), TMPDIR=str(tmp_path)),
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    wait_until(begun.exists, "the migration")
    process.send_signal(sent)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 1
    assert said.splitlines()[-1] == "Error: It was stopped, and the copies that it made are gone."
    assert list(tmp_path.glob("console-scratch-*/*")) == []
    assert not (instance / "rehearsals").exists() or not any((instance / "rehearsals").iterdir())


SLOW = """
import pathlib, time
import sqlalchemy

def wait(conn, cursor, statement, *rest):
    if statement.startswith({statement!r}) and pathlib.Path({slow!r}).exists():
        pathlib.Path({begun!r}).touch()
        time.sleep({seconds})

sqlalchemy.event.listen(sqlalchemy.Engine, "after_cursor_execute", wait)
"""
STOCK = 'op.add_column("parts", sa.Column("stock", sa.Integer))'
BY_STOCK = 'op.create_index("by_stock", "parts", ["stock"])'
OFF = 'op.drop_index("by_stock", "parts")\nop.drop_column("parts", "stock")'


def half_applied(folder: Path, statement: str, seconds: int) -> Path:
    """A target `stock` that has one of the two statements of its revision, and an env.py that takes its
    time over `statement` while the file `slow` exists; the path of the list of targets."""
    create = 'op.create_table("parts", sa.Column("id", sa.Integer, primary_key=True))'
    samples = [
        Sample("aaaa1", up=create),
        Sample("bbbb1", ("aaaa1",), up=f"{STOCK}\n{BY_STOCK}", down=OFF),
    ]
    scripts = write_folder(folder / "stock", samples)
    told = {"slow": str(folder / "slow"), "begun": str(folder / "begun")}
    code = SLOW.format(statement=statement, seconds=seconds, **told)
    (scripts / "env.py").write_text(code + (scripts / "env.py").read_text())
    with closing(sqlite3.connect(folder / "stock.db")) as database:
        database.executescript(
            "CREATE TABLE parts (id INTEGER NOT NULL, stock INTEGER, PRIMARY KEY (id));"
            "CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL);"
            "INSERT INTO alembic_version VALUES ('aaaa1');"
        )
    targets = folder / "targets.toml"
    targets.write_text('[targets.stock]\nscript_location = "stock"\nurl = "sqlite:///stock.db"')
    return targets


def audited(instance: Path) -> list[str]:
    """What the audit trail says of mended targets."""
    with closing(sqlite3.connect(instance / "console.db")) as store:
        rows = store.execute("SELECT text FROM console_audit_entry WHERE action = 'target.mended'")
        return [text for (text,) in rows]


def stopped_doctor(
    instance: Path, folder: Path, targets: Path, sent: signal.Signals, *arguments: str
) -> list[str]:
    """Stop a doctor while it takes a remedy; the lines that it says."""
    command = [*IN_TERMINAL, "doctor", "--target", "stock", *arguments]
    with subprocess.Popen(
        command,
        env=environment(instance, CONSOLE_TARGETS=str(targets)),
        stdin=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        assert process.stdin is not None
        assert process.stderr is not None
        said = ""
        while "Do it?" not in said:  # what was tried on a copy was quick
            said += process.stderr.read(1)
        (folder / "slow").touch()
        process.stdin.write("y\n")
        process.stdin.flush()
        wait_until((folder / "begun").exists, "the statement")
        process.send_signal(sent)
        rest = process.stderr.read()
    assert process.returncode == 1
    (folder / "slow").unlink()
    return rest.splitlines()


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM])
def test_a_doctor_that_is_stopped_while_it_undoes_says_what_stays(
    sent: signal.Signals, instance: Path, tmp_path: Path
) -> None:
    targets = half_applied(tmp_path, "ALTER TABLE parts DROP COLUMN stock", 60)
    said = stopped_doctor(instance, tmp_path, targets, sent, "--undo")
    assert said[-1] == "Error: It was cancelled. Nothing was changed."
    assert audited(instance) == [
        "Command line looked after stock and began to take out bbbb1, which did not reach its end: "
        "It was cancelled. Nothing was changed."
    ]
    more = {"CONSOLE_TARGETS": str(targets)}
    assert call(instance, "doctor", "--undo", "--yes", "--target", "stock", **more).returncode == 0
    assert call(instance, "doctor", "--target", "stock", **more).returncode == 0


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM])
def test_a_stamp_that_has_begun_is_written_and_put_on_record_before_the_doctor_stops(
    sent: signal.Signals, instance: Path, tmp_path: Path
) -> None:
    targets = half_applied(tmp_path, "INSERT INTO alembic_version", 1)
    with closing(sqlite3.connect(tmp_path / "stock.db")) as database:
        database.execute("CREATE INDEX by_stock ON parts (stock)")
    said = stopped_doctor(instance, tmp_path, targets, sent, "--stamp")
    assert said[-2:] == [
        "Done: Stamp it with bbbb1.",
        "Error: It was stopped after that. What else there may be was not looked at.",
    ]
    assert audited(instance) == ["Command line looked after stock and stamped it with bbbb1."]
    assert (
        call(instance, "doctor", "--target", "stock", CONSOLE_TARGETS=str(targets)).returncode == 0
    )
