"""The commands of manage.py, one module per group."""

from console.cli.main import command_line

__all__ = ["command_line"]
