"""tools/steps.py: a line for each step, and programs that leave nothing behind."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path
from types import ModuleType

import pytest

TOOLS = Path(__file__).resolve().parents[2] / "tools"


def test_a_step_is_one_line_without_a_terminal(
    tools: ModuleType, capsys: pytest.CaptureFixture[str]
) -> None:
    steps = tools.steps.Steps(total=2)
    with steps.step("packages") as ends:
        steps.note("Collecting something")
        ends("installed")
    with steps.step("front end"):
        pass
    assert capsys.readouterr().err == "[1/2] packages ... installed\n[2/2] front end ... done\n"


def test_a_program_that_fails_is_told_with_its_last_lines(tools: ModuleType) -> None:
    noted: list[str] = []
    code = "print('first'); print('the reason'); raise SystemExit(3)"
    with pytest.raises(tools.steps.StepFailed, match=r"It failed\.") as caught:
        tools.steps.run([sys.executable, "-c", code], failure="It failed.", note=noted.append)
    assert caught.value.log == ("first", "the reason")
    assert noted == ["first", "the reason"]


def test_an_interrupted_set_up_leaves_nothing_running(tmp_path: Path) -> None:
    """A program of a step, and what that program started, end with the set-up."""
    child = "import subprocess, sys; subprocess.run([sys.executable, '-c', sys.argv[1]])"
    grandchild = (
        f"import os, pathlib, time; pathlib.Path({str(tmp_path / 'pid')!r})"
        ".write_text(str(os.getpid())); time.sleep(60)"
    )
    script = (
        "import signal, sys; from steps import run; "
        "signal.signal(signal.SIGTERM, lambda *_: sys.exit(143)); "
        f"run([sys.executable, '-c', {child!r}, {grandchild!r}], failure='', note=lambda line: None)"
    )
    process = subprocess.Popen([sys.executable, "-c", script], cwd=TOOLS)
    pid = wait_for(tmp_path / "pid")
    process.terminate()
    assert process.wait(20) == 143
    assert is_gone(pid)


def wait_for(path: Path) -> int:
    for _ in range(200):
        if path.exists() and (text := path.read_text()):
            return int(text)
        time.sleep(0.05)
    raise AssertionError(f"{path} never appeared")


def is_gone(pid: int) -> bool:
    for _ in range(100):
        status = Path(f"/proc/{pid}/status")
        if not status.exists() or "State:\tZ" in status.read_text():
            return True
        time.sleep(0.05)
    return False
