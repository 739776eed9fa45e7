"""tools/find-python: a Python that can build the environment, or one line that says why there is none."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).resolve().parents[2] / "tools" / "find-python"


def find(folder: Path, **environ: str) -> subprocess.CompletedProcess[str]:
    """Run the script where `folder` holds the only programs on the PATH."""
    return subprocess.run(
        ["/bin/sh", SCRIPT],
        env={"PATH": str(folder), **environ},
        capture_output=True,
        text=True,
    )


def put(folder: Path, name: str, script: str) -> Path:
    path = folder / name
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return path


@pytest.fixture
def old_python(tmp_path: Path) -> Path:
    """A python3 that says it is 3.9.2."""
    return put(tmp_path, "python3", 'case "$2" in *print*) echo 3.9.2 ;; *) exit 1 ;; esac')


def test_a_recent_python_is_found(tmp_path: Path) -> None:
    put(tmp_path, "python3", f'exec "{sys.executable}" "$@"')
    result = find(tmp_path)
    assert result.returncode == 0, result.stderr
    assert result.stdout.strip() == str(tmp_path / "python3")


def test_a_newer_one_beside_an_old_one_is_found(tmp_path: Path, old_python: Path) -> None:
    put(tmp_path, "python3.12", f'exec "{sys.executable}" "$@"')
    assert find(tmp_path).stdout.strip() == str(tmp_path / "python3.12")


def test_one_that_is_too_old_is_named_with_its_version(tmp_path: Path, old_python: Path) -> None:
    result = find(tmp_path)
    assert result.returncode == 1
    assert result.stdout == ""
    assert result.stderr.count("\n") == 1
    assert "needs Python 3.11 or newer, and python3 is 3.9.2" in result.stderr


def test_a_machine_without_python_is_told_so(tmp_path: Path) -> None:
    result = find(tmp_path)
    assert result.returncode == 1
    assert "there is none on the PATH" in result.stderr


def test_a_python_without_its_venv_module_is_named(tmp_path: Path) -> None:
    script = 'case "$2" in *print*) echo 3.12.1 ;; *ensurepip*) exit 1 ;; *) exit 0 ;; esac'
    put(tmp_path, "python3", script)
    result = find(tmp_path)
    assert result.returncode == 1
    assert "python3-venv" in result.stderr


def test_a_name_given_wins(tmp_path: Path, old_python: Path) -> None:
    mine = put(tmp_path, "mine", f'exec "{sys.executable}" "$@"')
    assert find(tmp_path, PYTHON=str(mine)).stdout.strip() == str(mine)
