"""tools/prepare.py: what is up to date is left alone, and what cannot work is said at once."""

from __future__ import annotations

import socket
from pathlib import Path
from types import ModuleType

import pytest


@pytest.fixture
def checkout(tools: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A checkout with a front end, whose programs are only written down."""
    for name, value in {
        "ROOT": tmp_path,
        "VENV": tmp_path / ".venv",
        "FRONTEND": tmp_path / "frontend",
        "MANIFEST": tmp_path / "dist" / "manifest.json",
    }.items():
        monkeypatch.setattr(tools, name, value)
    (tmp_path / ".venv").mkdir()
    (tmp_path / "requirements.txt").write_text("flask==3\n")
    (tmp_path / "frontend" / "node_modules").mkdir(parents=True)
    (tmp_path / "frontend" / "package-lock.json").write_text("{}")
    (tmp_path / "frontend" / "app.js").write_text("let a = 1")
    return tmp_path


@pytest.fixture
def programs(tools: ModuleType, checkout: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The programs that a step ran, by their last word; the build leaves its manifest."""
    ran: list[str] = []

    def run(command: list[object], **_: object) -> None:
        ran.append(str(command[-1]))
        if command[-1] == "build.mjs":
            (checkout / "dist").mkdir(exist_ok=True)
            (checkout / "dist" / "manifest.json").write_text("{}")

    monkeypatch.setattr(tools, "run", run)
    monkeypatch.setattr(tools, "find_node", lambda: ("node", ["npm"]))
    return ran


def quiet(_line: str) -> None:
    return None


def test_packages_are_installed_once_for_the_same_pins(
    tools: ModuleType, checkout: Path, programs: list[str]
) -> None:
    files = [checkout / "requirements.txt"]
    assert tools.install(files, quiet) == "installed"
    assert tools.install(files, quiet) == "up to date"
    files[0].write_text("flask==4\n")
    assert tools.install(files, quiet) == "installed"
    assert len(programs) == 2


def test_the_front_end_is_built_again_only_when_a_source_changed(
    tools: ModuleType, checkout: Path, programs: list[str]
) -> None:
    assert tools.build_front_end(quiet) == "built"
    assert tools.build_front_end(quiet) == "up to date"
    assert programs == ["--no-fund", "build.mjs"]
    (checkout / "frontend" / "app.js").write_text("let a = 2")
    assert tools.build_front_end(quiet) == "built"
    assert programs[2:] == ["build.mjs"]


def test_a_new_lock_file_installs_the_modules_again(
    tools: ModuleType, checkout: Path, programs: list[str]
) -> None:
    tools.build_front_end(quiet)
    (checkout / "frontend" / "package-lock.json").write_text('{"a": 1}')
    tools.build_front_end(quiet)
    assert programs == ["--no-fund", "build.mjs"] * 2


def test_a_port_in_use_is_one_line_with_another_one(
    tools: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        monkeypatch.setenv("PORT", str(port))
        with pytest.raises(tools.StepFailed) as caught:
            tools.check_port()
    assert f"Port {port} cannot be used" in str(caught.value)
    assert f"PORT={port + 1} make run" in str(caught.value)


@pytest.mark.parametrize("port", ["no", "0", "70000", "-1"])
def test_a_port_that_is_none_is_named(
    tools: ModuleType, monkeypatch: pytest.MonkeyPatch, port: str
) -> None:
    monkeypatch.setenv("PORT", port)
    with pytest.raises(tools.StepFailed, match="whole number"):
        tools.check_port()


def test_an_instance_folder_that_cannot_be_written_is_one_line(
    tools: ModuleType, checkout: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (checkout / "file").write_text("")
    monkeypatch.setenv("CONSOLE_INSTANCE", str(checkout / "file" / "instance"))
    with pytest.raises(tools.StepFailed, match="CONSOLE_INSTANCE=/path/to/folder make run"):
        tools.check_instance()


def test_an_environment_that_was_moved_is_made_again(
    tools: ModuleType, checkout: Path, monkeypatch: pytest.MonkeyPatch, programs: list[str]
) -> None:
    monkeypatch.setattr(tools, "_works", lambda *_: True)
    (checkout / ".venv" / "pyvenv.cfg").write_text("")
    assert "made" in tools.make_environment(quiet)
    assert tools.make_environment(quiet) == "ready"
    (checkout / ".venv" / "console-home").write_text("/somewhere/else")
    assert "made" in tools.make_environment(quiet)
