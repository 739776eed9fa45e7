"""tools/mysql: the folder of MySQL's programs, or one line that says why there are none."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

SCRIPT = Path(__file__).resolve().parents[2] / "tools" / "mysql"


def fetch(cache: Path, *arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
    """Run the script with this folder as the cache."""
    return subprocess.run(
        ["/bin/sh", SCRIPT, *arguments],
        env={"PATH": os.environ["PATH"], "HOME": str(cache), **environ},
        capture_output=True,
        text=True,
    )


def test_what_was_fetched_is_found_and_fetched_no_more(tmp_path: Path) -> None:
    program = tmp_path / "console-mysql" / "bin" / "mysqld"
    program.parent.mkdir(parents=True)
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    for arguments in ([], ["--there"]):
        found = fetch(tmp_path, *arguments, XDG_CACHE_HOME=str(tmp_path))
        assert (found.returncode, found.stdout) == (0, f"{program.parent}\n")


@pytest.mark.parametrize(
    ("arguments", "environ", "why"),
    [
        (["--there"], {}, "tools/mysql has not fetched it"),
        ([], {"PATH": "/nowhere"}, "apt-get, which fetches it, is not on this machine"),
        ([], {"DEBIAN_MIRROR": "http://127.0.0.1:9/debian"}, "archive cannot be read"),
    ],
)
def test_where_there_is_none_one_line_says_why_and_nothing_is_left(
    tmp_path: Path, arguments: list[str], environ: dict[str, str], why: str
) -> None:
    found = fetch(tmp_path, *arguments, **environ)
    assert (found.returncode, found.stdout) == (1, "")
    assert found.stderr.count("\n") == 1
    assert found.stderr.startswith("No MySQL: ")
    assert why in found.stderr or "is not on this machine" in found.stderr
    assert not list(tmp_path.glob("**/console-mysql*"))
