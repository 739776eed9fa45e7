"""changed: the files that differ from another branch, as git tells."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterable
from pathlib import Path

from console.services.errors import Refused


def changed_files(folders: Iterable[Path], base: str) -> frozenset[Path]:
    """Return the files in these folders that are new or other than where this branch left `base` (a
    branch, a tag, a commit), committed or not.

    Refused, with what git says, where a folder lies in no repository or there is no such base.
    """
    found: set[Path] = set()
    for folder in folders:
        root = Path(_git(folder, "rev-parse", "--show-toplevel").strip())
        left = _git(folder, "merge-base", "--end-of-options", base, "HEAD").strip()
        listed = _git(folder, "diff", "--name-only", "-z", "--no-renames", "--diff-filter=d", left)
        new = ("ls-files", "--others", "--exclude-standard", "--full-name", "-z")
        names = (listed + _git(folder, *new)).split("\0")
        # resolve() of a link to itself raises
        found.update(Path(os.path.realpath(root / name)) for name in names if name)
    return frozenset(found)


def repository_of(place: Path) -> Path | None:
    """The root of the repository that a place lies in, if it lies in one."""
    return next((folder for folder in (place, *place.parents) if (folder / ".git").exists()), None)


def _git(folder: Path, *words: str) -> str:
    try:
        done = subprocess.run(  # noqa: S603 - a fixed program; what follows is one word each
            ["git", "-C", str(folder), *words],  # noqa: S607 - the git of whoever calls
            capture_output=True,
            text=True,
            check=True,
        )
    except FileNotFoundError:
        raise Refused("There is no git on this machine to ask what changed.") from None
    except subprocess.CalledProcessError as error:
        said = " ".join(error.stderr.split()) or "there is nothing in common with this branch"
        raise Refused(f"git cannot say what changed in {folder}: {said}.") from None
    return done.stdout
