"""site: the reference application as `make run` leaves it, served by real processes from a checkout
of its own, so that a test may change a revision file."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
CHROMIUM = Path("/usr/bin/chromium")
PARTS = ("console", "migrations", "templates", "manage.py")
START_SECONDS = 60


@dataclass(frozen=True)
class Site:
    """Where it runs, where its files are, and the passwords that it made, by role."""

    url: str
    folder: Path
    environment: dict[str, str]
    passwords: dict[str, str]

    def manage(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a command of manage.py there."""
        return subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )


@contextmanager
def running_site(folder: Path, *, worker: bool = True) -> Iterator[Site]:
    """Copy the checkout into `folder`, set it up as the first run does, and serve it until the end."""
    for part in PARTS:
        source = ROOT / part
        if source.is_dir():
            ignore = shutil.ignore_patterns("__pycache__")
            shutil.copytree(source, folder / part, ignore=ignore)
        else:
            shutil.copy(source, folder / part)
    port = free_port()
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("CONSOLE_", "FLASK_"))}
    environment = {**kept, "PORT": str(port), "CONSOLE_INSTANCE": str(folder / "instance")}
    site = Site(f"http://127.0.0.1:{port}", folder, environment, {})
    made = site.manage("demo", "--json")
    if made.returncode:
        raise RuntimeError(f"manage.py demo failed: {made.stderr}")
    site.passwords.update((row["role"], row["password"]) for row in json.loads(made.stdout))
    with serving(site, worker=worker):
        yield site


@contextmanager
def serving(site: Site, *, worker: bool = True) -> Iterator[None]:
    """Serve until the end of the block, and then make sure that nothing is left."""
    command = [sys.executable, "manage.py", "runserver", *(["--with-worker"] if worker else [])]
    with (site.folder / "server.log").open("ab") as log:
        process = subprocess.Popen(
            command,
            cwd=site.folder,
            env=site.environment,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    try:
        wait_until_served(site, process)
        yield
    finally:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            raise


def wait_until_served(site: Site, process: subprocess.Popen[bytes]) -> None:
    """Return once the sign-in page is answered."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise RuntimeError((site.folder / "server.log").read_text())
        try:
            with urllib.request.urlopen(f"{site.url}/admin/sign-in", timeout=5):
                return
        except OSError:
            time.sleep(0.1)
    raise TimeoutError(f"{site.url} did not answer within {START_SECONDS} seconds")


def free_port() -> int:
    """A port of the loopback address that nobody uses now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
