"""pipe: two programs, of which the second reads what the first writes."""

from __future__ import annotations

import re
import subprocess
import tempfile
from collections.abc import Mapping, Sequence

from console.schema.cancel import Cancelled, ending

LINES = 3  # of what they said
ERROR = re.compile(
    r"\berror\b.*:|^error\b", re.IGNORECASE
)  # before it some print what they were at


def pipe(
    writer: Sequence[str],
    reader: Sequence[str],
    environment: Mapping[str, str],
    cancelled: Cancelled,
) -> str | None:
    """Run both to their end; None if both did well, else what they said of it.

    Neither is left behind, whatever happens. Raises RunCancelled where `cancelled` says so.
    """
    with tempfile.TemporaryFile() as errors:
        first = subprocess.Popen(  # noqa: S603 - programs and arguments are the callers' own
            writer, env=environment, stdout=subprocess.PIPE, stderr=errors
        )
        second = subprocess.Popen(  # noqa: S603 - as above
            reader,
            env=environment,
            stdin=first.stdout,
            stdout=subprocess.DEVNULL,
            stderr=errors,
        )
        assert first.stdout is not None
        first.stdout.close()

        def kill() -> None:
            second.kill()
            first.kill()

        try:
            with ending(cancelled, kill):
                failed = [second.wait() != 0, first.wait() != 0]
        finally:
            kill()
            second.wait()
            first.wait()
        errors.seek(0)
        said = errors.read().decode("utf-8", "replace").strip().splitlines()
    worst = [line for line in said if ERROR.search(line)] or said
    return " ".join(worst[:LINES]) or "no reason" if any(failed) else None
