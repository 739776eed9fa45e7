"""arguments: what Alembic's own command line would be called with to do what a job does.

Many an env.py looks at `config.cmd_opts`, and asks for its `-x` arguments, as only the command
line sets them.
"""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Sequence

from alembic.config import CommandLine

from console.schema.target import Target


def arguments_of(target: Target, command: Sequence[str]) -> Namespace:
    """Return the options as Alembic parses them for `command` ("upgrade", a revision), with those that
    the target's settings give. All that the commands of this Alembic have are there."""
    files = ["-c", str(target.ini)] if target.ini else []
    given = [f"-x={argument}" for argument in target.x]
    words = [*files, "-n", target.ini_section, *given, *command]
    options: Namespace = CommandLine().parser.parse_args(words)
    return options
